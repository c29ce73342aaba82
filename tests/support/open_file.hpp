// A file of SQLite's through the layer that gathers writes, without SQLite above it.
#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <memory>
#include <string>

#include "journal/store/sqlite/gather_vfs.hpp"

namespace bascule::test {

inline constexpr int log_file = SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
inline constexpr int database_file =
    SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

class OpenFile {
 public:
  // `sectors`: the log of a database that was opened with that parameter.
  explicit OpenFile(int flags, const std::string& name = "file", bool sectors = false) {
    const char* parameters[] = {sectors_parameter, "1"};
    const bool log = flags == log_file;
    name_ = sqlite3_create_filename(log ? "database" : name.c_str(), "", log ? name.c_str() : "",
                                    sectors ? 1 : 0, parameters);
    sqlite3_vfs* vfs = sqlite3_vfs_find(gather_vfs());
    memory_ = std::make_unique<char[]>(static_cast<std::size_t>(vfs->szOsFile));
    file_ = reinterpret_cast<sqlite3_file*>(memory_.get());
    REQUIRE(vfs->xOpen(vfs, log ? sqlite3_filename_wal(name_) : name_, file_, flags, nullptr) ==
            SQLITE_OK);
  }
  ~OpenFile() {
    file_->pMethods->xClose(file_);
    sqlite3_free_filename(name_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int write(const std::string& bytes, std::size_t at) {
    return file_->pMethods->xWrite(file_, bytes.data(), static_cast<int>(bytes.size()),
                                   static_cast<sqlite3_int64>(at));
  }
  std::string read(std::size_t length, std::size_t at) {
    std::string out(length, '?');
    const int code = file_->pMethods->xRead(file_, out.data(), static_cast<int>(length),
                                            static_cast<sqlite3_int64>(at));
    CHECK((code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ));
    return out;
  }
  int truncate(std::size_t size) {
    return file_->pMethods->xTruncate(file_, static_cast<sqlite3_int64>(size));
  }
  int sync() { return file_->pMethods->xSync(file_, SQLITE_SYNC_NORMAL); }
  int lock() { return file_->pMethods->xLock(file_, SQLITE_LOCK_EXCLUSIVE); }
  void leave_syncs(const OpenFile* log) {
    sqlite3_file* const handle = log == nullptr ? nullptr : log->file_;
    CHECK(file_->pMethods->xFileControl(file_, leave_syncs_control, handle) == SQLITE_OK);
  }
  std::size_t size() {
    sqlite3_int64 size = 0;
    CHECK(file_->pMethods->xFileSize(file_, &size) == SQLITE_OK);
    return static_cast<std::size_t>(size);
  }

 private:
  std::unique_ptr<char[]> memory_;
  sqlite3_filename name_ = nullptr;
  sqlite3_file* file_ = nullptr;
};

}  // namespace bascule::test
