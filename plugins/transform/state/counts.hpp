// What was dropped, passed unchanged or forgotten, and for which reason: since the journal was
// made. What is quarantined the bridge counts.
//
// Key: counts, an object of objects of numbers, and whether a report of them is on its way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bascule/policy.hpp"
#include "sdk/json.hpp"

namespace bascule::transform {

class Counts {
 public:
  // `report_ms`: how long a report gathers what is new; 0: there is none.
  Counts(plugin::Step& host, std::int64_t now_ms, std::int64_t report_ms)
      : host_(host), now_ms_(now_ms), report_ms_(report_ms) {}

  // Gives how many there are now.
  std::uint64_t add(std::string_view what, std::string_view reason, std::uint64_t count = 1);
  // Notes that the report is made, and gives all that is counted.
  sdk::Json report();
  sdk::Json all() const;

 private:
  plugin::Step& host_;
  std::int64_t now_ms_, report_ms_;
};

// The name of the wake for it.
constexpr std::string_view report_wake = "report";

}  // namespace bascule::transform
