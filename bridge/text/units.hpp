// Quantities as people write them. Each function takes the whole text and throws
// std::invalid_argument for anything else; what it throws continues a sentence that begins with
// the name of the key: `must be a size such as 256KiB or 4GiB, not "big"`.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule {

// A rate cap; zero means none.
struct Rate {
  std::uint64_t bytes_per_s = 0;
  std::uint64_t messages_per_s = 0;
};

// Hours of the local wall clock, in minutes after midnight; the span may pass
// midnight (from > to).
struct Hours {
  int from_min = 0;
  int to_min = 24 * 60;
};

// 500ms, 30s, 5m, 24h or 7d. What has no unit is told one that it may have been meant with:
// nothing that makes more than `most`, which is not held against it otherwise.
std::chrono::milliseconds parse_duration(
    std::string_view text, std::chrono::milliseconds most = std::chrono::milliseconds::max());

// 512B, 256KiB, 10MiB, 4GiB or 1TiB. `most`: as above.
std::uint64_t parse_size(std::string_view text, std::uint64_t most = INT64_MAX);

// 32GB or 1TB, by powers of ten as flash is sold; or 64MiB, 32GiB or 1TiB.
std::uint64_t parse_flash_size(std::string_view text);

// 256KiB/s (any unit of size) or 100msg/s; more than zero.
Rate parse_rate(std::string_view text);

// 22:00-06:00, with 24:00 as a possible end.
Hours parse_hours(std::string_view text);

// Back to text, in the largest unit that leaves a whole number.
std::string duration_text(std::chrono::milliseconds duration);
std::string size_text(std::uint64_t bytes);

// About how long, in two units at the most: 8 s, 12 min, 3 h 4 min, 5 d 2 h.
std::string span_text(double seconds);

// A time of day in minutes after midnight: 00:00 to 24:00, both digits each. Nothing for any other
// text.
std::optional<int> parse_time_of_day(std::string_view text);
std::string time_of_day_text(int minutes);

}  // namespace bascule
