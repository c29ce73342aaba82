// When something was journaled, as inputs have it: by both clocks of the machine.
#pragma once

#include <cstdint>

#include "bascule/policy.hpp"
#include "sdk/json.hpp"

namespace bascule::sdk {

struct Moment {
  std::int64_t boot = 0;
  std::int64_t boottime_ms = 0;
  std::int64_t wall_ms = 0;
  bool trusted = false;  // a time source kept the wall clock right

  static Moment of(const plugin::Input& input) {
    return {input.boot(), input.boottime_ms(), input.wall_ms(), input.clock_trusted()};
  }

  Json json() const { return Json::array({boot, boottime_ms, wall_ms, trusted}); }
  // Without the last one it is not trusted.
  static Moment of(const Json& json) {
    return {json.at(0).get<std::int64_t>(), json.at(1).get<std::int64_t>(),
            json.at(2).get<std::int64_t>(), json.size() > 3 && json.at(3).get<bool>()};
  }
};

}  // namespace bascule::sdk
