// The name of a message in its journal: which lane, and which place there. As one number it is
// `lane << 48 | sequence`: the key of a row (FORMAT.md), and the tag under which a forwarder hands
// a message to its link. Pure; any thread.
#pragma once

#include <compare>
#include <cstdint>

namespace bascule {

// Lane ids are persisted; see FORMAT.md. 0 is none.
using LaneId = std::uint16_t;

struct LaneSequence {
  static constexpr int sequence_bits = 48;
  static constexpr std::uint64_t sequence_max = (std::uint64_t{1} << sequence_bits) - 1;

  LaneId lane = 0;
  std::uint64_t sequence = 0;

  static constexpr LaneSequence of_key(std::uint64_t key) {
    return {static_cast<LaneId>(key >> sequence_bits), key & sequence_max};
  }
  constexpr std::uint64_t key() const { return std::uint64_t{lane} << sequence_bits | sequence; }

  auto operator<=>(const LaneSequence&) const = default;
};

// The lowest and the highest key of a lane.
constexpr std::uint64_t first_key(LaneId lane) { return LaneSequence{lane, 0}.key(); }
constexpr std::uint64_t last_key(LaneId lane) {
  return LaneSequence{lane, LaneSequence::sequence_max}.key();
}

}  // namespace bascule
