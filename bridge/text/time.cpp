#include "text/time.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

namespace bascule {

std::string utc_text(std::int64_t unix_ms) {
  std::string text = time_text(unix_ms);
  return text.erase(text.size() - 5, 4);
}

std::string time_text(std::int64_t unix_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(unix_ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::array<char, 64> text;
  const int length = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                                   int(date.year()), unsigned(date.month()), unsigned(date.day()),
                                   int(clock.hours().count()), int(clock.minutes().count()),
                                   int(clock.seconds().count()), int(clock.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

// Of what stands behind the seconds: Z, or how far the zone is ahead of UTC.
static std::optional<int> zone_minutes(const std::string& text) {
  if (text == "Z" || text == "z") return 0;
  char sign = 0;
  unsigned hours = 0, minutes = 0;
  int end = 0;
  if (std::sscanf(text.c_str(), "%c%2u:%2u%n", &sign, &hours, &minutes, &end) != 3 ||
      text.size() != 6 || end != 6 || (sign != '+' && sign != '-') || hours > 23 || minutes > 59) {
    return std::nullopt;
  }
  const int ahead = static_cast<int>(hours * 60 + minutes);
  return sign == '+' ? ahead : -ahead;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  int year, hour, minute, end = 0;
  unsigned month, day;
  double second;
  const std::string whole(text);
  if (std::sscanf(whole.c_str(), "%4d-%2u-%2uT%2d:%2d:%lf%n", &year, &month, &day, &hour, &minute,
                  &second, &end) != 6) {
    return std::nullopt;
  }
  const auto ahead = zone_minutes(whole.substr(static_cast<std::size_t>(end)));
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!ahead || !date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return (std::int64_t{days} * 86'400 + hour * 3'600 + (minute - *ahead) * 60) * 1'000 +
         std::llround(second * 1'000);
}

}  // namespace bascule
