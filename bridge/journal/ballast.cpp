#include "journal/ballast.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace bascule {

void Ballast::keep(std::uint64_t free_bytes, std::uint64_t least_free_bytes) const {
  if (free_bytes < least_free_bytes + size_bytes || missing_bytes() == 0) return;
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  const bool whole = ::posix_fallocate(file, 0, size_bytes) == 0;
  ::close(file);
  if (!whole) give_up();
}

void Ballast::give_up() const { ::unlink(path_.c_str()); }

std::uint64_t Ballast::missing_bytes() const {
  return ::access(path_.c_str(), F_OK) == 0 ? 0 : size_bytes;
}

}  // namespace bascule
