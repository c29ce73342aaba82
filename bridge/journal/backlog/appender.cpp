#include "journal/backlog/appender.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "message/properties.hpp"

namespace bascule {
namespace {

// Large enough that a row's own cost is shared by many messages, small enough that a reader holds
// little more than it asked for.
constexpr std::size_t batch_bytes_max = 256 << 10;

std::atomic<std::uint64_t> placed = 0;

// Of a topic that is there, and no more.
RetainedValue present(const AppendGroup& group, const Append& entry) {
  RetainedValue value;
  value.direction = group.direction;
  value.topic = std::string_view(group.bytes).substr(entry.topic_at, entry.topic_length);
  return value;
}

// The bytes of a group that are one record and nothing else: a large one is not copied. Its views
// stay what they are.
std::string* whole_of(AppendGroup& group) {
  const bool whole = group.entries.size() == 1 && group.entries[0].length == group.bytes.size();
  return whole && group.bytes.size() >= batch_bytes_max ? &group.bytes : nullptr;
}

RetainedValue value_of(const AppendGroup& group, const Append& entry, const Record& record) {
  RetainedValue value = present(group, entry);
  value.target = record.message.topic;
  value.digest = record.receipt.digest;
  value.empty = record.message.payload.empty();
  value.held = entry.retained;
  value.sets = record.message.retain;
  if (const auto expiry_s = message_expiry_s(record.message.properties)) {
    value.expires_ms = now().wall_ms + std::int64_t{*expiry_s} * 1'000;
  }
  return value;
}

// A row is as long, so that they can be forgotten a few at a time.
constexpr std::size_t dropped_in_row = 1'000;

// A policy's step frees its input, so it may go so far beyond a full journal's limits: else inputs
// that filled it could never be decided.
constexpr std::uint64_t beyond_full = 8 << 20;

std::string source_of(const Stamp& stamp) {
  return std::string(stamp.origin)
      .append(1, '/')
      .append(stamp.epoch)
      .append(1, '/')
      .append(stamp.lane);
}

}  // namespace

std::uint64_t messages_placed() { return placed; }

RoomAsked room_asked(const AppendGroup& group) {
  RoomAsked asked;
  for (const Append& entry : group.entries) {
    if (entry.released != 0) continue;
    asked[entry.lane].bytes += entry.length;
    ++asked[entry.lane].messages;
  }
  return asked;
}

void Appender::load() {
  open_.assign(books_.lanes().size(), nullptr);
  dropped_.assign(books_.lanes().size(), {});
  committing_.clear();
  central_up_ = transaction_.store().meta().central_up();
}

AppendResult Appender::append(AppendGroup& group) {
  // Room for all or for none: a group is acknowledged as a whole.
  if (!claim_rooms(group.entries, 0)) return AppendResult::full;
  std::size_t index = 0;
  for (const Append& entry : group.entries) {
    if (entry.released != 0) {
      repeats_.release(group.direction, entry.released);
      continue;
    }
    take(group, entry, read_record(bytes_of(group, entry)), rooms_[index++]);
  }
  for (const RepeatNotice& notice : group.noticed) {
    count_repeat(group.direction, notice.kind, notice.source, notice.topic);
  }
  books_.received(group.direction, group.received, group.tally);
  for (const QuarantineEntry& entry : group.quarantined) books_.quarantine(entry);
  // A delivery that left no trace can be acknowledged without a commit, but not before the ones
  // that came before it.
  if (!group.entries.empty() || !group.quarantined.empty()) transaction_.urge();
  appended_ms_ = boottime_ms();
  std::string().swap(group.bytes);  // whoever has the group may keep it for long
  return AppendResult::stored;
}

bool Appender::has_room(const RoomAsked& asked) {
  if (asked.empty()) return true;
  Store& store = transaction_.write();
  const std::int64_t before = store.changes();
  const bool room = std::ranges::all_of(asked, [&](const auto& of) {
    return retention_.has_room(store, books_.lanes(), books_.state(of.first), of.second);
  });
  if (store.changes() != before) transaction_.urge();
  return room;
}

std::string_view Appender::bytes_of(const AppendGroup& group, const Append& entry) const {
  return std::string_view(group.bytes).substr(entry.offset, entry.length);
}

// What comes of a comparison is counted only if it crosses: nobody is owed an account of values
// that are where they should be.
void Appender::take(AppendGroup& group, const Append& entry, const Record& record, Room room) {
  const bool delivered = entry.arrival == Arrival::live || entry.arrival == Arrival::replayed;
  if (!delivered) see_stamp(record);
  const bool repeat = delivered && known(group, entry, record);
  const bool retained = entry.topic_length > 0;
  LaneState& lane = books_.state(entry.lane);
  RetainedValue value = retained ? value_of(group, entry, record) : RetainedValue{};
  value.decided = lane.input;
  if (repeat || (retained && !retained_.news(value, entry.arrival))) {
    if (delivered) ++group.tally.repeats;
    if (delivered && !repeat) {
      count_repeat(group.direction, RepeatKind::retained, {}, record.message.topic);
    }
    return;
  }
  if (entry.arrival == Arrival::compared) books_.received(group.direction, 1, {});
  if (entry.arrival == Arrival::cleared) books_.emitted(lane);
  const LaneSequence place = put(lane, record, bytes_of(group, entry), room, whole_of(group));
  const bool kept = value.held || value.sets;  // on one side or both
  if (retained && kept && room == Room::take) retained_.crosses(value, place);
}

void Appender::sift(AppendGroup& group) {
  std::erase_if(group.entries, [&](const Append& entry) {
    if (entry.arrival == Arrival::present) {
      return !retained_.news(present(group, entry), Arrival::present);
    }
    const Record record = read_record(bytes_of(group, entry));
    return !retained_.news(value_of(group, entry, record), entry.arrival);
  });
}

AppendResult Appender::emit(std::string_view bytes, std::span<const Append> entries) {
  if (!claim_rooms(entries, beyond_full)) return AppendResult::full;
  std::size_t index = 0;
  for (const Append& entry : entries) {
    LaneState& lane = books_.state(entry.lane);
    const std::string_view record = bytes.substr(entry.offset, entry.length);
    books_.emitted(lane);
    put(lane, read_record(record), record, rooms_[index++]);
  }
  if (!entries.empty()) {
    transaction_.urge();
    appended_ms_ = boottime_ms();
  }
  return AppendResult::stored;
}

void Appender::count_repeat(Direction direction, RepeatKind kind, std::string_view source,
                            std::string_view topic) {
  const std::int64_t wall_ms = timeline_.wall_ms(timeline_.current(), boottime_ms());
  repeat_ledger_.note(direction, kind, source, topic, wall_ms);
  transaction_.change_later();
}

// The message may come again by the session.
void Appender::see_stamp(const Record& record) {
  if (!record.stamped) return;
  const auto text = user_property(record.message.properties, stamp_property);
  if (const auto stamp = text ? parse_stamp(*text) : std::nullopt) repeats_.first_sight(*stamp);
}

// P5: a broker's redelivery, or another bridge's resend.
bool Appender::known(AppendGroup& group, const Append& entry, const Record& record) {
  const bool recalled = books_.state(entry.lane).settings.keep == Keep::all;
  const bool again = record.receipt.exactly_once
                         ? !repeats_.hold(group.direction, record.receipt.packet_id)
                         : repeats_.redelivered(transaction_.store(), group.direction,
                                                record.receipt, entry.duplicate, recalled);
  if (again) {
    count_repeat(group.direction, RepeatKind::redelivered, {}, record.message.topic);
    return true;
  }
  if (!record.stamped) return false;
  const auto text = user_property(record.message.properties, stamp_property);
  const auto stamp = text ? parse_stamp(*text) : std::nullopt;
  if (!stamp || repeats_.first_sight(*stamp)) return false;
  repeats_.note(group.direction, record.receipt);
  count_repeat(group.direction, RepeatKind::resent, source_of(*stamp), record.message.topic);
  return true;
}

// Says in rooms_ what becomes of each entry; false: there is no room for all, and the rule is to
// wait.
bool Appender::claim_rooms(std::span<const Append> entries, std::uint64_t beyond) {
  rooms_.clear();
  claimed_.assign(books_.lanes().size(), 0);
  for (const Append& entry : entries) {
    if (entry.released != 0) continue;
    LaneState& lane = books_.state(entry.lane);
    std::uint64_t& claimed = claimed_[lane.id - 1U];
    const auto ask = [&] {
      return retention_.make_room(transaction_.write(), books_.lanes(), lane, entry.length, claimed,
                                  beyond);
    };
    Room room = ask();
    if (room == Room::drop && open_[lane.id - 1U] != nullptr) {
      close_batch(lane);  // what the batch holds may be the oldest to drop
      room = ask();
    }
    if (room == Room::pause) return false;
    if (room == Room::take) claimed += entry.length;
    rooms_.push_back(room);
  }
  return true;
}

LaneSequence Appender::put(LaneState& lane, const Record& record, std::string_view bytes, Room room,
                           std::string* whole) {
  const LaneSequence its{lane.id, lane.next};
  if (room == Room::take) {
    place(lane, record, bytes, whole);
  } else {
    drop(lane, record.receipt, bytes.size());
  }
  return its;
}

// when_full: drop-newest. The message gets its number, so that the hole can be named. Its delivery
// may come again, and is not to cross then: it is lost.
void Appender::drop(LaneState& lane, Receipt receipt, std::uint64_t bytes) {
  close_batch(lane);  // the next record does not follow on the last
  const std::uint64_t sequence = lane.next++;
  receipt.session = repeats_.session(lane.direction);
  repeats_.note(lane.direction, receipt);
  ReceiptTable::Row& run = dropped_[lane.id - 1U];
  if (run.receipts.empty()) run = {sequence, timeline_.current(), boottime_ms(), {}};
  run.receipts.push_back(receipt);
  if (run.receipts.size() >= dropped_in_row) close_dropped(lane);
  lane.resolve(sequence, sequence, 0, Fate::evicted);
  books_.lose(lane, {lane.id, sequence, sequence, 1, bytes, "drop_newest", 0});
}

void Appender::place(LaneState& lane, const Record& record, std::string_view bytes,
                     std::string* whole) {
  close_dropped(lane);
  auto& batch = open_[lane.id - 1U];
  if (batch == nullptr) {
    batch = std::make_shared<Batch>();
    batch->lane = lane.id;
    batch->first = lane.next;
    batch->chain = lane.chain;
    batch->boot = timeline_.current();
    batch->captured_ms = boottime_ms();
    batch->before_bytes = lane.appended_bytes;
  }
  const std::uint64_t sequence = lane.next++;
  ++placed;
  const std::size_t at = batch->data.size();
  if (whole != nullptr && at == 0 && lane.settings.keep == Keep::all) {
    batch->data = std::move(*whole);
  } else {
    batch->data.append(bytes);
  }
  if (lane.input && central_up_) note_central_up(batch->data.data() + at);
  ++batch->count;
  lane.appended_bytes += bytes.size();
  lane.chain = seal_record(batch->data.data() + at, repeats_.session(lane.direction), lane.id,
                           sequence, lane.chain);
  repeats_.note(lane.direction, record.receipt);
  if (lane.settings.keep == Keep::latest) {
    close_batch(lane);
    supersede(lane, record.message.topic, sequence);
  } else if (batch->data.size() >= batch_bytes_max) {
    close_batch(lane);
  }
}

void Appender::close_batch(LaneState& lane) {
  auto& batch = open_[lane.id - 1U];
  if (batch == nullptr) return;
  transaction_.write().batches().insert(*batch, lane.settings.keep == Keep::all);
  batch->data.shrink_to_fit();  // it may stay in memory for long, and has grown by doubling
  // Of a topic's messages only the newest may be read, and the tail does not forget the others.
  if (lane.settings.keep == Keep::all) committing_.push_back(std::move(batch));
  batch = nullptr;
}

void Appender::close_dropped(LaneState& lane) {
  ReceiptTable::Row& run = dropped_[lane.id - 1U];
  if (run.receipts.empty()) return;
  retention_.keep_dropped(transaction_.write(), lane, run);
  run.receipts.clear();
}

void Appender::supersede(LaneState& lane, std::string_view topic, std::uint64_t sequence) {
  const auto older = transaction_.write().batches().replace_latest(lane.id, topic, sequence);
  if (!older) return;
  if (const auto held = books_.release(lane, *older, Fate::evicted)) {
    books_.lose(lane, {lane.id, *older, *older, 1, *held, "superseded", 0});
  }
  if (lane.resolved(*older)) return;
  const auto heads = transaction_.store().batches().heads(lane.id, *older, 1);
  if (heads.empty() || heads.front().first != *older || heads.front().count != 1) return;
  const std::uint64_t bytes = heads.front().bytes;
  lane.resolve(*older, *older, bytes, Fate::evicted);
  transaction_.write().batches().erase(lane.id, *older, *older);
  books_.lose(lane, {lane.id, *older, *older, 1, bytes, "superseded", 0});
}

std::uint64_t Appender::readable_end(const LaneState& lane) const {
  const auto& open = open_[lane.id - 1U];
  return open == nullptr ? lane.next : open->first;
}

void Appender::close_batches() {
  for (LaneState& lane : books_.lanes()) {
    close_batch(lane);
    close_dropped(lane);
  }
}

std::vector<BatchPtr> Appender::take_committed() { return std::exchange(committing_, {}); }

void Appender::forget(LaneId lane, std::uint64_t first) {
  std::erase_if(committing_, [&](const BatchPtr& batch) {
    return batch->lane == lane && batch->first == first;
  });
}

}  // namespace bascule
