// How long the flash under the journal will last, as far as that can be known: what its maker says
// it can be written, how worn it says it is, and how fast this program writes. Others may write,
// too, and the flash itself writes more than it is told to. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bascule {

struct Flash {
  std::optional<double> bytes_per_year;  // of this program, as since its start
  std::optional<double> years_left;      // at that rate; 1,000 at the most
  std::string why;  // it is unknown, or how far to trust it; empty: all is told
};

// `endurance_bytes`: 0 is not told. `used_percent`: of its life, at the most. `written_bytes`: by
// this program in `uptime_ms`.
Flash flash(std::uint64_t endurance_bytes, std::optional<unsigned> used_percent,
            std::optional<std::uint64_t> written_bytes, std::int64_t uptime_ms);

}  // namespace bascule
