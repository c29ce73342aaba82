#include "journal/books/books.hpp"

#include <algorithm>
#include <map>

#include "clock.hpp"
#include "journal/lane/crc32c.hpp"
#include "journal/store/journal_damaged.hpp"

namespace bascule {

void Books::ensure_lanes() {
  LaneTable& table = transaction_.store().lanes();
  lanes_ = table.load();
  const auto ensure = [&](Direction direction, std::string_view name) {
    if (lane(direction, name) != 0) return;
    transaction_.write().lanes().add(direction, std::string(name));
    lanes_ = table.load();
  };
  for (const Direction direction : both_directions) {
    ensure(direction, "default");
    for (const LaneSettings& lane : settings_) ensure(direction, lane.name);
  }
  ensure(Direction::up, events_lane);
}

void Books::load() {
  mended_.clear();
  tallies_changed_ = false;
  ensure_lanes();
  held_.load();
  const std::map<LaneId, LaneSettings> before = transaction_.store().configuration().lanes();
  for (LaneState& lane : lanes_) {
    if (lane.id != &lane - lanes_.data() + 1) {
      throw JournalDamaged("the journal's table of lanes has a hole before " + lane.name);
    }
    lane.former = lane.name != "default" && lane.name != events_lane;
    if (const auto known = before.find(lane.id); known != before.end()) {
      lane.settings = known->second;
    }
    for (const LaneSettings& settings : settings_) {
      if (settings.name != lane.name) continue;
      lane.settings = settings;
      lane.former = false;
    }
    lane.settings.name = lane.name;
    lane.input = lane.name.starts_with(input_lane_prefix);
    for (const HeldTopic& topic : held_.topics(lane.id)) {
      lane.held += topic.messages;
      lane.held_bytes += topic.bytes;
    }
    recover(lane);
  }
  for (const Direction direction : both_directions) {
    Tally& tally = tallies_[direction];
    tally = transaction_.store().lanes().tally(direction);
    received_[direction] = journaled(direction) + tally.unrouted + tally.repeats + tally.refused;
    received_[direction] -= tally.emitted;
  }
}

// What an append does not write into the lane's row is read from its newest batch.
void Books::recover(LaneState& lane) {
  Store& store = transaction_.store();
  lane.chain = crc32c(0, store.epoch());
  if (const BatchPtr newest = store.batches().newest(lane.id)) {
    RecordReader reader(lane.id, newest->first, newest->chain, newest->data,
                        RecordReader::Check::checksums);
    while (const auto record = reader.next()) lane.chain = record->crc;
    lane.appended_bytes = newest->before_bytes + newest->data.size();
    const std::uint64_t stored_end = newest->last() + 1;
    // The cursor's row is ahead of the newest batch: the end of the log was lost or cut off.
    if (stored_end < lane.next) close_gap(lane, stored_end, lane.next - 1);
    lane.next = std::max(lane.next, stored_end);
  }
  lane.appended_bytes = std::max(lane.appended_bytes, lane.resolved_bytes);
  if (const std::string wrong = lane.mend(); !wrong.empty()) mended_.push_back(wrong);
}

LaneId Books::lane(Direction direction, std::string_view name) const {
  for (const LaneState& lane : lanes_) {
    if (lane.direction == direction && lane.name == name) return lane.id;
  }
  return 0;
}

void Books::received(Direction direction, std::uint64_t deliveries, const Tally& tally) {
  received_[direction] += deliveries;
  Tally& sum = tallies_[direction];
  sum.unrouted += tally.unrouted;
  sum.repeats += tally.repeats;
  sum.refused += tally.refused;
  if (tally.unrouted + tally.repeats + tally.refused > 0) tallies_changed_ = true;
  if (tallies_changed_) transaction_.change_later();
}

void Books::emitted(const LaneState& lane) {
  if (lane.name == events_lane) return;
  ++tallies_[lane.direction].emitted;
  tallies_changed_ = true;
}

void Books::lose(LaneState& lane, Loss loss) {
  loss.at_ms = now().wall_ms;
  transaction_.write().losses().add(loss);
  if (loss.reason != "superseded") ++lost_[lane.direction];
  if (on_loss) on_loss(loss, lane);
}

void Books::lose(LaneState& lane, const SequenceSet& sequences, const char* reason) {
  if (sequences.empty()) return;
  const std::int64_t at_ms = now().wall_ms;
  for (const auto& [first, last] : sequences.ranges()) {
    transaction_.write().losses().add({lane.id, first, last, last - first + 1, 0, reason, at_ms});
  }
  ++lost_[lane.direction];
  if (!on_loss) return;
  on_loss({lane.id, sequences.lowest(), sequences.highest(), sequences.size(), 0, reason, at_ms},
          lane);
}

void Books::quarantine(const QuarantineEntry& entry) {
  QuarantineTable& table = transaction_.write().quarantine();
  table.add(entry, now().wall_ms);
  transaction_.urge();
  if (table.size().bytes <= quarantine_bytes_max_) return;
  // Many at once, so that they are told of together.
  std::vector<QuarantineEntry> oldest;
  while (table.size().bytes > quarantine_bytes_max_ / 16 * 15) {
    auto next = table.after(0, 1);
    if (next.empty() || table.size().messages == 1) break;  // the newest stays, whatever its size
    table.erase(next.front().number);
    next.front().payload.clear();
    oldest.push_back(std::move(next.front()));
  }
  lose(oldest, "quarantine_full");
}

bool Books::quarantine_has_room(std::uint64_t bytes) const {
  constexpr std::uint64_t besides = 256;
  const std::uint64_t has = transaction_.store().quarantine().size().bytes;
  return has + bytes + besides <= quarantine_bytes_max_ / 16 * 15;
}

void Books::lose(const std::vector<QuarantineEntry>& entries, const char* reason) {
  std::map<LaneId, Loss> losses;
  for (const QuarantineEntry& entry : entries) {
    // What was refused on its way in never got a lane: the ledger has it under the default one.
    const LaneId id = entry.lane != 0 ? entry.lane : lane(entry.direction, "default");
    Loss& loss = losses.try_emplace(id, Loss{id, entry.sequence, 0, 0, 0, reason, 0}).first->second;
    loss.first = std::min(loss.first, entry.sequence);
    loss.last = std::max(loss.last, entry.sequence);
    loss.bytes += entry.size;
    ++loss.count;
  }
  for (const auto& [id, loss] : losses) lose(state(id), loss);
}

std::optional<std::uint64_t> Books::release(LaneState& lane, std::uint64_t sequence, Fate fate) {
  const auto bytes = held_.release({lane.id, sequence});
  if (bytes) lane.release(*bytes, fate);
  return bytes;
}

void Books::close_gap(LaneState& lane, std::uint64_t from, std::uint64_t to) {
  from = std::max(from, lane.cursor + 1);
  if (from > to) return;
  const std::uint64_t lost = lane.resolve(from, to, 0, Fate::evicted);
  if (lost == 0) return;
  lose(lane, {lane.id, from, to, lost, 0, "damaged", 0});
  transaction_.urge();
}

void Books::progress(Progress progress) {
  told_.push_back(std::move(progress));
  if (transaction_.is_open()) apply(told_.back());
}

void Books::repeat_told() {
  for (const Progress& progress : told_) apply(progress);
}

void Books::forget_told_claims(Direction out) {
  for (Progress& progress : told_) {
    if (state(progress.lane).direction != out) continue;
    progress.claimed.clear();
    progress.received.clear();
  }
}

namespace {

// Where a crash before the commit costs no more than repeats.
bool may_wait(const Progress& progress) {
  const bool crossed = std::ranges::all_of(
      progress.parts, [](const auto& part) { return part.fate == Fate::forwarded; });
  return crossed && progress.quarantined.empty() && progress.held.empty() &&
         progress.released.empty() && !progress.replay_next && progress.claimed.empty() &&
         progress.received.empty() && progress.ended.empty();
}

}  // namespace

void Books::apply(const Progress& progress) {
  LaneState& lane = state(progress.lane);
  const bool was_dirty = std::exchange(lane.dirty, false);
  change(lane, progress);
  if (lane.dirty && may_wait(progress)) lane.ahead = true;
  lane.dirty = was_dirty || (lane.dirty && !may_wait(progress));
}

void Books::change(LaneState& lane, const Progress& progress) {
  for (const QuarantineEntry& entry : progress.quarantined) {
    const LaneSequence place{lane.id, entry.sequence};
    if (!lane.resolved(entry.sequence) || held_.contains(place)) quarantine(entry);
  }
  for (const Progress::HeldMessage& message : progress.held) hold(lane, message);
  for (const Progress::Released& released : progress.released) {
    const auto bytes = release(lane, released.sequence, released.fate);
    if (!bytes || released.fate != Fate::expired) continue;
    lose(lane, {lane.id, released.sequence, released.sequence, 1, *bytes, "expired", 0});
  }
  for (const Progress::Part& part : progress.parts) {
    if (part.fate == Fate::expired) {
      for (const SequenceRange& range : lane.backlog_in(part.first, part.last)) {
        const std::uint64_t count = range.last - range.first + 1;
        const std::uint64_t bytes = part.bytes / (part.last - part.first + 1) * count;
        lose(lane, {lane.id, range.first, range.last, count, bytes, "expired", 0});
      }
    }
    const std::uint64_t resolved = lane.resolve(part.first, part.last, part.bytes, part.fate);
    if (!part.confirmed) lane.unconfirmed += resolved;
  }
  for (const Claim& claim : progress.claimed) lane.claims.add(claim);
  for (const std::uint64_t sequence : progress.received) lane.claims.receive(sequence);
  for (const std::uint64_t sequence : progress.ended) lane.claims.end(sequence);
  const bool waited_for = !progress.claimed.empty() || !progress.received.empty() ||
                          !progress.held.empty() || !progress.quarantined.empty();
  if (waited_for) transaction_.urge();
  if (waited_for || !progress.ended.empty()) lane.dirty = true;
  if (progress.confirmed && *progress.confirmed > lane.confirmed) {
    lane.confirmed = *progress.confirmed;
    lane.dirty = true;
    // It comes soon after what it confirms has crossed, and mostly goes with that. In a lane where
    // nothing else happens it must not wait for ever.
    transaction_.change_later();
  }
  if (progress.replay_next && lane.replay_next != 0) {
    resent_ += lane.replayed(progress.replay_from, *progress.replay_next);
  }
  const bool moved = !progress.parts.empty() || progress.replay_next || !progress.ended.empty() ||
                     !progress.released.empty();
  if (moved) transaction_.change_later();
}

void Books::hold(LaneState& lane, const Progress::HeldMessage& message) {
  const std::uint64_t sequence = message.row.place.sequence;
  if (held_.contains({lane.id, sequence})) return;
  // What a limit has given up meanwhile is in the ledger, and stays lost.
  if (!lane.hold(sequence, message.row.record.size(), message.again)) return;
  held_.hold(message.row, message.reason, now().wall_ms);
}

// A row that is gone must not be missed by a cursor that is still before it.
void Books::save(bool whole) {
  held_.save();
  if (transaction_.store().batches().take_erased()) whole = true;
  for (LaneState& lane : lanes_) {
    if (lane.dirty || (whole && lane.ahead)) transaction_.write().lanes().save(lane);
  }
  if (!std::exchange(tallies_changed_, false)) return;
  for (const Direction direction : both_directions) {
    transaction_.write().lanes().save_tally(direction, tallies_[direction]);
  }
}

void Books::committed() {
  std::erase_if(told_, [&](const Progress& progress) { return !state(progress.lane).ahead; });
}

std::uint64_t Books::journaled(Direction direction) const {
  std::uint64_t journaled = 0;
  for (const LaneState& lane : lanes_) {
    if (lane.direction == direction && lane.name != events_lane) journaled += lane.journaled();
  }
  return journaled;
}

void Books::check() const {
  for (const LaneState& lane : lanes_) {
    if (!lane.balanced()) throw BooksError(lane.account());
  }
  for (const Direction direction : both_directions) {
    const Tally& tally = tallies_[direction];
    const std::uint64_t entries = journaled(direction);
    const std::uint64_t in = received_[direction] + tally.emitted;
    const std::uint64_t kept = entries + tally.unrouted + tally.repeats + tally.refused;
    if (in == kept) continue;
    const auto text = [](std::uint64_t number) { return std::to_string(number); };
    throw BooksError(
        "the books " + std::string(to_string(direction)) + " do not balance: " + "received " +
        text(received_[direction]) + " + emitted " + text(tally.emitted) + " = " + text(in) +
        ", but journaled " + text(entries) + " + unrouted " + text(tally.unrouted) + " + repeats " +
        text(tally.repeats) + " + refused " + text(tally.refused) + " = " + text(kept));
  }
}

}  // namespace bascule
