#include "stick/beginning.hpp"

namespace bascule {
namespace {

// The site's journal lost its last commits since that bookmark, and gives its numbers anew. Where
// it goes on by the line, it goes on at its cursor.
bool is_former(const StickHead& head, const FarKnowledge& far) {
  return far.epoch != head.epoch && !far.epoch.empty() && far.epoch == head.marked;
}

std::uint64_t bookmark_of(const StickLane& lane, const FarKnowledge& far) {
  const auto found = far.lanes.find(lane.name);
  return found == far.lanes.end() ? 0 : found->second;
}

std::string range(std::uint64_t first, std::uint64_t last) {
  return first == last ? std::to_string(first)
                       : std::to_string(first) + " to " + std::to_string(last);
}

}  // namespace

Beginning begin_in(const StickHead& head, const StickLane& lane, const FarKnowledge& far) {
  if (is_former(head, far)) return {lane.cursor + 1, true, {}};
  if (!far.epoch.empty() && far.epoch != head.epoch) {
    return {lane.cursor + 1, false,
            "it is of epoch " + head.epoch + ", and " + head.bridge + " has been here with epoch " +
                far.epoch + ": what it holds may have crossed with other numbers"};
  }
  const std::uint64_t bookmark = bookmark_of(lane, far);
  if (lane.first <= bookmark + 1) return {bookmark + 1, true, {}};
  return {lane.first, false,
          range(bookmark + 1, lane.first - 1) +
              " are not on it, and have not come here by its bookmark" +
              (far.epoch.empty() ? " (there is none)" : "")};
}

std::map<std::string, std::uint64_t, std::less<>> lanes_known(const StickHead& head,
                                                              const FarKnowledge& far) {
  return is_former(head, far) ? head.cursors : far.lanes;
}

}  // namespace bascule
