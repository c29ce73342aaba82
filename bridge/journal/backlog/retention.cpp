#include "journal/backlog/retention.hpp"

#include <algorithm>
#include <utility>

namespace bascule {
namespace {

constexpr int rows_per_trim = 1'000;
// A page for the row, and what the log and the B-tree add to it, on average.
constexpr std::uint64_t overhead(std::uint64_t bytes, std::uint64_t messages = 1) {
  return bytes + bytes / 8 + messages * 512;
}

// Whether a batch is history: crossed, and not about to be sent again.
bool is_history(const LaneState& lane, const BatchHead& head) {
  return head.last() <= lane.cursor && (lane.replay_next == 0 || head.last() < lane.replay_next);
}

// Whether it is among the newest, which tell of deliveries.
bool is_newest(const LaneState& lane, const BatchHead& head) {
  const std::uint64_t newer = lane.next - 1 - head.last();
  const std::uint64_t newer_bytes = lane.appended_bytes - head.before_bytes - head.bytes;
  return newer < kept_deliveries_least ||
         (newer < kept_deliveries && newer_bytes < kept_deliveries_bytes);
}

void erase(Store& store, const LaneState& lane, std::uint64_t first, std::uint64_t last) {
  if (lane.settings.keep == Keep::latest) {
    store.batches().erase_latest(lane.id, first, last);
  } else {
    store.batches().erase(lane.id, first, last);
  }
}

// Of a lane that keeps the latest, deliveries are not recalled.
void keep_receipts(Store& store, const LaneState& lane, const BatchHead& head, std::uint64_t kept) {
  if (lane.settings.keep != Keep::all || lane.next - head.last() > kept) return;
  store.receipts().keep(
      lane.id, {head.first, head.boot, head.captured_ms, store.batches().receipts(lane.id, head)});
}

void forget_receipts(Store& store, const LaneState& lane, std::uint64_t kept) {
  store.receipts().forget(lane.id, lane.next - std::min(lane.next, kept));
}

// A row that is given up: some of it may have crossed, and none of it is to come again.
void erase_given_up(Store& store, const LaneState& lane, const BatchHead& head) {
  keep_receipts(store, lane, head, kept_deliveries);
  forget_receipts(store, lane, kept_deliveries);
  erase(store, lane, head.first, head.first);
}

}  // namespace

std::int64_t Retention::note_every_ms() const {
  return settings_.keep_forwarded_ms / (CrossingTimes::count_max / 2);
}

void Retention::note_crossing(LaneState& lane, const Timeline& timeline, const Now& at) const {
  if (lane.crossed.note(timeline.current(), at.boottime_ms, lane.cursor, note_every_ms())) {
    lane.dirty = true;
  }
}

std::uint64_t Retention::long_crossed(const LaneState& lane, const Timeline& timeline,
                                      const Now& at) const {
  return lane.crossed.crossed([&](int boot, std::int64_t boottime_ms) {
    return timeline.age_ms(boot, boottime_ms, at) >= settings_.keep_forwarded_ms;
  });
}

void Retention::trim(Store& store, LaneState& lane, const Timeline& timeline, const Now& at) {
  std::int64_t& next = next_trim_ms_[lane.id];
  if (at.boottime_ms < next) return;
  next = at.boottime_ms + 1'000;
  std::uint64_t erase_to = 0;
  const std::uint64_t crossed = long_crossed(lane, timeline, at);
  for (const BatchHead& head : store.batches().heads(lane.id, 0, rows_per_trim)) {
    if (!is_history(lane, head) || is_newest(lane, head)) break;
    if (head.last() > crossed) {
      next = std::max(next, at.boottime_ms + note_every_ms());
      break;
    }
    erase_to = head.first;
  }
  if (erase_to != 0) {
    erase(store, lane, 0, erase_to);
    next = at.boottime_ms;
  }
}

void Retention::expire(Store& store, LaneState& lane, const Timeline& timeline, const Now& at) {
  if (!lane.settings.ttl_ms || lane.backlog() == 0) return;
  for (const BatchHead& head : store.batches().heads(lane.id, lane.cursor + 1, rows_per_trim)) {
    if (timeline.age_ms(head.boot, head.captured_ms, at) < *lane.settings.ttl_ms) return;
    if (lane.backlog_in(head.first, head.last()).empty()) continue;  // crossed, before the cursor
    give_up_(lane, head, Fate::expired, "ttl");
    erase_given_up(store, lane, head);
  }
}

void Retention::give_up(Store& store, LaneState& lane, SequenceRange range, std::uint64_t held,
                        Fate fate, const char* reason) {
  for (; held > 0 && give_up_held_(lane, fate, reason); --held) {
  }
  for (std::uint64_t from = range.first; from <= range.last;) {
    const auto heads = store.batches().heads(lane.id, from, rows_per_trim);
    if (heads.empty()) return;
    for (const BatchHead& head : heads) {
      from = head.last() + 1;
      if (head.first > range.last) return;
      if (lane.backlog_in(head.first, head.last()).empty()) continue;
      give_up_(lane, head, fate, reason);
      erase_given_up(store, lane, head);
    }
  }
}

bool Retention::over(std::uint64_t extra, std::uint64_t beyond) const {
  // Once full, stay so until there is a twentieth free: else every freed page flips the state.
  const std::uint64_t limit = full_ ? settings_.max_size_bytes / 20 * 19 : settings_.max_size_bytes;
  return used_bytes_ + unmeasured_bytes_ + extra > limit + beyond || over_disk(extra, beyond);
}

bool Retention::over_disk(std::uint64_t extra, std::uint64_t beyond) const {
  const std::uint64_t kept = std::max(settings_.min_free_bytes, drain_bytes + reserved_bytes_);
  const std::uint64_t least = full_ ? kept / 20 * 21 : kept;
  // What is appended takes its room in the file system twice, in the log and in the file.
  return free_bytes_ + beyond < least + 2 * (unmeasured_bytes_ + extra);
}

std::uint64_t Retention::least_free_bytes() const {
  return std::max(settings_.min_free_bytes, drain_bytes);
}

const char* Retention::why_full() const {
  if (!full_) return "a lane is full (its max_size)";
  return lacks_disk_ ? "the disk is full (min_free)" : "the journal is full (max_size)";
}

void Retention::measure(Store& store) {
  used_bytes_ = store.used_bytes();
  // A full file system is no reason to give anything up: the file's own free pages hold as much.
  free_bytes_ = store.free_bytes() + store.spare_bytes();
  unmeasured_bytes_ = uncommitted_bytes_;
  if (full_ && !over(overhead(0))) full_ = false;
}

bool Retention::full(Store& store, const std::vector<LaneState>& lanes) const {
  if (full_ || lacks_disk_) return true;  // for who was refused, if not for the smallest message
  std::uint64_t history = 0;
  for (const LaneState& lane : lanes) {
    const auto heads = store.batches().heads(lane.id, 0, 1);
    if (heads.empty() || !is_history(lane, heads.front())) continue;
    const std::uint64_t stored = lane.appended_bytes - heads.front().before_bytes;
    history += stored - std::min(stored, lane.backlog_bytes());
  }
  return over(overhead(0), history);
}

Room Retention::make_room(Store& store, std::vector<LaneState>& lanes, LaneState& lane,
                          std::uint64_t bytes, std::uint64_t claimed, std::uint64_t beyond) {
  const WhenFull rule = lane.settings.when_full.value_or(settings_.when_full);
  if (lane.settings.max_size_bytes) {
    // An empty lane takes any message, and where the rule is to wait any group: one that is larger
    // than max_size would never find room.
    while (lane.backlog_bytes() + claimed > 0 &&
           lane.backlog_bytes() + claimed + bytes > *lane.settings.max_size_bytes) {
      if (rule == WhenFull::pause && lane.backlog_bytes() == 0) break;
      if (rule == WhenFull::pause) return Room::pause;
      if (rule == WhenFull::drop_newest || !drop_oldest(store, lane, "max_size")) return Room::drop;
    }
  }
  const std::uint64_t extra = overhead(bytes);
  while (over(extra, beyond)) {
    measure(store);
    if (!over(extra, beyond)) break;
    if (erase_history(store, lanes, false) || erase_history(store, lanes, true)) {
      continue;
    }
    full_ = true;
    lacks_disk_ = over_disk(extra, beyond);
    if (rule == WhenFull::pause) return Room::pause;
    if (rule == WhenFull::drop_newest || !drop_oldest(store, lane, "journal_full")) {
      return Room::drop;
    }
  }
  if (beyond == 0) full_ = lacks_disk_ = false;
  unmeasured_bytes_ += extra;
  uncommitted_bytes_ += extra;
  return Room::take;
}

void Retention::keep_dropped(Store& store, const LaneState& lane, const ReceiptTable::Row& row) {
  if (lane.settings.keep != Keep::all) return;
  store.receipts().keep(lane.id, row);
  forget_receipts(store, lane, full_ ? kept_receipts : kept_deliveries);
}

bool Retention::has_room(Store& store, std::vector<LaneState>& lanes, const LaneState& lane,
                         Asked asked) {
  const auto& limit = lane.settings.max_size_bytes;
  if (limit && lane.backlog_bytes() > 0 && lane.backlog_bytes() + asked.bytes > *limit) {
    return false;
  }
  // What comes again may come in smaller groups.
  const std::uint64_t extra =
      std::min(overhead(asked.bytes, asked.messages), settings_.max_size_bytes / 4);
  // Who waits is to find as much as makes a full journal one that is not.
  const bool was_full = std::exchange(full_, true);
  for (measure(store); over(extra); measure(store)) {
    if (erase_history(store, lanes, false) || erase_history(store, lanes, true)) continue;
    lacks_disk_ = over_disk(extra, 0);
    full_ = was_full;
    return false;
  }
  lacks_disk_ = false;
  return true;
}

bool Retention::erase_history(Store& store, std::vector<LaneState>& lanes, bool newest_too) {
  bool erased = false;
  for (LaneState& lane : lanes) {
    std::uint64_t erase_to = 0;
    for (const BatchHead& head : store.batches().heads(lane.id, 0, 100)) {
      if (!is_history(lane, head) || (is_newest(lane, head) && !newest_too)) break;
      erase_to = head.first;
      if (is_newest(lane, head)) keep_receipts(store, lane, head, kept_receipts);
    }
    if (erase_to == 0) continue;
    forget_receipts(store, lane, kept_receipts);
    erase(store, lane, 0, erase_to);
    erased = true;
  }
  return erased;
}

bool Retention::drop_oldest(Store& store, LaneState& lane, const char* reason) {
  // What is held is older than what waits in the lane's order, but for what was held just now.
  if (lane.held > 0 && give_up_held_(lane, Fate::evicted, reason)) return true;
  if (lane.backlog() == 0) return false;
  for (const BatchHead& head : store.batches().heads(lane.id, lane.cursor + 1, 1)) {
    give_up_(lane, head, Fate::evicted, reason);
    erase_given_up(store, lane, head);
    return true;
  }
  return false;
}

}  // namespace bascule
