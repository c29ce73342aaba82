#include "journal/store/sqlite/gather_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <future>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "journal/store/sqlite/log_sectors.hpp"

namespace bascule {
namespace {

// SQLite's VFS for Unix writes no more than 128 KiB at once; what comes on top is one page.
constexpr std::size_t gathered_max = 120 << 10;
// A log is a little longer than what makes a checkpoint due; what is beyond this is read from disk.
constexpr std::size_t image_max = 5 << 20;
// In the log, what is written in one piece of this length is the header of a page (SQLite's file
// format, 4.1); the four bytes at 4 are not zero in the last one of a transaction.
constexpr int page_header_bytes = 24;
constexpr std::string_view log_suffix = "-wal";
static_assert(log_suffix.size() == sector_log_suffix.size());

std::atomic<std::uint64_t> written = 0;

// No exception may cross SQLite.
template <typename Work>
int guarded(Work work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
}

class File {
 public:
  // `sectors`: see log_sectors.hpp. `name`: what the file below was opened by, if it is not
  // SQLite's; lives as long.
  File(sqlite3_file* below, bool log, bool sectors, std::unique_ptr<char[]> name)
      : below_(below),
        log_(log),
        sectors_(sectors),
        in_sectors_(log && sectors),
        name_(std::move(name)) {}

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
    const int code = in_sectors_ ? read_sectors(static_cast<char*>(out), size, from)
                                 : below_->pMethods->xRead(below_, out, length, at);
    // A bit there that the medium has changed is in nobody's way.
    if (sectors_ && !log_ && code == SQLITE_OK && size == log_sectors::sector_bytes) {
      std::memset(static_cast<char*>(out) + log_sectors::kept_bytes, 0,
                  log_sectors::frame_header_bytes);
    }
    // So SQLite calls a read that the device refused (EIO), and makes "the file is malformed" of
    // it.
    return code == SQLITE_IOERR_CORRUPTFS ? SQLITE_IOERR_READ : code;
  }

  int write(const void* data, int length, sqlite3_int64 at) {
    if (const int ready = settle(); ready != SQLITE_OK) return ready;
    const auto* bytes = static_cast<const char*>(data);
    const std::string_view piece(bytes, static_cast<std::size_t>(length));
    if (log_) remember(piece, static_cast<std::size_t>(at));
    const bool behind = at == std::exchange(end_, at + length);
    if (at != gathered_at_ + static_cast<sqlite3_int64>(gathered_.size())) {
      if (const int flushed = flush(); flushed != SQLITE_OK) return flushed;
      gathered_at_ = at;
    }
    gathered_.append(piece);
    // Once SQLite has written the last page of a transaction it takes it for committed, if it need
    // not be synced. Where pages of it had been written before, for want of memory, it then writes
    // their headers anew, and the last header comes last: by itself, and not behind a page.
    bool ends = std::exchange(last_page_, false);
    last_page_ = log_ && length == page_header_bytes &&
                 std::any_of(bytes + 4, bytes + 8, [](char byte) { return byte != 0; });
    ends = ends || (last_page_ && !behind);
    return ends || gathered_.size() >= gathered_max ? flush() : SQLITE_OK;
  }

  int truncate(sqlite3_int64 size) {
    if (const int ready = settle(); ready != SQLITE_OK) return ready;
    if (const int flushed = flush(); flushed != SQLITE_OK) return flushed;
    if (static_cast<std::size_t>(size) < image_.size())
      image_.resize(static_cast<std::size_t>(size));
    if (in_sectors_) {
      size = static_cast<sqlite3_int64>(log_sectors::file_length(static_cast<std::size_t>(size)));
    }
    return below_->pMethods->xTruncate(below_, size);
  }

  int size(sqlite3_int64* size) {
    if (const int flushed = flush(); flushed != SQLITE_OK) return flushed;
    const int code = below_->pMethods->xFileSize(below_, size);
    if (in_sectors_) {
      *size = static_cast<sqlite3_int64>(log_sectors::log_length(static_cast<std::size_t>(*size)));
    }
    return code;
  }

