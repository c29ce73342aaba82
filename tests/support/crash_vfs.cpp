#include "support/crash_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

#include "journal/store/sqlite/gather_vfs.hpp"
#include "journal/store/sqlite/segment_file.hpp"

namespace bascule::test {
namespace {

// What SQLite allocates for an open file.
struct Handle {
  sqlite3_file base;
  CrashDisk* disk;
  std::shared_ptr<CrashDisk::File>* file;
};

Handle& handle(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
CrashDisk::File& content(sqlite3_file* file) { return **handle(file).file; }
void about_to_change(const CrashDisk& disk) {
  if (disk.before_change) disk.before_change();
}

int close_file(sqlite3_file* file) {
  delete handle(file).file;
  return SQLITE_OK;
}
int read_file(sqlite3_file* file, void* out, int length, sqlite3_int64 at) {
  if (handle(file).disk->unreadable) return SQLITE_IOERR_CORRUPTFS;
  const std::string& now = content(file).now;
  const auto from = std::min(static_cast<std::size_t>(at), now.size());
  const auto there = std::min(static_cast<std::size_t>(length), now.size() - from);
  std::memcpy(out, now.data() + from, there);
  if (there == static_cast<std::size_t>(length)) return SQLITE_OK;
  std::memset(static_cast<char*>(out) + there, 0, static_cast<std::size_t>(length) - there);
  return SQLITE_IOERR_SHORT_READ;
}
int write_file(sqlite3_file* file, const void* data, int length, sqlite3_int64 at) {
  if (handle(file).disk->broken) return SQLITE_IOERR_WRITE;
  const auto end = static_cast<std::size_t>(at + length);
  if (handle(file).disk->full && end > content(file).now.size()) return SQLITE_FULL;
  about_to_change(*handle(file).disk);
  content(file).write(static_cast<std::size_t>(at), static_cast<const char*>(data),
                      static_cast<std::size_t>(length));
  return SQLITE_OK;
}
int truncate_file(sqlite3_file* file, sqlite3_int64 length) {
  about_to_change(*handle(file).disk);
  content(file).truncate(static_cast<std::size_t>(length));
  return SQLITE_OK;
}
int sync_file(sqlite3_file* file, int) {
  if (handle(file).disk->broken) return SQLITE_IOERR_FSYNC;
  about_to_change(*handle(file).disk);
  content(file).sync();
  return SQLITE_OK;
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(content(file).now.size());
  return SQLITE_OK;
}
int lock_file(sqlite3_file*, int) { return SQLITE_OK; }
int check_lock(sqlite3_file*, int* taken) {
  *taken = 0;
  return SQLITE_OK;
}
int control_file(sqlite3_file* file, int operation, void* argument) {
  if (operation != give_back_control) return SQLITE_NOTFOUND;
  const std::string zeros(static_cast<std::size_t>(*static_cast<sqlite3_int64*>(argument)), '\0');
  about_to_change(*handle(file).disk);
  content(file).write(0, zeros.data(), zeros.size());
  return SQLITE_OK;
}
int sector_size(sqlite3_file*) { return 4096; }  // as SQLite's own for Unix says
int characteristics(sqlite3_file* file) {
  return handle(file).disk->claim_powersafe_overwrite ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
}

const sqlite3_io_methods methods = [] {
  sqlite3_io_methods m{};
  m.iVersion = 1;
  m.xClose = close_file;
  m.xRead = read_file;
  m.xWrite = write_file;
  m.xTruncate = truncate_file;
  m.xSync = sync_file;
  m.xFileSize = file_size;
  m.xLock = lock_file;
  m.xUnlock = lock_file;
  m.xCheckReservedLock = check_lock;
  m.xFileControl = control_file;
  m.xSectorSize = sector_size;
  m.xDeviceCharacteristics = characteristics;
  return m;
}();

CrashDisk& disk_of(sqlite3_vfs* vfs) { return *static_cast<CrashDisk*>(vfs->pAppData); }

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  if (disk_of(vfs).broken) return SQLITE_CANTOPEN;
  auto& known = disk_of(vfs).files[name];
  if (known == nullptr) {
    known = std::make_shared<CrashDisk::File>();
    known->named = (flags & SQLITE_OPEN_WAL) == 0;  // of which SQLite syncs the name with the rest
  }
  handle(file).disk = &disk_of(vfs);
  handle(file).file = new std::shared_ptr<CrashDisk::File>(known);
  file->pMethods = &methods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}
int delete_file(sqlite3_vfs* vfs, const char* name, int) {
  about_to_change(disk_of(vfs));
  disk_of(vfs).files.erase(name);
  return SQLITE_OK;
}
int access_file(sqlite3_vfs* vfs, const char* name, int, int* there) {
  const auto found = disk_of(vfs).files.find(name);
  *there = found != disk_of(vfs).files.end() && !found->second->now.empty() ? 1 : 0;
  return SQLITE_OK;
}
int full_name(sqlite3_vfs*, const char* name, int length, char* out) {
  sqlite3_snprintf(length, out, "%s", name);
  return SQLITE_OK;
}

}  // namespace

void CrashDisk::File::write(std::size_t at, const char* data, std::size_t length) {
  if (now.size() < at + length) now.resize(at + length);
  now.replace(at, length, data, length);
  for (std::size_t s = at / sector_bytes; s <= (at + length - 1) / sector_bytes; ++s) {
    dirty.insert(s);
  }
}

void CrashDisk::File::truncate(std::size_t length) {
  for (std::size_t s = length / sector_bytes; s * sector_bytes < now.size(); ++s) dirty.insert(s);
  now.resize(length);
}

void CrashDisk::File::sync() {
  // Only the dirty sectors differ.
  const std::size_t before = synced.size();
  synced.resize(now.size());
  for (const std::size_t sector : dirty) {
    const std::size_t at = sector * sector_bytes;
    if (at < now.size()) synced.replace(at, sector_bytes, now, at, sector_bytes);
  }
  if (before < now.size()) synced.replace(before, std::string::npos, now, before);
  dirty.clear();
  named = true;
}

CrashDisk::CrashDisk() : vfs_(std::make_unique<sqlite3_vfs>()) {
  gather_vfs();  // registered after this one, it would be the default when this one is gone
  const sqlite3_vfs* system = sqlite3_vfs_find(nullptr);
  *vfs_ = *system;
  vfs_->iVersion = 1;
  vfs_->pNext = nullptr;
  vfs_->szOsFile = sizeof(Handle);
  vfs_->zName = "crash";
  vfs_->pAppData = this;
  vfs_->xOpen = open_file;
  vfs_->xDelete = delete_file;
  vfs_->xAccess = access_file;
  vfs_->xFullPathname = full_name;
  sqlite3_vfs_register(vfs_.get(), 1);
  later_sync = std::launch::deferred;
}

CrashDisk::~CrashDisk() {
  sqlite3_vfs_unregister(vfs_.get());
  later_sync = std::launch::async;
}

CrashDisk::Files CrashDisk::cut(std::mt19937_64& random) const {
  Files left;
  for (const auto& [path, file] : files) {
    if (!file->named && random() % 2 == 0) continue;
    std::string image = file->synced;
    const std::size_t least = std::min(file->synced.size(), file->now.size());
    const std::size_t most = std::max(file->synced.size(), file->now.size());
    switch (random() % 3) {
      case 0:
        image.resize(file->now.size());
        break;
      case 1:
        image.resize(least + random() % (most - least + 1));
        break;
      default:
        break;
    }
    for (const std::size_t sector : file->dirty) {
      const std::size_t at = sector * sector_bytes;
      if (at >= image.size()) continue;
      const std::size_t length = std::min(sector_bytes, image.size() - at);
      const auto fate = random() % 3;
      if (fate == 0 && at < file->now.size()) {
        const std::size_t there = std::min(length, file->now.size() - at);
        image.replace(at, there, file->now, at, there);
      } else if (fate == 1) {
        for (std::size_t i = 0; i < length; ++i) image[at + i] = static_cast<char>(random());
      }
    }
    left[path] = std::move(image);
  }
  return left;
}

void CrashDisk::start(const Files& left) {
  files.clear();
  for (const auto& [path, bytes] : left) {
    files[path] = std::make_shared<File>(File{bytes, bytes, {}});
  }
  broken = false;
}

}  // namespace bascule::test
