#include "forwarder/lane/lane_turns.hpp"

#include <algorithm>

namespace bascule {
namespace {

// What may be on the wire at once.
constexpr std::uint64_t bytes_in_flight_max = 4 << 20;
constexpr std::uint64_t bytes_in_flight_behind = 256 << 10;

}  // namespace

OutboundLane& LaneTurns::at(const LanePosition& position) {
  if (OutboundLane* const known = find(position.id)) return *known;
  OutboundLane& lane = *lanes_.emplace_back(std::make_unique<OutboundLane>(position));
  lane.pause(paused_.contains(lane.id()));
  return lane;
}

void LaneTurns::pause(LaneId id, bool paused) {
  if (paused) {
    paused_.insert(id);
  } else {
    paused_.erase(id);
  }
  if (OutboundLane* const lane = find(id)) lane->pause(paused);
}

OutboundLane* LaneTurns::find(LaneId id) {
  const auto lane = std::find_if(lanes_.begin(), lanes_.end(),
                                 [&](const auto& known) { return known->id() == id; });
  return lane == lanes_.end() ? nullptr : lane->get();
}

void LaneTurns::sort() {
  std::stable_sort(lanes_.begin(), lanes_.end(), [](const auto& a, const auto& b) {
    return a->settings().priority > b->settings().priority;
  });
}

LaneTurns::Next LaneTurns::next(std::int64_t now_ms, std::int64_t& wait_ms, bool claimed_only,
                                const MayGo& may_go) {
  for (auto it = lanes_.begin(); it != lanes_.end(); ++it) {
    OutboundLane& lane = **it;
    const int priority = lane.settings().priority;
    const bool first = priority == lanes_.front()->settings().priority;
    if (lane.bytes_in_flight() >= (first ? bytes_in_flight_max : bytes_in_flight_behind)) continue;
    const LaneItem* const item = lane.front(now_ms, wait_ms, claimed_only);
    if (item == nullptr || !may_go(lane, *item)) continue;
    const auto equals_end = std::find_if(it, lanes_.end(), [&](const auto& other) {
      return other->settings().priority != priority;
    });
    std::rotate(it, it + 1, equals_end);
    return {&lane, item};
  }
  return {};
}

bool LaneTurns::half_done() const {
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [](const auto& lane) { return lane->has_claims(); });
}

LaneTurns::Bookmark LaneTurns::bookmark() const {
  Bookmark lanes;
  for (const auto& lane : lanes_) lanes[lane->name()] = lane->bookmark();
  return lanes;
}

std::vector<Progress> LaneTurns::confirmed(const Bookmark& bookmark) const {
  std::vector<Progress> confirmed;
  for (const auto& lane : lanes_) {
    const auto found = bookmark.find(lane->name());
    if (found == bookmark.end() || found->second > lane->bookmark()) continue;
    Progress& progress = confirmed.emplace_back();
    progress.lane = lane->id();
    progress.confirmed = found->second;
  }
  return confirmed;
}

std::map<std::string, LaneStatus> LaneTurns::status() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

void LaneTurns::note_status() {
  const std::lock_guard lock(status_mutex_);
  for (const auto& lane : lanes_) {
    const LaneRetry& retry = lane->retry();
    status_[lane->name()] = {lane->in_flight(), retry.refused(), retry.reason(), retry.reordered(),
                             retry.careful()};
  }
}

}  // namespace bascule
