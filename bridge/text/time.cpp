#include "text/time.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

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

std::optional<std::int64_t> parse_time(std::string_view text) {
  int year, hour, minute, end = 0;
  unsigned month, day;
  double second;
  const std::string whole(text);
  if (std::sscanf(whole.c_str(), "%4d-%2u-%2uT%2d:%2d:%lfZ%n", &year, &month, &day, &hour, &minute,
                  &second, &end) != 6 ||
      end != static_cast<int>(whole.size())) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return (std::int64_t{days} * 86'400 + hour * 3'600 + minute * 60) * 1'000 +
         std::llround(second * 1'000);
}

}  // namespace bascule
