// What the journal's thread answers, made of what the core has. Journal's thread.
#pragma once

#include <vector>

#include "journal/journal.hpp"

namespace bascule {

// What of a far broker's knowledge follows for the lanes that go there. May begin a new epoch.
Journal::Positions positions_of(JournalCore& core, Direction direction, const FarKnowledge& far);

// Batches, with the times at which they came.
std::vector<Journal::Portion> portions_of(const JournalCore& core,
                                          const std::vector<BatchPtr>& batches);

}  // namespace bascule
