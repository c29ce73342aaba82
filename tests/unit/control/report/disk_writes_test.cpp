#include "control/report/disk_writes.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <string>

#include "support/broker.hpp"

using namespace bascule;

TEST_CASE("disk writes: what this process writes is counted") {
  const auto before = disk_bytes_written();
  if (!before) return;  // a kernel that does not tell
  test::TempDir dir;
  const std::string bytes(1 << 20, 'x');
  const int fd = ::open(dir.file("written").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  REQUIRE(::fsync(fd) == 0);
  struct statfs system {};
  REQUIRE(::fstatfs(fd, &system) == 0);
  ::close(fd);
  const auto after = disk_bytes_written();
  REQUIRE(after);
  if (system.f_type != TMPFS_MAGIC) CHECK(*after >= *before + bytes.size());
}
