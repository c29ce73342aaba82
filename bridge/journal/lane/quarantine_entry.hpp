// A message that is kept apart because it can never cross: the row of `quarantine` in FORMAT.md.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "journal/lane/record.hpp"
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
  Qos qos = Qos::at_most_once;
  bool retain = false;
  InputKind kind = InputKind::message;
  std::int64_t number = 0;  // once it is in the journal
  std::int64_t at_ms = 0;   // likewise; wall time

  bool whole() const { return payload.size() == size; }
};

// The one maker of entries. Copies the message; `place` is {} where it has none, and then only the
// payload's head is kept: it can never be sent.
QuarantineEntry quarantine_entry(Direction direction, LaneSequence place, const Message& message,
                                 std::string reason, InputKind kind = InputKind::message);

}  // namespace bascule
