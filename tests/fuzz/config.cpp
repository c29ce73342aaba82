// A configuration file of anyone's making is taken or refused with its problems, and nothing else
// happens.
#include "config/config.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "claim.hpp"

using namespace bascule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = memfd_create("bascule.yaml", MFD_CLOEXEC);
  CLAIM(ftruncate(file, 0) == 0);
  CLAIM(pwrite(file, data, size, 0) == static_cast<ssize_t>(size));
  try {
    load_config("/proc/self/fd/" + std::to_string(file));
  } catch (const ConfigError& error) {
    CLAIM(!error.problems().empty());
    for (const Problem& problem : error.problems()) CLAIM(!problem.text.empty());
  }
  return 0;
}
