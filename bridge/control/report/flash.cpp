#include "control/report/flash.hpp"

#include <algorithm>

namespace bascule {
namespace {

constexpr std::int64_t rate_needs_ms = 600'000;
constexpr std::uint64_t messages_needed = 20;  // else it is the start that is divided by them
constexpr double day_ms = 86'400'000;
constexpr double year_ms = 365.25 * day_ms;

}  // namespace

Flash flash(std::uint64_t endurance_bytes, std::optional<unsigned> used_percent,
            const FlashWrites& writes) {
  Flash flash;
  const double written = static_cast<double>(writes.bytes);
  if (writes.messages >= messages_needed) {
    flash.bytes_per_message = written / static_cast<double>(writes.messages);
  }
  if (writes.for_ms < rate_needs_ms) {
    flash.why = "bascule has been running for less than 10 min";
    return flash;
  }
  flash.bytes_per_day = written / static_cast<double>(writes.for_ms) * day_ms;
  flash.bytes_per_year = *flash.bytes_per_day * (year_ms / day_ms);
  if (endurance_bytes == 0) {
    flash.why = "journal.flash does not say what the flash can be written in its life";
    return flash;
  }
  const double left = 1 - std::min(used_percent.value_or(0), 100U) / 100.0;
  const double left_bytes = static_cast<double>(endurance_bytes) * left;
  flash.years_left = left_bytes >= *flash.bytes_per_year * Flash::years_told
                         ? Flash::years_told
                         : left_bytes / *flash.bytes_per_year;
  if (!used_percent) flash.why = "how worn it is, is not told: reckoned as if it were new";
  return flash;
}

}  // namespace bascule
