// What the journal costs the flash under it, and how long that will last at the most, as far as it
// can be known: what its maker says it can be written, how worn it says it is, and how fast the
// journal writes. Others may write, too; so does the file system for itself, and the flash more
// than it is told to (its write amplification). So many years are not told as such. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bascule {

struct Flash {
  static constexpr double years_told = 20;  // what is more is no more than a guess

  std::optional<double> bytes_per_day, bytes_per_year;  // at the rate since the program started
  std::optional<double> bytes_per_message;              // likewise
  std::optional<double> years_left;  // at the most, at that rate; years_told: that or more
  std::string why;                   // it is unknown, or how far to trust it; empty: all is told
};

// What the journal had written in `for_ms`, and for how many messages. A reload of the
// configuration begins neither anew.
struct FlashWrites {
  std::uint64_t bytes = 0, messages = 0;
  std::int64_t for_ms = 0;
};

// `endurance_bytes`: 0 is not told. `used_percent`: of its life, at the most.
Flash flash(std::uint64_t endurance_bytes, std::optional<unsigned> used_percent,
            const FlashWrites& writes);

}  // namespace bascule
