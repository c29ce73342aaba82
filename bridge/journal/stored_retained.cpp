#include "journal/stored_retained.hpp"

namespace bascule {

std::optional<RetainedRow> StoredRetained::find(Direction direction, std::string_view topic) {
  return transaction_.store().retained().find(direction, topic);
}

void StoredRetained::save(Direction direction, std::string_view topic, const RetainedRow& row) {
  transaction_.write().retained().save(direction, topic, row);
  transaction_.change_later();
}

void StoredRetained::erase(Direction direction, std::string_view topic) {
  transaction_.write().retained().erase(direction, topic);
  transaction_.change_later();
}

RetainedRows::Topics StoredRetained::behind(Direction direction, std::string_view after,
                                            std::size_t limit) {
  return transaction_.store().retained().behind(direction, after, limit);
}

RetainedRows::FormerTargets StoredRetained::former(Direction direction) {
  return transaction_.store().retained().former(direction);
}

void StoredRetained::save_former(Direction direction, std::string_view target, LaneId lane) {
  transaction_.write().retained().save_former(direction, target, lane);
  transaction_.change_later();
}

void StoredRetained::erase_former(Direction direction, std::string_view target) {
  transaction_.write().retained().erase_former(direction, target);
  transaction_.change_later();
}

RetainedRows::Fate StoredRetained::fate(LaneSequence place) {
  const LaneState& lane = books_.state(place.lane);
  if (const auto reason = transaction_.store().losses().reason(place)) {
    const bool meant = *reason == "not_resent" && lane.settings.resend == Resend::never;
    if (!meant) return Fate::lost;
  }
  return lane.resolved(place.sequence) ? Fate::crossed : Fate::waits;
}

}  // namespace bascule
