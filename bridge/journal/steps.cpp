// What a policy's step does to the journal. See core.hpp.
#include "journal/core.hpp"

namespace bascule {
namespace {

// A step frees its input, so it may go so far beyond a full journal's limits: else inputs that
// filled it could never be decided.
constexpr std::uint64_t beyond_full = 8 << 20;

}  // namespace

AppendResult JournalCore::emit(std::string_view bytes, std::span<const Append> entries) {
  if (!claim_rooms(entries, beyond_full)) return AppendResult::full;
  std::size_t index = 0;
  for (const Append& entry : entries) {
    LaneState& lane = state(entry.lane);
    const std::string_view record = bytes.substr(entry.offset, entry.length);
    if (lane.name != events_lane) {
      ++tallies_[lane.direction].emitted;
      tally_dirty_ = true;
    }
    if (rooms_[index++] == Room::take) {
      place(lane, read_record(record), record);
    } else {
      drop(lane, record.size());
    }
  }
  if (!entries.empty()) {
    urgent_ = true;
    appended_ms_ = boottime_ms();
  }
  return AppendResult::stored;
}

void JournalCore::settle_input(LaneId id, std::uint64_t sequence, std::uint64_t bytes, Fate fate) {
  state(id).resolve(sequence, sequence, bytes, fate);
  urgent_ = true;
}

Store& JournalCore::change() {
  urgent_ = true;
  return write();
}

}  // namespace bascule
