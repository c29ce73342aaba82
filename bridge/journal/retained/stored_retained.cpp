#include "journal/retained/stored_retained.hpp"

#include <iterator>

namespace bascule {
namespace {

constexpr int swept_at_once = 10'000;

}  // namespace

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

void StoredRetained::sweep(const LaneState& lane) {
  std::uint64_t& swept = swept_[lane.id];
  if (lane.cursor <= swept) return;
  const auto clears =
      transaction_.store().retained().clears(lane.id, swept, lane.cursor, swept_at_once);
  for (const RetainedTable::Clear& clear : clears) {
    if (fate({lane.id, clear.sequence}) == Fate::crossed) erase(clear.direction, clear.topic);
  }
  swept = std::ssize(clears) < swept_at_once ? lane.cursor : clears.back().sequence;
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
