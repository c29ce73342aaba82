#include "doctor/wear.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace bascule;
namespace fs = std::filesystem;

namespace {

using Level = Finding::Level;

// What the kernel shows of one disk with a partition, 179:2.
struct Sys {
  Sys() {
    char name[] = "/tmp/bascule-sys-XXXXXX";
    root = ::mkdtemp(name);
    disk = root / "devices/block/mmcblk0";
    fs::create_directories(disk / "device");
    fs::create_directories(disk / "mmcblk0p2");
    fs::create_directories(root / "dev/block");
    write(disk / "mmcblk0p2/partition", "2\n");
    fs::create_symlink("../../devices/block/mmcblk0/mmcblk0p2", root / "dev/block/179:2");
  }
  ~Sys() { fs::remove_all(root); }
  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  Finding look(unsigned major = 179, unsigned minor = 2) const {
    return check_wear(major, minor, root.string());
  }
  Finding look(const std::string& lives, const std::string& reserve) const {
    write(disk / "device/life_time", lives);
    write(disk / "device/pre_eol_info", reserve);
    return look();
  }

  fs::path root, disk;
};

bool says(const Finding& finding, Level level, const std::string& part) {
  INFO(finding.text);
  return finding.level == level && finding.text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("doctor: what an eMMC says of its life is told, and late in it what to do") {
  const Sys sys;
  CHECK(says(sys.look("0x01 0x03\n", "0x01\n"), Level::ok, "mmcblk0 has used 20 to 30 %"));
  CHECK(says(sys.look("0x00 0x08\n", "0x01\n"), Level::ok, "70 to 80 %"));
  CHECK(says(sys.look("0x09 0x02\n", "0x01\n"), Level::warning, "80 to 90 %"));
  CHECK(says(sys.look("0x02 0x02\n", "0x02\n"), Level::warning, "80 % of its spare blocks"));
  CHECK(says(sys.look("0x0b 0x02\n", "0x01\n"), Level::error, "has passed the life"));
  CHECK(says(sys.look("0x02 0x02\n", "0x03\n"), Level::error, "replace it"));
  CHECK(says(sys.look("0x00 0x00\n", "0x03\n"), Level::error, "nearly all"));
}

TEST_CASE("doctor: flash of which nothing is known is not called well") {
  const Sys sys;
  CHECK(says(sys.look(), Level::skipped, "smartctl -a /dev/mmcblk0"));
  CHECK(says(sys.look("0x00 0x00\n", "0x00\n"), Level::skipped, "unknown"));
  CHECK(says(sys.look("nonsense", ""), Level::skipped, "unknown"));
  CHECK(says(sys.look(0, 42), Level::skipped, "no single disk"));
}

TEST_CASE("doctor: the disk is found below layers that lie on one device each") {
  const Sys sys;
  Sys::write(sys.disk / "device/life_time", "0x04 0x01\n");
  const fs::path upper = sys.root / "devices/virtual/dm-0";
  fs::create_directories(upper / "slaves");
  fs::create_symlink(sys.disk / "mmcblk0p2", upper / "slaves/mmcblk0p2");
  fs::create_symlink(upper, sys.root / "dev/block/254:0");
  CHECK(says(sys.look(254, 0), Level::ok, "30 to 40 %"));
  fs::create_directories(sys.root / "devices/block/sda");
  fs::create_symlink(sys.root / "devices/block/sda", upper / "slaves/sda");
  CHECK(says(sys.look(254, 0), Level::skipped, "no single disk"));
}

TEST_CASE("wear: of a life that is told in steps the most counts") {
  const Sys sys;
  const auto used = [&] { return life_used_percent(179, 2, sys.root.string()); };
  CHECK_FALSE(used());
  Sys::write(sys.disk / "device/life_time", "0x01 0x03\n");
  CHECK(used() == 30);
  Sys::write(sys.disk / "device/life_time", "0x0b 0x0b\n");
  CHECK(used() == 100);
  Sys::write(sys.disk / "device/life_time", "0x00 0x00\n");
  CHECK_FALSE(used());
  CHECK_FALSE(life_used_percent(1, 1, sys.root.string()));
}

TEST_CASE(
    "doctor: how long the flash lasts by journal.flash is told, and advised on under a year") {
  using Level = Finding::Level;
  CHECK(check_endurance({}, false).level == Level::skipped);
  CHECK(check_endurance(20, false).text.find("more than 20 years") != std::string::npos);
  CHECK(check_endurance(1.5, false).text.find("at most 1 year") != std::string::npos);
  const Finding soon = check_endurance(0.5, false);
  CHECK(soon.level == Level::warning);
  CHECK(soon.text.find("at most 182 days") != std::string::npos);
  CHECK(soon.text.find("gather: 500ms") != std::string::npos);
  CHECK(check_endurance(0.5, true).text.find("gather") == std::string::npos);
}
