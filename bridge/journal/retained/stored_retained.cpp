#include "journal/retained/stored_retained.hpp"

#include <iterator>
#include <utility>

namespace bascule {
namespace {

constexpr int swept_at_once = 10'000;

// What a row takes, about.
std::int64_t bytes_of(std::string_view topic, const RetainedRow& row) {
  return static_cast<std::int64_t>(64 + topic.size() + row.target.size());
}

}  // namespace

std::optional<RetainedRow> StoredRetained::find(Direction direction, std::string_view topic) {
  return transaction_.store().retained().find(direction, topic);
}

void StoredRetained::load() {
  swept_.clear();
  for (const Direction direction : both_directions) {
    Side& side = sides_[direction];
    const std::uint64_t unnoted = side.size.unnoted;
    const auto [values, bytes] = transaction_.store().meta().retained_size(direction);
    side = {{values, bytes, unnoted}, false};
  }
}

void StoredRetained::save_sizes() {
  for (const Direction direction : both_directions) {
    Side& side = sides_[direction];
    if (!std::exchange(side.changed, false)) continue;
    transaction_.write().meta().save_retained_size(direction, side.size.values, side.size.bytes);
  }
}

void StoredRetained::count(Direction direction, std::int64_t values, std::int64_t bytes) {
  if (values == 0 && bytes == 0) return;
  Side& side = sides_[direction];
  side.size.values += static_cast<std::uint64_t>(values);
  side.size.bytes += static_cast<std::uint64_t>(bytes);
  side.changed = true;
}

void StoredRetained::save(Direction direction, std::string_view topic, const RetainedRow& row) {
  const auto before = find(direction, topic);
  RetainedSize& size = sides_[direction].size;
  if (!before && size.bytes >= bytes_max_) {
    ++size.unnoted;
    return;
  }
  count(direction, before ? 0 : 1, bytes_of(topic, row) - (before ? bytes_of(topic, *before) : 0));
  transaction_.write().retained().save(direction, topic, row);
  transaction_.change_later();
}

void StoredRetained::erase(Direction direction, std::string_view topic) {
  const auto before = find(direction, topic);
  if (!before) return;
  count(direction, -1, -bytes_of(topic, *before));
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
    if (!meant && *reason != "requeued") return Fate::lost;
  }
  return lane.resolved(place.sequence) ? Fate::crossed : Fate::waits;
}

}  // namespace bascule
