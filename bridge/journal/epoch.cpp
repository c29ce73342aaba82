// When a journal begins a new epoch: when numbers that it is about to give may have been given to
// other messages before. See core.hpp.
#include <algorithm>

#include "journal/core.hpp"

namespace bascule {

// The opening's last commit, synced whatever the settings say. Commits that are not synced are lost
// with the power, also of messages that were forwarded. So a journal that makes such commits has
// the mark of the boot before it gives a number, and whoever finds that of another boot does not
// know how far its numbers had come.
void JournalCore::enter_boot() {
  const std::optional<std::string> mark = store_->unsynced();
  const bool lost = mark && !marked_ && (mark->empty() || *mark != settings_.boot);
  if (lost) {
    former_epoch_ = epoch();
    std::vector<Former> lanes;
    for (const LaneState& lane : lanes_) lanes.push_back({lane.next, lane.confirmed});
    renew_epoch();
    former_ = std::move(lanes);
    for (const Direction out : {Direction::up, Direction::down}) estrange(out);
  }
  const bool normal = settings_.sync == JournalSettings::Sync::normal;
  const auto due = normal ? std::optional(settings_.boot) : std::nullopt;
  if (mark != due) write().save_unsynced(due);
  commit();
  store_->set_sync(settings_.sync);
  marked_ = normal;
}

// The last commit of all takes the mark away. SQLite believes its log as far as it is whole: where
// this commit survives a power cut, so do all before it.
void JournalCore::leave_boot() noexcept {
  if (!marked_ || store_ == nullptr || in_transaction_) return;
  try {
    store_->begin();
    store_->save_unsynced({});
    store_->commit();
  } catch (const std::exception&) {
    // The mark stays, and costs a new epoch if the machine is started again before the journal is.
  }
}

bool JournalCore::overtaken(Direction direction, const FarKnowledge& far) const {
  if (!far.readable || far.epoch != epoch()) return false;
  return std::any_of(lanes_.begin(), lanes_.end(), [&](const LaneState& lane) {
    const auto bookmark = far.lanes.find(lane.name);
    return lane.direction == direction && bookmark != far.lanes.end() &&
           bookmark->second >= lane.next;
  });
}

// No bookmark of the new epoch was read back yet.
void JournalCore::renew_epoch() {
  write().renew_epoch();
  former_.clear();
  for (LaneState& lane : lanes_) {
    lane.confirmed = 0;
    lane.dirty = true;
  }
  urgent_ = true;
}

// How far the far broker has come in the lane. In the epoch that ended when the journal was opened
// the messages that were there by then had the same numbers; higher ones were those of others.
std::uint64_t JournalCore::bookmark_of(const LaneState& lane, const FarKnowledge& far) const {
  const auto found = far.lanes.find(lane.name);
  if (found == far.lanes.end()) return 0;
  if (far.epoch == epoch()) return found->second;
  if (former_.empty() || far.epoch != former_epoch_) return 0;
  return std::min(found->second, former_.at(lane.id - 1U).next - 1);
}

std::uint64_t JournalCore::confirmed_of(const LaneState& lane) const {
  if (former_.empty()) return lane.confirmed;
  return std::max(lane.confirmed, former_.at(lane.id - 1U).confirmed);
}

}  // namespace bascule
