// The way out of the journal: what a forwarder reads, reports, and where it goes on. See core.hpp.
#include <algorithm>

#include "journal/core.hpp"

namespace bascule {

void JournalCore::progress(Progress progress) {
  unsaved_.push_back(std::move(progress));
  if (store_ != nullptr) apply(unsaved_.back());
}

void JournalCore::apply(const Progress& progress) {
  LaneState& lane = state(progress.lane);
  for (const SetAside& message : progress.quarantined) {
    if (!lane.resolved(message.sequence)) write().quarantine(message, now().wall_ms);
  }
  for (const Progress::Part& part : progress.parts) {
    if (part.fate == Fate::expired) {
      for (const SequenceRange& range : lane.waiting(part.first, part.last)) {
        const std::uint64_t count = range.last - range.first + 1;
        const std::uint64_t bytes = part.bytes / (part.last - part.first + 1) * count;
        lose(lane, {lane.id, range.first, range.last, count, bytes, "expired", 0});
      }
    }
    lane.resolve(part.first, part.last, part.bytes, part.fate);
  }
  for (const Claim& claim : progress.claimed) lane.claims.add(claim);
  for (const std::uint64_t sequence : progress.received) lane.claims.receive(sequence);
  for (const std::uint64_t sequence : progress.ended) lane.claims.end(sequence);
  const bool waited_for = !progress.claimed.empty() || !progress.received.empty();
  if (waited_for) urgent_ = true;
  if (waited_for || !progress.ended.empty()) lane.dirty = true;
  if (progress.confirmed && *progress.confirmed > lane.confirmed) {
    lane.confirmed = *progress.confirmed;
    lane.dirty = true;
  }
  if (progress.replay_next && lane.replay_next != 0) {
    resent_ += *progress.replay_next - std::min(lane.replay_next, *progress.replay_next);
    lane.replay_next = *progress.replay_next;
    if (lane.replay_next > lane.replay_last) lane.replay_next = lane.replay_last = 0;
    lane.dirty = true;
  }
  // A confirmation alone can wait for the next commit.
  const bool moved = !progress.parts.empty() || progress.replay_next || !progress.ended.empty();
  if (moved && dirty_since_ms_ == 0) dirty_since_ms_ = boottime_ms();
}

// The batch at or after `from`, once its checksums hold; rows that fail are set aside until one
// does. What a hole or a damaged row has taken is written to the loss ledger.
BatchPtr JournalCore::sound(LaneState& lane, std::uint64_t from) {
  const auto& open = open_[lane.id - 1U];
  const std::uint64_t end = open == nullptr ? lane.next : open->first;  // of what can be read
  while (from < end) {
    if (BatchPtr batch = tail_.find(lane.id, from)) return batch;
    BatchPtr batch = store_->read(lane.id, from);
    if (batch == nullptr) {
      close_gap(lane, from, end - 1);
      return nullptr;
    }
    if (batch->first > from) close_gap(lane, from, batch->first - 1);
    RecordReader reader(lane.id, batch->first, batch->chain, batch->data,
                        RecordReader::Check::checksums);
    std::uint32_t records = 0;
    while (reader.next()) ++records;
    if (reader.ok() && records == batch->count) return batch;
    write().set_aside_damaged(lane.id, batch->first,
                              "checksum of sequence " + std::to_string(reader.next_sequence()));
    urgent_ = true;
    // Its count is as doubtful as the rest of it: the hole that it leaves ends where the next row
    // begins.
    from = std::min(from, batch->first);
  }
  return nullptr;
}

// Sequences whose rows are gone. Those that were given up on purpose are resolved already.
void JournalCore::close_gap(LaneState& lane, std::uint64_t from, std::uint64_t to) {
  from = std::max(from, lane.cursor + 1);
  if (from > to) return;
  const std::uint64_t lost = lane.resolve(from, to, 0, Fate::evicted);
  if (lost == 0) return;
  lose(lane, {lane.id, from, to, lost, 0, "damaged", 0});
  urgent_ = true;
}

std::vector<BatchPtr> JournalCore::read(LaneId id, std::uint64_t from, std::size_t bytes_max) {
  std::vector<BatchPtr> batches;
  LaneState& lane = state(id);
  std::size_t bytes = 0;
  tail_.passed(id, from);
  while (bytes < bytes_max) {
    BatchPtr batch = sound(lane, from);
    if (batch == nullptr) break;
    from = batch->last() + 1;
    bytes += batch->data.size();
    batches.push_back(std::move(batch));
  }
  return batches;
}

std::vector<LanePosition> JournalCore::positions(Direction direction, const FarKnowledge& far) {
  // The far broker has what this journal never wrote: it is an older copy of itself. Its next
  // numbers were used before; under a new epoch they are new.
  const bool renew = overtaken(direction, far);
  if (renew) renew_epoch();
  if (renew && far.session_present) estrange(direction);
  std::vector<LanePosition> positions;
  for (LaneState& lane : lanes_) {
    if (lane.direction != direction || lane.input) continue;
    if (far.readable && !renew) compare(lane, far);
    positions.push_back({lane.id,
                         direction,
                         lane.name,
                         lane.settings,
                         lane.cursor,
                         lane.done,
                         lane.replay_next,
                         lane.replay_last,
                         {}});
  }
  // Last, for what one lane learns may void the claims of all.
  for (LanePosition& position : positions) position.claims = state(position.id).claims;
  return positions;
}

void JournalCore::compare(LaneState& lane, const FarKnowledge& far) {
  const bool current = far.epoch == epoch();
  const std::uint64_t bookmark = bookmark_of(lane, far);
  const std::uint64_t confirmed = confirmed_of(lane);
  if (bookmark >= lane.next) return;
  if (bookmark > lane.cursor) {
    // It was accepted, and a crash came before the cursor was written.
    Progress accepted;
    accepted.lane = lane.id;
    for (const SequenceRange& range : lane.waiting(lane.cursor + 1, bookmark)) {
      accepted.parts.push_back({range.first, range.last, bytes_of(lane, range), Fate::forwarded});
    }
    if (current) accepted.confirmed = bookmark;
    progress(std::move(accepted));
    return;
  }
  // Behind what was read back once: the far broker forgot. Equal, but with the session gone: it may
  // have forgotten what came after the bookmark.
  const bool forgot = bookmark < confirmed;
  if (forgot || (!far.session_present && confirmed > 0)) {
    if (forgot && far.session_present) estrange(lane.direction);
    replay(lane, bookmark + 1, lane.done.empty() ? lane.cursor : lane.done.ranges().back().last);
    lane.confirmed = current ? bookmark : 0;
    if (!former_.empty()) former_.at(lane.id - 1U).confirmed = bookmark;
  }
}

// The session is not what it was: a broker from a backup, or this journal.
void JournalCore::estrange(Direction out) {
  void_claims(out);
  forget_told_claims(out);
  unfamiliar_[out] = true;
  repeats_.name_session(opposite(out), "");
  urgent_ = true;
}

void JournalCore::replay(LaneState& lane, std::uint64_t first, std::uint64_t last) {
  if (first > last) return;
  const auto heads = store_->heads(lane.id, first, 1);
  const std::uint64_t stored = heads.empty() ? last + 1 : std::max(first, heads.front().first);
  if (stored > first) {
    const std::uint64_t gone = std::min(stored - 1, last) - first + 1;
    lose(lane, {lane.id, first, first + gone - 1, gone, 0, "beyond_history", 0});
  }
  if (stored <= last) {
    lane.replay_next = lane.replay_next == 0 ? stored : std::min(lane.replay_next, stored);
    lane.replay_last = std::max(lane.replay_last, last);
  }
  lane.dirty = true;
  urgent_ = true;
}

std::uint64_t JournalCore::bytes_of(const LaneState& lane, const SequenceRange& range) {
  const std::uint64_t before = bytes_through(lane, range.first - 1);
  return std::max(bytes_through(lane, range.last), before) - before;
}

std::uint64_t JournalCore::bytes_through(const LaneState& lane, std::uint64_t sequence) {
  const BatchPtr batch = store_->read(lane.id, sequence);
  if (batch == nullptr) return lane.appended_bytes;
  std::uint64_t bytes = batch->before_bytes;
  RecordReader reader(lane.id, batch->first, batch->chain, batch->data,
                      RecordReader::Check::lengths);
  while (const auto record = reader.next()) {
    if (record->sequence > sequence) break;
    bytes += record->size;
  }
  return bytes;
}

}  // namespace bascule
