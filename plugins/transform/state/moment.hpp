// When something was journaled, as inputs have it, and how long ago that was.
#pragma once

#include <cstdint>
#include <limits>

#include "bascule/policy.hpp"
#include "sdk/json.hpp"

namespace bascule::transform {

struct Moment {
  std::int64_t boot = 0;
  std::int64_t boottime_ms = 0;
  std::int64_t wall_ms = 0;

  static Moment of(const plugin::Input& input) {
    return {input.boot(), input.boottime_ms(), input.wall_ms()};
  }
  sdk::Json to_json() const { return {boot, boottime_ms, wall_ms}; }
  static Moment from_json(const sdk::Json& json) { return {json.at(0), json.at(1), json.at(2)}; }
};

// By boot time, which does not jump. Over a restart of the machine only the wall clock is there;
// where that went back, it counts as for ever.
inline std::int64_t elapsed_ms(const Moment& from, const Moment& to) {
  if (from.boot == to.boot) return to.boottime_ms - from.boottime_ms;
  const auto passed = to.wall_ms - from.wall_ms;
  return passed < 0 ? std::numeric_limits<std::int64_t>::max() : passed;
}

}  // namespace bascule::transform
