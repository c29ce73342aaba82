#include "journal/salvage/sparse_copy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace bascule {
namespace {

constexpr std::size_t bytes_at_once = 1 << 20;
constexpr std::uint64_t block_bytes = 512;  // as stat() counts

void require(bool done, const std::string& path) {
  if (!done) throw std::system_error(errno, std::generic_category(), path);
}

struct File {
  File(const std::string& path, int flags) : number(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    require(number >= 0, path);
  }
  ~File() { ::close(number); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int number;
};

}  // namespace

std::uint64_t disk_bytes(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return 0;
  return static_cast<std::uint64_t>(info.st_blocks) * block_bytes;
}

// What the device cannot read stays a hole: the records' checksums tell.
void copy_sparse(const std::string& from, const std::string& to) {
  const File source(from, O_RDONLY);
  const File target(to, O_WRONLY | O_CREAT | O_EXCL);
  struct stat info {};
  require(::fstat(source.number, &info) == 0, from);
  require(::ftruncate(target.number, info.st_size) == 0, to);
  std::string piece(bytes_at_once, '\0');
  for (off_t at = 0; at < info.st_size;) {
    const off_t data = ::lseek(source.number, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // a hole up to the end
    if (data > at) at = data;
    const ssize_t count = ::pread(source.number, piece.data(), piece.size(), at);
    if (count == 0) break;
    if (count < 0) {
      require(errno == EIO, from);
      constexpr off_t page = 4'096;
      at += page - at % page;
      continue;
    }
    for (ssize_t done = 0; done < count;) {
      const ssize_t written = ::pwrite(target.number, piece.data() + done,
                                       static_cast<std::size_t>(count - done), at + done);
      require(written > 0, to);
      done += written;
    }
    at += count;
  }
  require(::fsync(target.number) == 0, to);
}

}  // namespace bascule
