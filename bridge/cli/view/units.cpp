#include "cli/view/units.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace bascule {

namespace {

template <class... Values>
std::string print(const char* format, Values... values) {
  std::array<char, 64> text;
  const int length = std::snprintf(text.data(), text.size(), format, values...);
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (auto i = static_cast<std::ptrdiff_t>(text.size()) - 3; i > 0; i -= 3) {
    text.insert(static_cast<std::size_t>(i), 1, ',');
  }
  return text;
}

std::string counted(std::uint64_t count, const std::string& noun) {
  return count_text(count) + ' ' + noun + (count == 1 ? "" : "s");
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  static constexpr std::array names = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; amount >= 999.5 && unit + 1 < names.size(); ++unit) amount /= 1024;
  return print(amount < 9.95 ? "%.1f %s" : "%.0f %s", amount, names[unit]);
}

std::string rate_text(double per_s) {
  if (per_s <= 0) return "0/s";
  if (per_s < 9.95) return print("%.1f/s", per_s);
  return count_text(static_cast<std::uint64_t>(std::llround(per_s))) + "/s";
}

std::string part_text(std::uint64_t shown, std::uint64_t of, const std::string& option) {
  const std::string part = of > 0 ? count_text(shown) + " of " + count_text(of) + " are shown"
                                  : count_text(shown) + " are shown, and there are more";
  return part + "; " + option + " shows more\n";
}

}  // namespace bascule
