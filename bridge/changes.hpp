// What a changed file means for what waits in the journal. Nothing that waits is lost by a change
// without a word: limits that would give something up are refused, routes that get another lane
// keep the order of their topics, and what nobody takes any more is told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "journal/core.hpp"

namespace bascule {

// What of a file decides about what waits.
struct ChangedFile {
  LimitsOfFile limits;
  std::vector<std::string> policies;  // by name
  bool hub = false;
};
ChangedFile changed_file(const BridgeConfig& config);

// A lane with messages that nobody takes: of a policy that the file does not name any more, or for
// a central broker that it has not.
struct Orphan {
  std::string lane;
  Direction direction = Direction::up;
  std::string policy;  // empty: for central
  std::uint64_t messages = 0;
  std::int64_t oldest_age_ms = 0;
};
std::vector<Orphan> orphans(const JournalReport& report, const ChangedFile& file);
// One line for people, with what to do.
std::string to_string(const Orphan& orphan);

// Throws JournalError where limits would give up what waits, unless the losses are accepted.
// Changes nothing.
void check_limits(JournalCore& core, const BridgeConfig& config, bool accept_losses);

// Takes the file over, before the journal's thread starts, and logs what that means. Throws
// JournalError where limits would give up what waits, unless the losses are accepted; nothing has
// changed then.
void enter_configuration(JournalCore& core, const BridgeConfig& config, bool accept_losses);

}  // namespace bascule
