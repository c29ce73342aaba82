// The way into the journal: repeats are dropped, the rest gets its place. See core.hpp.
#include "journal/core.hpp"
#include "message/properties.hpp"

namespace bascule {
namespace {

// Large enough that a row's own cost is shared by many messages, small enough that a reader holds
// little more than it asked for.
constexpr std::size_t batch_bytes_max = 256 << 10;

}  // namespace

AppendResult JournalCore::append(AppendGroup& group) {
  // Room for all or for none: a group is acknowledged as a whole.
  if (!claim_rooms(group.entries, 0)) return AppendResult::full;
  std::size_t index = 0;
  Tally& tally = tallies_[group.direction];
  for (const Append& entry : group.entries) {
    if (entry.released != 0) {
      repeats_.release(group.direction, entry.released);
      continue;
    }
    const Room room = rooms_[index++];
    LaneState& lane = state(entry.lane);
    const std::string_view bytes = std::string_view(group.bytes).substr(entry.offset, entry.length);
    const Record record = read_record(bytes);
    const bool again = record.receipt.exactly_once
                           ? !repeats_.hold(group.direction, record.receipt.packet_id)
                           : repeats_.redelivered(group.direction, record.receipt, entry.duplicate);
    if (again) {
      ++group.tally.repeats;
      continue;
    }
    if (record.stamped) {
      const auto text = user_property(record.message.properties, stamp_property);
      const auto stamp = text ? parse_stamp(*text) : std::nullopt;
      if (stamp && !repeats_.first_sight(*stamp)) {
        ++group.tally.repeats;
        repeats_.note(group.direction, record.receipt);
        continue;
      }
    }
    if (entry.retained || record.message.retain) {
      const auto last = store_->retained(group.direction, record.message.topic);
      if (entry.replayed && last == record.receipt.digest) {
        ++group.tally.repeats;
        continue;
      }
      if (room == Room::take && last != record.receipt.digest) {
        write().save_retained(group.direction, record.message.topic, record.receipt.digest);
      }
    }
    if (room == Room::take) {
      place(lane, record, bytes);
    } else {
      drop(lane, bytes.size());
    }
  }
  received_[group.direction] += group.received;
  tally.unrouted += group.tally.unrouted;
  tally.repeats += group.tally.repeats;
  tally.refused += group.tally.refused;
  for (const SetAside& message : group.set_aside) write().quarantine(message, now().wall_ms);
  if (group.tally.unrouted + group.tally.repeats + group.tally.refused > 0) tally_dirty_ = true;
  // A delivery that left no trace can be acknowledged without a commit, but not before the ones
  // that came before it.
  if (!group.entries.empty() || !group.set_aside.empty()) urgent_ = true;
  appended_ms_ = boottime_ms();
  if (tally_dirty_ && dirty_since_ms_ == 0) dirty_since_ms_ = appended_ms_;
  return AppendResult::stored;
}

// Says in rooms_ what becomes of each entry; false: there is no room for all, and the rule is to
// wait.
bool JournalCore::claim_rooms(std::span<const Append> entries, std::uint64_t beyond) {
  rooms_.clear();
  claimed_.assign(lanes_.size(), 0);
  for (const Append& entry : entries) {
    if (entry.released != 0) continue;
    LaneState& lane = state(entry.lane);
    std::uint64_t& claimed = claimed_[lane.id - 1U];
    Room room = retention_.make_room(write(), lanes_, lane, entry.length, claimed, beyond);
    if (room == Room::drop && open_[lane.id - 1U] != nullptr) {
      close_batch(lane);  // what the batch holds may be the oldest to drop
      room = retention_.make_room(write(), lanes_, lane, entry.length, claimed, beyond);
    }
    if (room == Room::pause) return false;
    if (room == Room::take) claimed += entry.length;
    rooms_.push_back(room);
  }
  return true;
}

// when_full: drop-newest. The message gets its number, so that the hole can be named.
void JournalCore::drop(LaneState& lane, std::uint64_t bytes) {
  close_batch(lane);  // the next record does not follow on the last
  const std::uint64_t sequence = lane.next++;
  lane.resolve(sequence, sequence, 0, Fate::evicted);
  lose(lane, {lane.id, sequence, sequence, 1, bytes, "drop_newest", 0});
}

void JournalCore::place(LaneState& lane, const Record& record, std::string_view bytes) {
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
  const std::size_t at = batch->data.size();
  batch->data.append(bytes);
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

void JournalCore::close_batch(LaneState& lane) {
  auto& batch = open_[lane.id - 1U];
  if (batch == nullptr) return;
  write().insert(*batch);
  batch->data.shrink_to_fit();  // it may stay in memory for long, and has grown by doubling
  // Of a topic's messages only the newest may be read, and the tail does not forget the others.
  if (lane.settings.keep == Keep::all) committing_.push_back(std::move(batch));
  batch = nullptr;
}

void JournalCore::supersede(LaneState& lane, std::string_view topic, std::uint64_t sequence) {
  const auto older = write().replace_latest(lane.id, topic, sequence);
  if (!older || lane.resolved(*older)) return;
  const auto heads = store_->heads(lane.id, *older, 1);
  if (heads.empty() || heads.front().first != *older || heads.front().count != 1) return;
  const std::uint64_t bytes = heads.front().bytes;
  lane.resolve(*older, *older, bytes, Fate::evicted);
  store_->erase_batches(lane.id, *older, *older);
  lose(lane, {lane.id, *older, *older, 1, bytes, "superseded", 0});
}

}  // namespace bascule
