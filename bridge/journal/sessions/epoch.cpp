#include "journal/sessions/epoch.hpp"

#include <algorithm>
#include <utility>

namespace bascule {

// Commits that are not synced are lost with the power, also of messages that were forwarded. So a
// journal that makes such commits has the mark of the boot before it gives a number, and whoever
// finds that of another boot does not know how far its numbers had come.
bool Epoch::due() const {
  const std::optional<std::string> mark = transaction_.store().meta().unsynced();
  return mark && !marked_ && (mark->empty() || *mark != settings_.boot);
}

bool Epoch::enter_boot() {
  if (opening_.empty()) {
    for (const LaneState& lane : books_.lanes()) opening_.push_back(lane.next);
  }
  const std::optional<std::string> mark = transaction_.store().meta().unsynced();
  const bool lost = due();
  if (lost) {
    std::vector<Former> lanes;
    for (const LaneState& lane : books_.lanes()) lanes.push_back({lane.next, lane.confirmed});
    renew(std::move(lanes));
  }
  const bool normal = settings_.sync == JournalSettings::Sync::normal;
  const auto due = normal ? std::optional(settings_.boot) : std::nullopt;
  if (mark != due) transaction_.write().meta().save_unsynced(due);
  return lost;
}

void Epoch::boot_entered() {
  transaction_.store().set_sync(settings_.sync);
  marked_ = settings_.sync == JournalSettings::Sync::normal;
}

// Synced, with the segments before it. SQLite believes its log as far as it is whole: where this
// commit survives a power cut, so do all before it.
void Epoch::leave_boot() noexcept {
  if (!marked_ || !transaction_.is_open() || transaction_.under_way()) return;
  try {
    transaction_.store().set_sync(JournalSettings::Sync::full);
    transaction_.write().meta().save_unsynced({});
    transaction_.commit();
  } catch (const std::exception&) {
    // The mark stays, and costs a new epoch if the machine is started again before the journal is.
  }
}

bool Epoch::overtaken(Direction direction, const FarKnowledge& far) const {
  if (!far.readable || far.epoch != current()) return false;
  const auto& lanes = books_.lanes();
  return std::any_of(lanes.begin(), lanes.end(), [&](const LaneState& lane) {
    const auto bookmark = far.lanes.find(lane.name);
    return lane.direction == direction && bookmark != far.lanes.end() &&
           bookmark->second >= (looked_[direction] ? lane.next : opening_.at(lane.id - 1U));
  });
}

void Epoch::renew(Direction overtaken) {
  std::vector<Former> lanes;
  for (const LaneState& lane : books_.lanes()) {
    const bool own = lane.direction != overtaken && looked_[lane.direction];
    const std::uint64_t next = own ? lane.next : opening_.at(lane.id - 1U);
    lanes.push_back({next, std::min(lane.confirmed, next - 1)});
  }
  renew(std::move(lanes));
}

// No bookmark of the new epoch was read back yet.
void Epoch::renew(std::vector<Former> former) {
  former_ = current();
  former_lanes_ = std::move(former);
  transaction_.write().renew_epoch();
  for (LaneState& lane : books_.lanes()) {
    lane.confirmed = 0;
    lane.dirty = true;
  }
  transaction_.urge();
}

// In the epoch that ended the messages that were there by then had the same numbers; higher ones
// were those of others.
std::uint64_t Epoch::bookmark_of(const LaneState& lane, const FarKnowledge& far) const {
  const auto found = far.lanes.find(lane.name);
  if (found == far.lanes.end()) return 0;
  if (far.epoch == current()) return found->second;
  if (former_lanes_.empty() || far.epoch != former_) return 0;
  return std::min(found->second, former_lanes_.at(lane.id - 1U).next - 1);
}

std::uint64_t Epoch::confirmed_of(const LaneState& lane) const {
  if (former_lanes_.empty()) return lane.confirmed;
  return std::max(lane.confirmed, former_lanes_.at(lane.id - 1U).confirmed);
}

void Epoch::lower_confirmed(LaneState& lane, const FarKnowledge& far, std::uint64_t bookmark) {
  lane.confirmed = far.epoch == current() ? bookmark : 0;
  lane.dirty = true;
  if (!former_lanes_.empty()) former_lanes_.at(lane.id - 1U).confirmed = bookmark;
}

}  // namespace bascule
