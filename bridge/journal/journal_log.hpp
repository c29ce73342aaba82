// What the journal says in the log, in words for people: what it found, lost, mended, and waits
// for. Journal's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/core.hpp"
#include "message/per_direction.hpp"

namespace bascule {

class JournalLog {
 public:
  // It was opened, for the first time or again.
  static void opened(const JournalCore& core);
  static void new_epoch(const JournalCore& core);
  // The disk has no room for a commit: once, until it has.
  void starved();
  void fed() { starved_told_ = false; }
  // About once a second, for what may be many.
  void journaled_twice(const JournalCore& core);
  // What a far broker has lost, or seems to have.
  static void resumed(const std::vector<LanePosition>& lanes);
  static void session_lost(Direction in);

 private:
  bool starved_told_ = false;
  PerDirection<std::uint64_t> journaled_twice_;  // as was told last
};

}  // namespace bascule
