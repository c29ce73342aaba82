#include "journal/store/sqlite/segment_file.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

#include "journal/store/sqlite/gather_vfs.hpp"
#include "journal/store/sqlite/statement.hpp"

namespace bascule {
namespace {

// SQLite's VFS for Unix takes a length modulo 128 KiB.
constexpr std::size_t piece_bytes = 64 << 10;

void require(int code, const std::string& path, const char* doing) {
  if (code == SQLITE_OK) return;
  throw DatabaseError(code, std::string(sqlite3_errstr(code)) + " in " + doing + ' ' + path);
}

}  // namespace

std::unique_ptr<SegmentFile> SegmentFile::make(const std::string& path) {
  remove(path, false);
  return std::unique_ptr<SegmentFile>(new SegmentFile(path, true));
}

std::unique_ptr<SegmentFile> SegmentFile::open(const std::string& path) {
  return exists(path) ? std::unique_ptr<SegmentFile>(new SegmentFile(path, false)) : nullptr;
}

bool SegmentFile::exists(const std::string& path) {
  sqlite3_vfs* const vfs = vfs_below();
  int there = 0;
  require(vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &there), path, "looking for");
  if (there != 0) return true;
  // SQLite's VFS for Unix says so, too, of a file that it cannot ask for, and of an empty one.
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) return info.st_size > 0;
  const int why = errno;
  if (why == ENOENT) return false;
  throw DatabaseError(SQLITE_IOERR_ACCESS,
                      std::generic_category().message(why) + " in looking for " + path);
}

void SegmentFile::remove(const std::string& path, bool sync_directory) {
  sqlite3_vfs* const vfs = vfs_below();
  const int code = vfs->xDelete(vfs, path.c_str(), sync_directory ? 1 : 0);
  if (code != SQLITE_IOERR_DELETE_NOENT) require(code, path, "removing");
}

// As a log, of which SQLite syncs the name, too, when it is synced for the first time.
SegmentFile::SegmentFile(const std::string& path, bool anew) : path_(path) {
  sqlite3_vfs* const vfs = vfs_below();
  file_ = static_cast<sqlite3_file*>(sqlite3_malloc64(static_cast<unsigned>(vfs->szOsFile)));
  if (file_ == nullptr) throw std::bad_alloc();
  std::memset(file_, 0, static_cast<std::size_t>(vfs->szOsFile));
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL | (anew ? SQLITE_OPEN_CREATE : 0);
  const int code = vfs->xOpen(vfs, path_.c_str(), file_, flags, nullptr);
  if (code == SQLITE_OK) return;
  if (file_->pMethods != nullptr) file_->pMethods->xClose(file_);
  sqlite3_free(file_);
  require(code, path_, "opening");
}

SegmentFile::~SegmentFile() {
  file_->pMethods->xClose(file_);
  sqlite3_free(file_);
}

std::uint64_t SegmentFile::bytes() const {
  sqlite3_int64 bytes = 0;
  require(file_->pMethods->xFileSize(file_, &bytes), path_, "measuring");
  return static_cast<std::uint64_t>(bytes);
}

void SegmentFile::write(std::string_view data, std::uint64_t at) {
  while (!data.empty()) {
    const std::size_t count = std::min<std::size_t>(data.size(), piece_bytes - at % piece_bytes);
    const auto from = static_cast<sqlite3_int64>(at);
    count_written(at, count);
    require(file_->pMethods->xWrite(file_, data.data(), static_cast<int>(count), from), path_,
            "writing");
    at += count;
    data.remove_prefix(count);
  }
}

void SegmentFile::sync() {
  require(file_->pMethods->xSync(file_, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY), path_,
          "syncing");
}

void SegmentFile::read(char* out, std::size_t count, std::uint64_t at) const {
  while (count > 0) {
    const std::size_t piece = std::min(count, piece_bytes);
    const int code =
        file_->pMethods->xRead(file_, out, static_cast<int>(piece), static_cast<sqlite3_int64>(at));
    if (code != SQLITE_IOERR_SHORT_READ) require(code, path_, "reading");
    out += piece;
    at += piece;
    count -= piece;
  }
}

bool SegmentFile::give_back(std::uint64_t bytes) const {
  auto length = static_cast<sqlite3_int64>(bytes);
  const int told = file_->pMethods->xFileControl(file_, give_back_control, &length);
  if (told != SQLITE_NOTFOUND) return true;
  const int file = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return true;
  const int done = ::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, length);
  const bool whole_only = done != 0 && (errno == EOPNOTSUPP || errno == ENOSYS);
  ::close(file);
  return !whole_only;
}

}  // namespace bascule
