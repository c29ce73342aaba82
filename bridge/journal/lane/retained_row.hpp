// What the journal knows of a retained value: a row of the table retained, FORMAT.md. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "journal/lane/lane_sequence.hpp"

namespace bascule {

// By topic at the source.
struct RetainedRow {
  std::string target;
  // Digest of the value that the source is known to retain; nothing: none. Where a route sets the
  // retain flag by itself, it may be another than what crossed last.
  std::optional<std::uint32_t> held;
  std::uint32_t crossed = 0;    // digest of what crossed last
  bool sets = false;            // and is retained there
  bool clear = false;           // that was a clear; the row stays until it has crossed
  std::int64_t expires_ms = 0;  // wall time at which that expires; 0: never
  LaneSequence place;           // where it is in the journal
};

}  // namespace bascule
