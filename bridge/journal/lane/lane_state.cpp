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
  dirty = true;
  if (pending() == 0) resolved_bytes = appended_bytes;
  return added;
}

std::vector<SequenceRange> LaneState::waiting(std::uint64_t first, std::uint64_t last) const {
  std::vector<SequenceRange> waiting;
  first = std::max(first, cursor + 1);
  last = std::min(last, next - 1);
  for (const SequenceRange& range : done.ranges()) {
    if (range.last < first) continue;
    if (range.first > last) break;
    if (range.first > first) waiting.push_back({first, range.first - 1});
    first = range.last + 1;
  }
  if (first <= last) waiting.push_back({first, last});
  return waiting;
}

bool LaneState::balanced() const {
  const std::uint64_t fated = fates[0] + fates[1] + fates[2] + fates[3];
  return fated == cursor + done.size() && cursor < next &&
         (done.empty() ||
          (done.ranges().front().first > cursor + 1 && done.ranges().back().last < next));
}

}  // namespace bascule
