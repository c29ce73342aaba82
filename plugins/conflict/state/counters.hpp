// What every decision of the authority needs, as one value of the host's map.
#pragma once

#include <cstdint>
#include <optional>

#include "bascule/policy.hpp"
#include "conflict/record/hlc.hpp"

namespace bascule::conflict {

struct Counts {
  Hlc clock;
  std::uint64_t history = 0;  // entries, ever
  std::uint64_t before = 0;   // likewise, when the step began
  std::uint64_t queued = 0;   // ops that waited for a batch, ever
  std::uint64_t waiting = 0;  // ops that wait for another one, now
  std::uint64_t visited = 0;
  std::uint64_t told = 0;
  std::int64_t trim_at_ms = 0;         // when the wake that trims was asked for; 0: it was not
  std::uint64_t losers_forgotten = 0;  // ops that had lost, ever (losses.hpp)
};

class Counters {
 public:
  explicit Counters(plugin::Step& step) : step_(step) {}

  const Counts& get() const;
  Counts& change();
  // Puts it, if it has changed; at the end of the step.
  void flush();

 private:
  plugin::Step& step_;
  mutable std::optional<Counts> counts_;  // once read
  bool changed_ = false;
};

}  // namespace bascule::conflict
