#include "journal/store/sqlite/gather_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <future>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace bascule {
namespace {

// SQLite's VFS for Unix writes no more than 128 KiB at once; what comes on top is one page.
constexpr std::size_t gathered_max = 120 << 10;
// A log is a little longer than what makes a checkpoint due; what is beyond this is read from disk.
constexpr std::size_t image_max = 5 << 20;
// In the log, what is written in one piece of this length is the header of a page (SQLite's file
// format, 4.1); the four bytes at 4 are not zero in the last one of a transaction.
constexpr int page_header_bytes = 24;

class File {
 public:
  File(sqlite3_file* below, bool log) : below_(below), log_(log) {}

  int close() {
    const int ready = settle();
    const int flushed = flush();
    const int closed = below_->pMethods->xClose(below_);
    return ready != SQLITE_OK ? ready : flushed != SQLITE_OK ? flushed : closed;
  }

  int read(void* out, int length, sqlite3_int64 at) {
    const auto from = static_cast<std::size_t>(at), size = static_cast<std::size_t>(length);
    if (log_ && from + size <= image_.size()) {
      std::memcpy(out, image_.data() + from, size);
      return SQLITE_OK;
    }
    if (const int flushed = flush(); flushed != SQLITE_OK) return flushed;
    const int code = below_->pMethods->xRead(below_, out, length, at);
    // So SQLite calls a read that the device refused (EIO), and makes "the file is malformed" of
    // it.
    return code == SQLITE_IOERR_CORRUPTFS ? SQLITE_IOERR_READ : code;
  }

  int write(const void* data, int length, sqlite3_int64 at) {
    if (const int ready = settle(); ready != SQLITE_OK) return ready;
    const auto* bytes = static_cast<const char*>(data);
    const std::string_view piece(bytes, static_cast<std::size_t>(length));
    if (log_) remember(piece, static_cast<std::size_t>(at));
    if (at != gathered_at_ + static_cast<sqlite3_int64>(gathered_.size())) {
      if (const int flushed = flush(); flushed != SQLITE_OK) return flushed;
      gathered_at_ = at;
    }
    gathered_.append(piece);
    // Once SQLite has written the last page of a transaction it takes it for committed, if it need
    // not be synced.
    const bool ends = std::exchange(last_page_, false);
    last_page_ = log_ && length == page_header_bytes &&
                 std::any_of(bytes + 4, bytes + 8, [](char byte) { return byte != 0; });
    return ends || gathered_.size() >= gathered_max ? flush() : SQLITE_OK;
  }

  int truncate(sqlite3_int64 size) {
    if (const int ready = settle(); ready != SQLITE_OK) return ready;
    if (const int flushed = flush(); flushed != SQLITE_OK) return flushed;
    if (static_cast<std::size_t>(size) < image_.size())
      image_.resize(static_cast<std::size_t>(size));
    return below_->pMethods->xTruncate(below_, size);
  }

  // Writes what has been gathered. After a failure it is given up: SQLite has been told, and undoes
  // the transaction or ends the checkpoint.
  int flush() {
    if (gathered_.empty()) return SQLITE_OK;
    const int code = below_->pMethods->xWrite(below_, gathered_.data(),
                                              static_cast<int>(gathered_.size()), gathered_at_);
    gathered_.clear();
    if (code != SQLITE_OK) image_.clear();
    return code;
  }

  int sync(int flags) {
    if (const int ready = settle(); ready != SQLITE_OK) return ready;
    if (const int flushed = flush(); flushed != SQLITE_OK) return flushed;
    const auto sync = [this, flags] { return below_->pMethods->xSync(below_, flags); };
    if (!leaves_syncs_) return sync();
    try {
      syncing_ = std::async(later_sync, sync);
      return SQLITE_OK;
    } catch (const std::system_error&) {  // no thread to be had
      return sync();
    }
  }
  // Null: no more.
  void leave_syncs(File* log) {
    leaves_syncs_ = log != nullptr;
    if (log != nullptr) log->database_ = this;
  }

  // Waits for a sync that was left to another thread. Once one has failed there is no telling what
  // of the database is on the disk. Its log has all of it, and is kept as it is.
  int settle() {
    if (database_ != nullptr) return database_->settle();
    if (syncing_.valid()) settled_ = syncing_.get();
    return settled_;
  }

  sqlite3_file* below() { return below_; }

 private:
  // The image is what the file holds from its beginning on.
  void remember(std::string_view piece, std::size_t at) {
    if (at > image_.size()) return;
    if (at + piece.size() > image_max) return image_.resize(std::min(image_.size(), at));
    image_.replace(at, piece.size(), piece);
  }

