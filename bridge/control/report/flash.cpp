#include "control/report/flash.hpp"

#include <algorithm>

namespace bascule {
namespace {

constexpr std::int64_t rate_needs_ms = 600'000;
constexpr double year_ms = 365.25 * 86'400'000;
constexpr double years_max = 1'000;

}  // namespace

Flash flash(std::uint64_t endurance_bytes, std::optional<unsigned> used_percent,
            std::optional<std::uint64_t> written_bytes, std::int64_t uptime_ms) {
  Flash flash;
  if (!written_bytes) {
    flash.why = "the kernel does not tell what is written";
    return flash;
  }
  if (uptime_ms < rate_needs_ms) {
    flash.why = "the program has run for less than 10 min";
    return flash;
  }
  const double written = static_cast<double>(*written_bytes);
  flash.bytes_per_year = written / static_cast<double>(uptime_ms) * year_ms;
  if (endurance_bytes == 0) {
    flash.why = "journal.endurance does not say what the flash can be written in its life";
    return flash;
  }
  const double left = 1 - std::min(used_percent.value_or(0), 100U) / 100.0;
  const double left_bytes = static_cast<double>(endurance_bytes) * left;
  flash.years_left = left_bytes >= *flash.bytes_per_year * years_max
                         ? years_max
                         : left_bytes / *flash.bytes_per_year;
  if (!used_percent) flash.why = "how worn it is, is not told: reckoned as if it were new";
  return flash;
}

}  // namespace bascule
