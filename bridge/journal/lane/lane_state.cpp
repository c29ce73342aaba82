#include "journal/lane/lane_state.hpp"

#include <algorithm>

namespace bascule {

std::uint64_t LaneState::resolve(std::uint64_t first, std::uint64_t last, std::uint64_t bytes,
                                 Fate fate) {
  if (first > last) return 0;
  const std::uint64_t asked = last - first + 1;
  first = std::max(first, cursor + 1);
  last = std::min(last, next - 1);
  if (first > last) return 0;
  const std::uint64_t added = done.add(first, last);
  if (added == 0) return 0;
  // Of a range that was resolved in part before, the bytes count by share: exact in all but that
  // case.
  resolved_bytes += added == asked ? bytes : bytes / asked * added;
  resolved_bytes = std::min(resolved_bytes, appended_bytes);
  count(fate) += added;
  cursor = done.take_from(cursor);
  if (last > cursor) done_lately.add(first, last);
  dirty = true;
  if (in_order() == 0) resolved_bytes = appended_bytes;
  return added;
}

bool LaneState::hold(std::uint64_t sequence, std::uint64_t bytes, bool again) {
  const bool was_resolved = resolved(sequence);
  if (was_resolved && (!again || count(Fate::forwarded) == 0)) return false;
  if (was_resolved) {
    dirty = true;
  } else if (resolve(sequence, sequence, bytes, Fate::forwarded) == 0) {
    return false;
  }
  --count(Fate::forwarded);
  ++held;
  held_bytes += bytes;
  return true;
}

void LaneState::release(std::uint64_t bytes, Fate fate) {
  --held;
  held_bytes -= std::min(held_bytes, bytes);
  ++count(fate);
  dirty = true;
}

std::vector<SequenceRange> LaneState::backlog_in(std::uint64_t first, std::uint64_t last) const {
  return done.missing(std::max(first, cursor + 1), std::min(last, next - 1));
}

std::vector<SequenceRange> LaneState::resolved_in(std::uint64_t first, std::uint64_t last) const {
  std::vector<SequenceRange> resolved;
  if (first <= std::min(last, cursor)) resolved.push_back({first, std::min(last, cursor)});
  const auto beyond = done.common(std::max(first, cursor + 1), last);
  resolved.insert(resolved.end(), beyond.begin(), beyond.end());
  return resolved;
}

std::vector<SequenceRange> LaneState::replaying() const {
  return replay_next == 0 ? std::vector<SequenceRange>()
                          : replay_skips.missing(replay_next, replay_last);
}

void LaneState::replay(const std::vector<SequenceRange>& ranges) {
  SequenceSet all;
  for (const SequenceRange& range : replaying()) all.add(range.first, range.last);
  for (const SequenceRange& range : ranges) all.add(range.first, range.last);
  set_replay(all);
}

std::uint64_t LaneState::replayed(std::uint64_t first, std::uint64_t next) {
  SequenceSet left;
  std::uint64_t before = 0;
  for (const SequenceRange& range : replaying()) {
    before += range.last - range.first + 1;
    if (range.first < first) left.add(range.first, std::min(range.last, first - 1));
    if (range.last >= next) left.add(std::max(range.first, next), range.last);
  }
  set_replay(left);
  return before - left.size();
}

void LaneState::set_replay(const SequenceSet& all) {
  dirty = true;
  replay_skips = {};
  replay_next = replay_last = 0;
  if (all.empty()) return;
  // What waits before it is not passed over.
  replay_next = std::min(all.lowest(), cursor + 1);
  replay_last = all.highest();
  for (const SequenceRange& range : all.missing(replay_next, replay_last)) {
    replay_skips.add(range.first, range.last);
  }
}

bool LaneState::balanced() const {
  const std::uint64_t fated = fates[0] + fates[1] + fates[2] + fates[3] + held;
  return fated == cursor + done.size() && cursor < next &&
         (done.empty() || (done.lowest() > cursor + 1 && done.highest() < next));
}

std::string LaneState::account() const {
  const auto text = [](std::uint64_t number) { return std::to_string(number); };
  const std::uint64_t fated = fates[0] + fates[1] + fates[2] + fates[3] + held;
  return "the books of lane " + name + " " + std::string(to_string(direction)) +
         " do not balance: forwarded " + text(count(Fate::forwarded)) + " + expired " +
         text(count(Fate::expired)) + " + evicted " + text(count(Fate::evicted)) +
         " + quarantined " + text(count(Fate::quarantined)) + " + held " + text(held) + " = " +
         text(fated) + ", but cursor " + text(cursor) + " + " + text(done.size()) +
         " beyond it = " + text(cursor + done.size()) + ", of " + text(journaled()) + " journaled";
}

std::string LaneState::mend() {
  if (balanced()) return {};
  std::string wrong = account();
  SequenceSet beyond;
  for (const SequenceRange& range : done.ranges()) {
    if (range.last > cursor) beyond.add(std::max(range.first, cursor + 1), range.last);
  }
  done = std::move(beyond);
  cursor = done.take_from(cursor);
  // A number that may have been given is not given again.
  next = std::max({next, cursor + 1, done.empty() ? 0 : done.highest() + 1});
  const std::uint64_t resolved = cursor + done.size();
  std::uint64_t others = fates[1] + fates[2] + fates[3] + held;
  if (others > resolved) {
    fates[1] = fates[2] = fates[3] = 0;
    others = std::min(held, resolved);
    held = others;
  }
  count(Fate::forwarded) = resolved - others;
  dirty = true;
  return wrong + "; forwarded counts " + std::to_string(count(Fate::forwarded)) + " from now on";
}

}  // namespace bascule
