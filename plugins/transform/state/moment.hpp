// How long ago something was journaled. Pure.
#pragma once

#include <cstdint>
#include <limits>

#include "sdk/moment.hpp"

namespace bascule::transform {

using sdk::Moment;

// By boot time, which does not jump. Over a restart of the machine only the wall clock is there;
// where that went back, it counts as for ever.
inline std::int64_t elapsed_ms(const Moment& from, const Moment& to) {
  if (from.boot == to.boot) return to.boottime_ms - from.boottime_ms;
  const auto passed = to.wall_ms - from.wall_ms;
  return passed < 0 ? std::numeric_limits<std::int64_t>::max() : passed;
}

}  // namespace bascule::transform
