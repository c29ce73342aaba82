#include "control/report/disk_writes.hpp"

#include <fstream>
#include <string>

namespace bascule {

std::optional<std::uint64_t> disk_bytes_written() {
  std::ifstream io("/proc/self/io");
  std::string name;
  std::uint64_t bytes = 0;
  while (io >> name >> bytes) {
    if (name == "write_bytes:") return bytes;
  }
  return std::nullopt;
}

}  // namespace bascule
