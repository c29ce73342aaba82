// The gate of a policy: up to which of its inputs up it may decide now. Journal's thread.
#pragma once

#include <cstdint>
#include <string>

#include "clock.hpp"
#include "journal/core.hpp"
#include "policy/settings.hpp"

namespace bascule {

// The local date, "2026-11-22", of the newest moment at or before `wall_ms` at which it was
// `minute` minutes after midnight. Runs are keyed by it: in the night in which clocks are set back,
// 01:00 comes twice and counts once.
std::string due_day(std::int64_t wall_ms, int minute);

class GateKeeper {
 public:
  explicit GateKeeper(Gate gate) : gate_(gate) {}

  // Forgets what it knew; `policy` is its input lane up.
  void opened(JournalCore& core, PolicyId policy);

  // An input that told of the line to central has been decided: what came before it has, too.
  void line(bool up) { line_up_ = up; }

  // The last input that may be decided now. A daily run that is due begins with what has come until
  // now; a missed one is caught up. The wall clock is the machine's, trusted or not.
  std::uint64_t limit(JournalCore& core, const Now& at);

  // Why inputs wait, for people.
  std::string waits_for() const;

 private:
  Gate gate_;
  PolicyId policy_ = 0;
  bool line_up_ = false;
  DailyRun run_;
};

}  // namespace bascule
