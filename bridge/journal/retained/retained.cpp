#include "journal/retained/retained.hpp"

#include <algorithm>

namespace bascule {
namespace {

// P9. Beyond the first what is found is asked for once more, which costs time; beyond the second
// nothing of the comparison crosses.
constexpr std::size_t found_max = 1'000'000;
constexpr std::size_t live_max = 250'000;
constexpr std::size_t former_max = 100'000;
// Of a step in the journal, and of a question to the broker: mosquitto queues 1,000.
constexpr std::size_t rows_a_step = 2'000;
constexpr std::size_t topics_a_portion = 400;
// A broker says what is left in whole seconds, and a slow line takes its time.
constexpr std::int64_t expiry_slack_ms = 10'000;

std::uint64_t hash_of(std::string_view topic) { return std::hash<std::string_view>{}(topic); }

// Whether the far side's copy lives as long as the source's.
bool lives_as_long(const RetainedRow& row, const RetainedValue& value) {
  if ((row.expires_ms == 0) != (value.expires_ms == 0)) return false;
  return value.expires_ms <= row.expires_ms + expiry_slack_ms;
}

}  // namespace

void Retained::load() {
  for (const Direction direction : both_directions) former_[direction] = rows_.former(direction);
}

void Retained::note_live(const RetainedValue& value) {
  Side& side = sides_[value.direction];
  if (!side.open || side.blind) return;
  if (side.live.size() >= live_max) {
    side.blind = true;
    return;
  }
  side.live.insert(hash_of(value.topic));
}

void Retained::note_found(Side& side, std::uint64_t hash) {
  if (side.checking) {
    side.again.insert(hash);
  } else if (side.found.size() < found_max) {
    side.found.push_back(hash);
  }
}

// The far side has the value, as far as anyone knows.
bool Retained::known(const RetainedValue& value, const std::optional<RetainedRow>& row) {
  if (!row || row->target != value.target) return false;
  if (row->held != value.digest && row->crossed != value.digest) return false;
  return lives_as_long(*row, value) && rows_.fate(row->place) != RetainedRows::Fate::lost;
}

bool Retained::news(const RetainedValue& value, Arrival arrival) {
  switch (arrival) {
    case Arrival::live:
      note_live(value);
      return true;
    case Arrival::replayed:
      note_live(value);
      return !known(value, rows_.find(value.direction, value.topic));
    case Arrival::compared:
      return found(value);
    case Arrival::present:
      if (Side& side = sides_[value.direction]; side.open) note_found(side, hash_of(value.topic));
      return false;
    case Arrival::cleared: {
      const Side& side = sides_[value.direction];
      if (!side.open || side.blind || seen(side, value.topic)) return false;
      const auto row = rows_.find(value.direction, value.topic);
      return row && (row->held || row->clear);
    }
  }
  return true;
}

bool Retained::found(const RetainedValue& value) {
  Side& side = sides_[value.direction];
  if (!side.open) return false;
  const std::uint64_t hash = hash_of(value.topic);
  note_found(side, hash);
  if (side.blind || side.live.contains(hash)) return false;
  auto row = rows_.find(value.direction, value.topic);
  if (!known(value, row)) return true;
  if (!row->held) {
    row->held = value.digest;
    rows_.save(value.direction, value.topic, *row);
  }
  return false;
}

void Retained::crosses(const RetainedValue& value, LaneSequence place) {
  auto row = rows_.find(value.direction, value.topic);
  if (row && row->target != value.target && row->sets && !value.decided) leave(value, *row);
  forget_former(value.direction, value.target);
  if (!row) row.emplace();
  row->target = value.target;
  row->clear = value.empty && value.held;
  if (value.held) row->held = value.digest;
  if (row->clear) row->held.reset();
  row->crossed = value.digest;
  row->sets = value.sets;
  row->expires_ms = value.expires_ms;
  row->place = place;
  rows_.save(value.direction, value.topic, *row);
}

// With too many of them, the oldest copies stay where they are.
void Retained::leave(const RetainedValue& value, const RetainedRow& row) {
  auto& former = former_[value.direction];
  if (former.size() >= former_max) return;
  former.insert_or_assign(row.target, row.place.lane);
  rows_.save_former(value.direction, row.target, row.place.lane);
}

void Retained::forget_former(Direction direction, std::string_view target) {
  auto& former = former_[direction];
  const auto found = former.find(target);
  if (found == former.end()) return;
  former.erase(found);
  rows_.erase_former(direction, target);
}

void Retained::begin(Direction direction) {
  sides_[direction] = {};
  sides_[direction].open = true;
}

void Retained::close(Direction direction) { sides_[direction] = {}; }

void Retained::end_answer(Side& side) {
  if (std::exchange(side.checking, true)) return;
  std::ranges::sort(side.found);
}

bool Retained::seen(const Side& side, std::string_view topic) {
  const std::uint64_t hash = hash_of(topic);
  return side.live.contains(hash) || side.again.contains(hash) ||
         (side.checking && std::ranges::binary_search(side.found, hash));
}

std::size_t Retained::source_forgot(Direction direction) {
  end_answer(sides_[direction]);
  std::size_t count = 0;
  std::string after;
  for (;;) {
    auto rows = rows_.behind(direction, after, rows_a_step);
    for (auto& [topic, row] : rows) {
      if (!row.held || seen(sides_[direction], topic)) continue;
      row.held.reset();
      rows_.save(direction, topic, row);
      ++count;
    }
    if (rows.size() < rows_a_step) return count;
    after = rows.back().first;
  }
}

Retained::Missing Retained::missing(Direction direction, std::string_view after,
                                    std::int64_t wall_ms, const Routes& routes) {
  Missing missing;
  Side& side = sides_[direction];
  missing.blind = side.blind;
  if (!side.open || side.blind) return missing;
  end_answer(side);
  side.again.clear();
  const auto rows = rows_.behind(direction, after, rows_a_step);
  missing.more = rows.size() == rows_a_step;
  for (const auto& [topic, row] : rows) {
    missing.after = topic;
    forget_former(direction, row.target);
    if ((!row.held && !row.clear) || seen(side, topic)) continue;
    const auto image = routes(topic);
    const bool ours = row.sets && (row.expires_ms == 0 || row.expires_ms > wall_ms);
    const auto fate = row.clear ? rows_.fate(row.place) : RetainedRows::Fate::lost;
    if (!ours || !image || !image->sets) {
      if (ours && !row.clear) ++missing.released;
      rows_.erase(direction, topic);
    } else if (fate == RetainedRows::Fate::lost) {
      missing.topics.push_back(topic);
    } else if (fate == RetainedRows::Fate::crossed) {
      rows_.erase(direction, topic);
    }
    if (missing.topics.size() < topics_a_portion) continue;
    missing.more = true;
    break;
  }
  return missing;
}

Retained::Asked Retained::asked(Direction direction, std::vector<std::string> topics) const {
  const Side& side = sides_[direction];
  Asked asked;
  if (!side.open || side.blind) return asked;
  for (std::string& topic : topics) {
    if (side.again.contains(hash_of(topic))) ++asked.left_out;
    if (!seen(side, topic)) asked.gone.push_back(std::move(topic));
  }
  return asked;
}

Retained::Targets Retained::former(Direction direction) const {
  Targets targets;
  for (const auto& [target, lane] : former_[direction]) {
    if (targets.size() == topics_a_portion) break;
    targets.emplace_back(target, lane);
  }
  return targets;
}

void Retained::cleared_former(Direction direction, const Targets& targets) {
  for (const auto& [target, lane] : targets) forget_former(direction, target);
}

}  // namespace bascule
