// A disk that loses power, as SQLite sees it. While one exists it is SQLite's default file system
// and holds all files of databases in memory. What was synced is safe. Of what was written since,
// each sector is kept, lost or torn when the power goes: a torn one holds noise, also where it held
// synced bytes before; the order of the writes counts for nothing, and the length of a file is
// somewhere between what it was and what it became. A log that was made and not synced yet may be
// gone. What is given back to the file system reads as zeros. Used by one thread at a time: a sync
// that a checkpoint leaves is done as late as can be, by who waits for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>

struct sqlite3_vfs;

namespace bascule::test {

// How often to cut, and from which seed on.
inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class CrashDisk {
 public:
  struct File {
    std::string now;
    std::string synced;
    std::set<std::size_t> dirty;  // sectors written since the last sync
    bool named = true;            // a power cut leaves its name
    void write(std::size_t at, const char* data, std::size_t length);
    void truncate(std::size_t length);
    void sync();
  };
  using Files = std::map<std::string, std::string>;  // content by path

  CrashDisk();
  ~CrashDisk();
  CrashDisk(const CrashDisk&) = delete;
  CrashDisk& operator=(const CrashDisk&) = delete;

  // What is on the disk if the power goes now.
  Files cut(std::mt19937_64& random) const;
  // The machine runs again, with this on the disk. Whoever has a file open keeps what it was.
  void start(const Files& left);

  // Called before every write, truncation, sync and removal: the power may go at each.
  std::function<void()> before_change;

  // Claims what no test of ours may rely on: that a torn write leaves the rest of its sector alone.
  bool claim_powersafe_overwrite = false;

  // While set, nothing can be written, synced or opened. Any thread.
  std::atomic<bool> broken = false;
  // While set, reading fails as SQLite's own file system tells of EIO.
  std::atomic<bool> unreadable = false;
  // While set, no file can grow.
  std::atomic<bool> full = false;

  static constexpr std::size_t sector_bytes = 512;

  std::map<std::string, std::shared_ptr<File>> files;

 private:
  std::unique_ptr<sqlite3_vfs> vfs_;
};

}  // namespace bascule::test
