#include "control/report/wear_watch.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_folder.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("wear watch: the kernel is asked once an hour") {
  const TemporaryFolder folder;
  const std::filesystem::path sys = folder.path;
  struct stat found {};
  REQUIRE(::stat(sys.c_str(), &found) == 0);
  const std::string device =
      std::to_string(major(found.st_dev)) + ":" + std::to_string(minor(found.st_dev));
  const auto used_tenths = [&](const char* step) {
    std::filesystem::create_directories(sys / "dev/block" / device / "device");
    std::ofstream(sys / "dev/block" / device / "device/life_time") << step << '\n';
  };
  WearWatch watch(sys, sys);
  used_tenths("0x03 0x01");
  CHECK(watch.used_percent(5) == 30);
  used_tenths("0x04 0x01");
  CHECK(watch.used_percent(WearWatch::every_ms) == 30);
  CHECK(watch.used_percent(WearWatch::every_ms + 5) == 40);
}
