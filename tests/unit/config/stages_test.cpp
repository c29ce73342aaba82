#include "config/stages.hpp"

#include <doctest/doctest.h>

#include "support/config_file.hpp"

using namespace bascule;
using namespace config_file;

TEST_CASE("config: the stamp key is what its file holds, and long enough") {
  const ConfigDirectory directory;
  BridgeConfig config;
  CHECK(read_stamp_key(config).empty());
  config.stamp_key_file = directory.write("key", "0123456789abcdef\n");
  CHECK(read_stamp_key(config) == "0123456789abcdef");
  config.stamp_key_file = directory.write("short", "0123456789abcde\n");
  CHECK_THROWS_WITH_AS(read_stamp_key(config),
                       doctest::Contains("holds 15 bytes, which is too short for a key"),
                       std::runtime_error);
  config.stamp_key_file = directory.path() + "/none";
  CHECK_THROWS_AS(read_stamp_key(config), std::runtime_error);
  config.stamp_key_file = "${CREDENTIALS_DIRECTORY}/key";  // of a service that is not this process
  CHECK(read_stamp_key(config).empty());
}
