// Tells the centre how this bridge is, when that is news: at each connection, and as
// worth_telling() has it. On one thread, which waits for the journal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "crossing/crossing.hpp"
#include "fleet/summary.hpp"
#include "journal/journal.hpp"

namespace bascule {

class SummaryTeller {
 public:
  // `centre` is the crossing by which the centre is reached. Both outlive this. `topic`: of its
  // link; empty: nothing is told.
  SummaryTeller(std::string topic, Journal& journal, Crossing& centre);

  // Each second or so.
  void look(std::int64_t boottime_ms);

 private:
  std::string topic_;
  Journal& journal_;
  Crossing& centre_;
  std::optional<Summary> told_;  // on this connection
  std::uint64_t reconnects_ = 0;
  std::int64_t told_ms_ = 0;  // boot time, as the next
  std::int64_t slow_ms_ = 0;  // when the line was last slow; 0: never
};

}  // namespace bascule
