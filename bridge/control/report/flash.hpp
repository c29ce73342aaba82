// What the journal costs the flash under it, and how long that will last, as far as it can be
// known: what its maker says it can be written, how worn it says it is, and how fast the journal
// writes. Others may write, too; so does the file system for itself, and the flash more than it is
// told to. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bascule {

struct Flash {
  std::optional<double> bytes_per_day, bytes_per_year;  // at the rate since the journal was opened
  std::optional<double> bytes_per_message;              // likewise
  std::optional<double> years_left;                     // at that rate; 1,000 at the most
  std::string why;  // it is unknown, or how far to trust it; empty: all is told
};

// What the journal had written in `for_ms`, and for how many messages.
struct FlashWrites {
  std::uint64_t bytes = 0, messages = 0;
  std::int64_t for_ms = 0;
};

// `endurance_bytes`: 0 is not told. `used_percent`: of its life, at the most.
Flash flash(std::uint64_t endurance_bytes, std::optional<unsigned> used_percent,
            const FlashWrites& writes);

}  // namespace bascule
