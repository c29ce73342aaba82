// A file beside the database to which data is appended, read and written by what SQLite reads and
// writes by (its VFS, below gather_vfs): so errors are told as those of the database are, and what
// stands in for a disk in tests holds it, too. Used by one thread at a time. Errors are
// DatabaseError; after one, what was to be written is not to be relied on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3_file;

namespace bascule {

// sqlite3_file_control() with the length, for what stands in for a disk: SegmentFile::give_back().
inline constexpr int give_back_control = 0x62617364;

class SegmentFile {
 public:
  // Makes it, in place of any that is there. With '-' after the database's name it gets the
  // database's owner and mode.
  static std::unique_ptr<SegmentFile> make(const std::string& path);
  // Null: there is none, or it is empty. One that cannot be looked for is an error.
  static std::unique_ptr<SegmentFile> open(const std::string& path);
  static bool exists(const std::string& path);
  // Whether it is there or not. `sync_directory`: a power cut does not bring it back.
  static void remove(const std::string& path, bool sync_directory);

  ~SegmentFile();
  SegmentFile(const SegmentFile&) = delete;
  SegmentFile& operator=(const SegmentFile&) = delete;

  std::uint64_t bytes() const;
  void write(std::string_view data, std::uint64_t at);
  // What was written is on the disk then; of a file that was made, its name as well.
  void sync();
  // What lies beyond the end of the file reads as zeros.
  void read(char* out, std::size_t count, std::uint64_t at) const;
  // Nobody reads the first `bytes` any more: gives their room to the file system, as far as it can
  // be. False: this file system takes back whole files alone.
  bool give_back(std::uint64_t bytes) const;

 private:
  SegmentFile(const std::string& path, bool anew);

  std::string path_;  // SQLite keeps no copy
  sqlite3_file* file_ = nullptr;
};

}  // namespace bascule
