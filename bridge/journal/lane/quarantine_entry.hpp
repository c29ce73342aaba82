// A message that is kept apart because it can never cross: the row of `quarantine` in FORMAT.md.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "journal/lane/lane_sequence.hpp"
#include "message/direction.hpp"
#include "message/message.hpp"

namespace bascule {

struct QuarantineEntry {
  Direction direction = Direction::up;
  LaneId lane = 0;                         // 0: it never got one
  std::uint64_t sequence = 0;              // 0: likewise
  std::string reason;                      // one line, for people
  std::string topic, properties, payload;  // payload: as much of it as is kept
  std::uint64_t size = 0;                  // of the whole payload
};

// The one maker of entries. Copies what is kept of the message; `place` is {} where it has none.
QuarantineEntry quarantine_entry(Direction direction, LaneSequence place, const Message& message,
                                 std::string reason);

}  // namespace bascule
