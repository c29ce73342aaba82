#include "sdk/number.hpp"

#include <charconv>
#include <utility>

namespace bascule::sdk {

namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t duration_ms_max = 1'000'000 * day_ms;
constexpr std::pair<std::string_view, std::int64_t> units[] = {
    {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", day_ms}};

}  // namespace

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

std::optional<std::int64_t> duration_ms(std::string_view text) {
  const auto digits = text.find_first_not_of("0123456789");
  if (digits == text.npos) return std::nullopt;
  const auto number = whole_number(text.substr(0, digits));
  for (const auto& [unit, ms] : units) {
    if (unit != text.substr(digits)) continue;
    if (!number || *number > duration_ms_max / ms) return std::nullopt;
    return *number * ms;
  }
  return std::nullopt;
}

std::optional<int> minute_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const auto i : {0, 1, 3, 4}) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (hour > 23 || minute > 59) return std::nullopt;
  return hour * 60 + minute;
}

}  // namespace bascule::sdk
