#include "doctor/wear.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <vector>

namespace bascule {
namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

// As in JESD84-B51: a step is a tenth of the life that the maker expects.
constexpr unsigned step_beyond = 11;
constexpr unsigned step_late = 9;
constexpr double years_told = 20;                       // as the status has it: that or more
constexpr unsigned reserve_late = 2, reserve_gone = 3;  // 1: as it should be

std::vector<unsigned> numbers_in(const fs::path& file) {
  std::vector<unsigned> numbers;
  std::ifstream text(file);
  for (unsigned number = 0; text >> std::hex >> number;) numbers.push_back(number);
  return numbers;
}

// The whole disk below a partition, or below one layer or more that lie on one device each.
std::optional<fs::path> disk_of(const std::string& sys, unsigned major, unsigned minor) {
  constexpr int layers_max = 8;
  std::error_code error;
  fs::path device = fs::canonical(
      sys + "/dev/block/" + std::to_string(major) + ":" + std::to_string(minor), error);
  if (error) return std::nullopt;
  for (int layer = 0; layer < layers_max; ++layer) {
    if (fs::exists(device / "partition", error)) device = device.parent_path();
    std::vector<fs::path> below;
    for (const auto& entry : fs::directory_iterator(device / "slaves", error)) {
      below.push_back(fs::canonical(entry.path(), error));
    }
    if (below.empty()) return device;
    if (below.size() > 1) return std::nullopt;
    device = below.front();
  }
  return std::nullopt;
}

Finding unknown(const std::string& why) { return {Level::skipped, "here", "flash", why}; }

}  // namespace

Finding check_wear(unsigned major, unsigned minor, const std::string& sys) {
  const auto disk = disk_of(sys, major, minor);
  if (!disk) return unknown("how worn it is, is unknown: the file system is on no single disk");
  const std::string name = disk->filename();
  const std::vector<unsigned> lives = numbers_in(*disk / "device" / "life_time");
  const std::vector<unsigned> reserve = numbers_in(*disk / "device" / "pre_eol_info");
  const unsigned step = lives.empty() ? 0 : *std::ranges::max_element(lives);
  const unsigned state = reserve.empty() ? 0 : reserve.front();
  if (step == 0 && state == 0) {
    return unknown("how worn " + name +
                   " is, is unknown: the kernel does not tell; 'smartctl -a /dev/" + name +
                   "' may");
  }
  std::string text = name;
  if (step >= step_beyond) {
    text += " has passed the life that its maker expects";
  } else if (step > 0) {
    text += " has used " + std::to_string((step - 1) * 10) + " to " + std::to_string(step * 10) +
            " % of the life that its maker expects";
  }
  if (state >= reserve_late) {
    text += step == 0 ? " has used " : ", and ";
    text += state >= reserve_gone ? "nearly all of its spare blocks" : "80 % of its spare blocks";
  }
  const std::string advice = ": replace it, before it refuses to be written";
  if (step >= step_beyond || state >= reserve_gone) {
    return {Level::error, "here", "flash", text + advice};
  }
  if (step >= step_late || state == reserve_late) {
    return {Level::warning, "here", "flash", text + advice};
  }
  return {Level::ok, "here", "flash", text};
}

Finding check_endurance(std::optional<double> years_left, bool gathers) {
  if (!years_left) {
    return unknown("how long it lasts by journal.flash, a daemon tells after 10 min: none does");
  }
  const double days = *years_left * 365.25;
  const bool soon = *years_left < 1;
  const std::string most = *years_left >= years_told ? "more than " : "at most ";
  const std::string lasts = "by journal.flash and what bascule writes, it lasts " + most +
                            std::to_string(static_cast<int>(soon ? days : *years_left)) +
                            (soon              ? " days"
                             : *years_left < 2 ? " year"
                                               : " years");
  if (!soon) return {Level::ok, "here", "flash", lasts};
  return {Level::warning, "here", "flash",
          lasts + ": a larger medium" +
              (gathers ? "" : ", or 'gather: 500ms', by which less is written")};
}

std::optional<unsigned> life_used_percent(unsigned major, unsigned minor, const std::string& sys) {
  const auto disk = disk_of(sys, major, minor);
  if (!disk) return std::nullopt;
  const std::vector<unsigned> lives = numbers_in(*disk / "device" / "life_time");
  const unsigned step = lives.empty() ? 0 : *std::ranges::max_element(lives);
  if (step == 0) return std::nullopt;
  return std::min(step * 10, 100U);
}

std::optional<unsigned> life_used_percent(const std::string& folder, const std::string& sys) {
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) return std::nullopt;
  return life_used_percent(major(found.st_dev), minor(found.st_dev), sys);
}

}  // namespace bascule