  sqlite3_file* below_;
  const bool log_;
  File* database_ = nullptr;   // of a log: what it waits for
  bool leaves_syncs_ = false;  // to another thread
  std::future<int> syncing_;
  int settled_ = SQLITE_OK;
  std::string gathered_;
  sqlite3_int64 gathered_at_ = 0;
  std::string image_;
  bool last_page_ = false;  // the page that comes is the last of its transaction
};

// What SQLite allocates for an open file.
struct Handle {
  sqlite3_file base;
  File* file;
};

File& file_of(sqlite3_file* handle) { return *reinterpret_cast<Handle*>(handle)->file; }
sqlite3_file* below(sqlite3_file* handle) { return file_of(handle).below(); }

sqlite3_vfs layer;

// SQLite's default, or what would be it if the layer were not registered.
sqlite3_vfs* system_vfs() {
  sqlite3_vfs* const first = sqlite3_vfs_find(nullptr);
  return first == &layer ? layer.pNext : first;
}

// No exception may cross SQLite.
template <typename Work>
int guarded(Work work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
}

int close_file(sqlite3_file* handle) {
  const std::unique_ptr<File> file(&file_of(handle));
  sqlite3_file* const under = file->below();
  const int code = file->close();
  sqlite3_free(under);
  return code;
}
int read_file(sqlite3_file* handle, void* out, int length, sqlite3_int64 at) {
  return file_of(handle).read(out, length, at);
}
int write_file(sqlite3_file* handle, const void* data, int length, sqlite3_int64 at) {
  return guarded([&] { return file_of(handle).write(data, length, at); });
}
int truncate_file(sqlite3_file* handle, sqlite3_int64 size) {
  return file_of(handle).truncate(size);
}

// Flushes, and asks the file below.
template <typename Ask>
int flushed(sqlite3_file* handle, Ask ask) {
  const int code = file_of(handle).flush();
  return code != SQLITE_OK ? code : ask(below(handle));
}
int sync_file(sqlite3_file* handle, int flags) {
  return guarded([&] { return file_of(handle).sync(flags); });
}
int size_of_file(sqlite3_file* handle, sqlite3_int64* size) {
  return flushed(handle, [&](sqlite3_file* f) { return f->pMethods->xFileSize(f, size); });
}
int unlock_file(sqlite3_file* handle, int level) {
  return flushed(handle, [&](sqlite3_file* f) { return f->pMethods->xUnlock(f, level); });
}
// Asked for before the log is removed, when the database is closed.
int lock_file(sqlite3_file* handle, int level) {
  if (const int ready = file_of(handle).settle(); ready != SQLITE_OK) return ready;
  return below(handle)->pMethods->xLock(below(handle), level);
}
int check_lock(sqlite3_file* handle, int* taken) {
  return below(handle)->pMethods->xCheckReservedLock(below(handle), taken);
}
int control_file(sqlite3_file* handle, int operation, void* argument) {
  if (operation == leave_syncs_control) {
    auto* const log = static_cast<sqlite3_file*>(argument);
    file_of(handle).leave_syncs(log == nullptr ? nullptr : &file_of(log));
    return SQLITE_OK;
  }
  return below(handle)->pMethods->xFileControl(below(handle), operation, argument);
}
int sector_size(sqlite3_file* handle) {
  return below(handle)->pMethods->xSectorSize(below(handle));
}
int characteristics(sqlite3_file* handle) {
  return below(handle)->pMethods->xDeviceCharacteristics(below(handle));
}

// Version 1: no shared memory and no mapping, neither of which one exclusive connection needs.
const sqlite3_io_methods methods = [] {
  sqlite3_io_methods m{};
  m.iVersion = 1;
  m.xClose = close_file;
  m.xRead = read_file;
  m.xWrite = write_file;
  m.xTruncate = truncate_file;
  m.xSync = sync_file;
  m.xFileSize = size_of_file;
  m.xLock = lock_file;
  m.xUnlock = unlock_file;
  m.xCheckReservedLock = check_lock;
  m.xFileControl = control_file;
  m.xSectorSize = sector_size;
  m.xDeviceCharacteristics = characteristics;
  return m;
}();

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* handle, int flags, int* out_flags) {
  handle->pMethods = nullptr;
  sqlite3_vfs* const system = system_vfs();
  auto* const under =
      static_cast<sqlite3_file*>(sqlite3_malloc64(static_cast<sqlite3_uint64>(system->szOsFile)));
  if (under == nullptr) return SQLITE_NOMEM;
  std::memset(under, 0, static_cast<std::size_t>(system->szOsFile));
  const int code = system->xOpen(system, name, under, flags, out_flags);
  auto* const file =
      code == SQLITE_OK ? new (std::nothrow) File(under, (flags & SQLITE_OPEN_WAL) != 0) : nullptr;
  if (file == nullptr) {
    if (under->pMethods != nullptr) under->pMethods->xClose(under);
    sqlite3_free(under);
    return code != SQLITE_OK ? code : SQLITE_NOMEM;
  }
  reinterpret_cast<Handle*>(handle)->file = file;
  handle->pMethods = &methods;
  return SQLITE_OK;
}
int delete_file(sqlite3_vfs*, const char* name, int sync_directory) {
  return system_vfs()->xDelete(system_vfs(), name, sync_directory);
}
int access_file(sqlite3_vfs*, const char* name, int flags, int* answer) {
  return system_vfs()->xAccess(system_vfs(), name, flags, answer);
}
int full_name(sqlite3_vfs*, const char* name, int length, char* out) {
  return system_vfs()->xFullPathname(system_vfs(), name, length, out);
}

}  // namespace

const char* gather_vfs() {
  static const int registered = [] {
    layer = *system_vfs();  // its clock, its randomness
    layer.szOsFile = sizeof(Handle);
    layer.pNext = nullptr;
    layer.zName = "bascule-gather";
    layer.xOpen = open_file;
    layer.xDelete = delete_file;
    layer.xAccess = access_file;
    layer.xFullPathname = full_name;
    return sqlite3_vfs_register(&layer, 0);
  }();
  return registered == SQLITE_OK ? layer.zName : nullptr;
}

}  // namespace bascule
