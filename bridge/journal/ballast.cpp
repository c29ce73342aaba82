#include "journal/ballast.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace bascule {

void Ballast::keep(std::uint64_t free_bytes, std::uint64_t min_free_bytes) const {
  if (free_bytes < min_free_bytes + 2 * size_bytes || ::access(path_.c_str(), F_OK) == 0) return;
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  const bool whole = ::posix_fallocate(file, 0, size_bytes) == 0;
  ::close(file);
  if (!whole) give_up();
}

void Ballast::give_up() const { ::unlink(path_.c_str()); }

}  // namespace bascule