  // Writes what has been gathered. After a failure it is given up: SQLite has been told, and undoes
  // the transaction or ends the checkpoint.
  int flush() {
    if (gathered_.empty()) return SQLITE_OK;
    const int code = guarded([this] {
      const auto at = static_cast<std::size_t>(gathered_at_);
      return in_sectors_ ? write_sectors(gathered_, at) : write_below(gathered_, at);
    });
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

  // What is committed shares no sector with what is written later: there is nothing to fill up.
  int characteristics() {
    const int known = below_->pMethods->xDeviceCharacteristics(below_);
    return sectors_ ? known | SQLITE_IOCAP_POWERSAFE_OVERWRITE : known;
  }

 private:
  int write_below(std::string_view bytes, std::size_t place) {
    count_written(place, bytes.size());
    return below_->pMethods->xWrite(below_, bytes.data(), static_cast<int>(bytes.size()),
                                    static_cast<sqlite3_int64>(place));
  }

  int write_sectors(std::string_view bytes, std::size_t at) {
    while (!bytes.empty()) {
      const std::size_t frames = log_sectors::whole_frames(at, bytes.size());
      const auto piece = log_sectors::piece(at, bytes.size());
      const std::size_t length = frames > 0 ? frames * log_sectors::frame_bytes : piece.length;
      const std::string_view part = bytes.substr(0, length);
      const int code = frames > 0       ? write_frames(part, at)
                       : piece.reserved ? zeros(part)
                                        : write_below(part, piece.place);
      if (code != SQLITE_OK) return code;
      bytes.remove_prefix(length);
      at += length;
    }
    return SQLITE_OK;
  }

  int write_frames(std::string_view frames, std::size_t at) {
    using namespace log_sectors;
    std::string sectors;
    sectors.reserve(frames.size());
    for (std::size_t begin = 0; begin < frames.size(); begin += frame_bytes) {
      const std::string_view frame = frames.substr(begin, frame_bytes);
      if (const int code = zeros(frame.substr(frame_header_bytes + kept_bytes));
          code != SQLITE_OK) {
        return code;
      }
      sectors.append(frame, frame_header_bytes, kept_bytes).append(frame, 0, frame_header_bytes);
    }
    return write_below(sectors, piece(at + frame_header_bytes, 1).place);
  }

  // SQLite leaves the reserved bytes as they are, and they have been zero from the beginning.
  static int zeros(std::string_view bytes) {
    const bool all = bytes.find_first_not_of('\0') == bytes.npos;
    return all ? SQLITE_OK : SQLITE_IOERR_WRITE;
  }

  int read_sectors(char* out, std::size_t length, std::size_t at) {
    int result = SQLITE_OK;
    while (length > 0) {
      const auto piece = log_sectors::piece(at, length);
      std::memset(out, 0, piece.length);
      const int code = piece.reserved
                           ? SQLITE_OK
                           : below_->pMethods->xRead(below_, out, static_cast<int>(piece.length),
                                                     static_cast<sqlite3_int64>(piece.place));
      if (code == SQLITE_IOERR_SHORT_READ) {
        result = code;
      } else if (code != SQLITE_OK) {
        return code;
      }
      out += piece.length;
      at += piece.length;
      length -= piece.length;
    }
    return result;
  }

  // The image is what the file holds from its beginning on.
  void remember(std::string_view piece, std::size_t at) {
    if (at > image_.size()) return;
    if (at + piece.size() > image_max) return image_.resize(std::min(image_.size(), at));
    image_.replace(at, piece.size(), piece);
  }

  sqlite3_file* below_;
  const bool log_;
  const bool sectors_;     // of the log, also where this is the database
  const bool in_sectors_;  // it is that log
  const std::unique_ptr<char[]> name_;
  File* database_ = nullptr;   // of a log: what it waits for
  bool leaves_syncs_ = false;  // to another thread
  std::future<int> syncing_;
  int settled_ = SQLITE_OK;
  std::string gathered_;
  sqlite3_int64 gathered_at_ = 0;
  sqlite3_int64 end_ = 0;  // of what was written last, gathered or not
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
int size_of_file(sqlite3_file* handle, sqlite3_int64* size) { return file_of(handle).size(size); }
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
int characteristics(sqlite3_file* handle) { return file_of(handle).characteristics(); }

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

// Where the log of this name lies; null: there is no memory. SQLite's own tools cannot read it, and
// would remove what has its usual name.
std::unique_ptr<char[]> log_place(const char* name) {
  const std::size_t length = std::strlen(name);
  std::unique_ptr<char[]> place(new (std::nothrow) char[length + 2]{});
  if (place == nullptr) return place;
  std::memcpy(place.get(), name, length);
  std::memcpy(place.get() + length - log_suffix.size(), sector_log_suffix.data(),
              log_suffix.size());
  return place;
}

// Whether SQLite means a log that lies elsewhere. Only the names of databases and their logs have
// parameters behind them, and nobody else's ends so.
bool elsewhere(const char* name) {
  return std::string_view(name).ends_with(log_suffix) &&
         sqlite3_uri_boolean(name, sectors_parameter, 0) != 0;
}
template <typename Ask>
int at_place(const char* name, Ask ask) {
  if (!elsewhere(name)) return ask(name);
  const auto place = log_place(name);
  return place == nullptr ? SQLITE_NOMEM : ask(place.get());
}

// SQLite reads parameters behind the names of these, and keeps them while the file is open.
bool has_parameters(int flags) { return (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0; }

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* handle, int flags, int* out_flags) {
  handle->pMethods = nullptr;
  const bool sectors =
      has_parameters(flags) && sqlite3_uri_boolean(name, sectors_parameter, 0) != 0;
  sqlite3_vfs* const system = vfs_below();
  auto* const under =
      static_cast<sqlite3_file*>(sqlite3_malloc64(static_cast<sqlite3_uint64>(system->szOsFile)));
  if (under == nullptr) return SQLITE_NOMEM;
  std::memset(under, 0, static_cast<std::size_t>(system->szOsFile));
  std::unique_ptr<char[]> place;  // another name than SQLite's
  const bool log = (flags & SQLITE_OPEN_WAL) != 0;
  if (log && sectors) place = log_place(name);
  int code = log && sectors && place == nullptr ? SQLITE_NOMEM : SQLITE_OK;
  if (code == SQLITE_OK) {
    code = system->xOpen(system, place ? place.get() : name, under, flags, out_flags);
  }
  auto* const file =
      code == SQLITE_OK ? new (std::nothrow) File(under, log, sectors, std::move(place)) : nullptr;
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
  return at_place(name, [&](const char* place) {
    return vfs_below()->xDelete(vfs_below(), place, sync_directory);
  });
}
int access_file(sqlite3_vfs*, const char* name, int flags, int* answer) {
  return at_place(name, [&](const char* place) {
    return vfs_below()->xAccess(vfs_below(), place, flags, answer);
  });
}
int full_name(sqlite3_vfs*, const char* name, int length, char* out) {
  return vfs_below()->xFullPathname(vfs_below(), name, length, out);
}

}  // namespace

std::uint64_t database_bytes_written() { return written; }

void count_written(std::uint64_t at, std::size_t length) {
  constexpr std::size_t sector = log_sectors::sector_bytes;
  written += ((at + length + sector - 1) / sector - at / sector) * sector;
}

// SQLite's default, or what would be it if the layer were not registered.
sqlite3_vfs* vfs_below() {
  sqlite3_vfs* const first = sqlite3_vfs_find(nullptr);
  return first == &layer ? layer.pNext : first;
}

const char* gather_vfs() {
  static const int registered = [] {
    layer = *vfs_below();  // its clock, its randomness
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
