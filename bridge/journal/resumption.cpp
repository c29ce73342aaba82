#include "journal/resumption.hpp"

#include <algorithm>
#include <utility>

namespace bascule {

std::vector<LanePosition> Resumption::positions(Direction direction, const FarKnowledge& far) {
  // The next numbers of an older copy were used before; under a new epoch they are new.
  const bool renew = epoch_.overtaken(direction, far);
  if (renew) epoch_.renew();
  if (renew && far.session_present) sessions_.estrange(direction);
  std::vector<LanePosition> positions;
  for (LaneState& lane : books_.lanes()) {
    if (lane.direction != direction || lane.input) continue;
    if (far.readable && !renew) compare(lane, far);
    positions.push_back({lane.id,
                         direction,
                         lane.name,
                         lane.settings,
                         lane.cursor,
                         lane.done,
                         lane.replay_next,
                         lane.replay_last,
                         {},
                         books_.held().topics(lane.id),
                         {}});
  }
  // Last, for what one lane learns may void the claims of all.
  for (LanePosition& position : positions) {
    position.claims = books_.state(position.id).claims;
    if (position.held.empty()) continue;
    for (const auto& [sequence, claim] : position.claims.all()) {
      const auto held = transaction_.store().held().find({position.id, sequence});
      if (held) position.held_claims.emplace_back(sequence, held->topic);
    }
  }
  return positions;
}

void Resumption::compare(LaneState& lane, const FarKnowledge& far) {
  const std::uint64_t bookmark = epoch_.bookmark_of(lane, far);
  const std::uint64_t confirmed = epoch_.confirmed_of(lane);
  if (bookmark >= lane.next) return;
  if (bookmark > lane.cursor) return accept(lane, far, bookmark);
  // Behind what was read back once: the far broker forgot. Equal, but with the session gone: it may
  // have forgotten what came after the bookmark.
  const bool forgot = bookmark < confirmed;
  if (!forgot && (far.session_present || confirmed == 0)) return;
  if (forgot && far.session_present) sessions_.estrange(lane.direction);
  replay(lane, bookmark + 1, lane.done.empty() ? lane.cursor : lane.done.ranges().back().last);
  epoch_.lower_confirmed(lane, far, bookmark);
}

// It was accepted, and a crash came before the cursor was written.
void Resumption::accept(LaneState& lane, const FarKnowledge& far, std::uint64_t bookmark) {
  Progress accepted;
  accepted.lane = lane.id;
  for (const SequenceRange& range : lane.backlog_in(lane.cursor + 1, bookmark)) {
    accepted.parts.push_back(
        {range.first, range.last, reader_.bytes_of(lane, range), Fate::forwarded});
  }
  if (far.epoch == epoch_.current()) accepted.confirmed = bookmark;
  books_.progress(std::move(accepted));
}

void Resumption::replay(LaneState& lane, std::uint64_t first, std::uint64_t last) {
  if (first > last) return;
  const auto heads = transaction_.store().batches().heads(lane.id, first, 1);
  const std::uint64_t stored = heads.empty() ? last + 1 : std::max(first, heads.front().first);
  if (stored > first) {
    const std::uint64_t gone = std::min(stored - 1, last) - first + 1;
    books_.lose(lane, {lane.id, first, first + gone - 1, gone, 0, "beyond_history", 0});
  }
  if (stored <= last) {
    lane.replay_next = lane.replay_next == 0 ? stored : std::min(lane.replay_next, stored);
    lane.replay_last = std::max(lane.replay_last, last);
  }
  lane.dirty = true;
  transaction_.urge();
}

}  // namespace bascule
