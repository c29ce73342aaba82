#include "forwarder/outbound_lane.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include "clock.hpp"
#include "message/properties.hpp"

namespace bascule {

OutboundLane::OutboundLane(const LanePosition& position)
    : id_(position.id),
      name_(position.name),
      settings_(position.settings),
      rate_(position.settings.rate),
      direction_(position.direction) {
  progress_.lane = id_;
}

void OutboundLane::begin(const LanePosition& position, Scope scope, Journal& journal, Loop& loop,
                         std::function<void()> ready) {
  scope_ = scope;
  cursor_ = position.cursor;
  done_ = position.done;
  claims_ = position.claims;
  replay_next_ = position.replay_next;
  replay_last_ = position.replay_last;
  passed_ = through_ = position.replay_next == 0 ? position.cursor : position.replay_next - 1;
  reader_ = std::make_shared<LaneReader>(journal, loop, position, left_out(), std::move(ready));
}

// What is in flight, and what stands between the claims if only these are sent. Behind the last of
// them nothing is asked for.
SequenceSet OutboundLane::left_out() const {
  SequenceSet left_out;
  for (const LaneItem& sent : in_flight_) left_out.add(sent.record.sequence);
  if (scope_ == Scope::all) return left_out;
  std::uint64_t next = 1;
  for (const auto& [sequence, claim] : claims_.all()) {
    if (next < sequence) left_out.add(next, sequence - 1);
    next = sequence + 1;
  }
  return left_out;
}

// What was left out between claims has not been passed.
void OutboundLane::follow_reader() {
  if (reader_ != nullptr && scope_ == Scope::all) passed_ = reader_->passed();
}

void OutboundLane::end() {
  follow_reader();
  reader_.reset();
}

const LaneItem* OutboundLane::front(std::int64_t now_ms, std::int64_t& wait_ms) {
  if (reader_ == nullptr) return nullptr;
  const LaneItem* item = reader_->front();
  while (item != nullptr && !claims_.find(item->record.sequence) && expired(*item, now_ms)) {
    resolve(reader_->take().record, Fate::expired);
    item = reader_->front();
  }
  if (item == nullptr) return nullptr;
  if (claims_.find(item->record.sequence)) return item;  // it went before, as far as we know
  std::int64_t wait = rate_.wait_ms(item->record.size, now_ms);
  if (settings_.hours) {
    const std::time_t wall = std::time(nullptr);
    std::tm local{};
    localtime_r(&wall, &local);
    wait = std::max(wait, closed_for_ms(*settings_.hours, local));
  }
  if (wait == 0) return item;
  wait_ms = std::min(wait_ms, wait);
  return nullptr;
}

bool OutboundLane::expired(const LaneItem& item, std::int64_t now_ms) const {
  const std::int64_t age_ms = now_ms - item.captured_boottime_ms;
  if (settings_.ttl_ms && age_ms >= *settings_.ttl_ms) return true;
  if (item.record.message.properties.empty()) return false;
  const auto expiry_s = message_expiry_s(item.record.message.properties);
  return expiry_s && age_ms >= std::int64_t{*expiry_s} * 1'000;
}

void OutboundLane::sent() {
  LaneItem item = reader_->take();
  if (!claims_.find(item.record.sequence)) rate_.take(item.record.size);
  put_in_flight(std::move(item));
}

void OutboundLane::claim(std::uint16_t packet_id) {
  LaneItem item = reader_->take();
  const Claim claim{item.record.sequence, packet_id, false};
  rate_.take(item.record.size);
  put_in_flight(std::move(item));
  claims_.add(claim);
  unsent_.push_back(claim.sequence);
  progress_.claimed.push_back(claim);
}

void OutboundLane::put_in_flight(LaneItem item) {
  bytes_in_flight_ += item.record.size;
  // At the end, unless history is replayed while the link still has newer messages in its hands.
  if (in_flight_.empty() || in_flight_.back().record.sequence < item.record.sequence) {
    in_flight_.push_back(std::move(item));
  } else {
    in_flight_.insert(place(item.record.sequence), std::move(item));
  }
}

const LaneItem* OutboundLane::take_unsent() {
  if (unsent_.empty()) return nullptr;
  const std::uint64_t sequence = unsent_.front();
  unsent_.pop_front();
  const auto found = place(sequence);
  return found == in_flight_.end() || found->record.sequence != sequence ? nullptr : &*found;
}

std::size_t OutboundLane::withdraw() {
  const std::size_t count = unsent_.size();
  const auto unsent = std::exchange(unsent_, {});
  for (const std::uint64_t sequence : unsent) lost(sequence);
  return count;
}

std::vector<Claim> OutboundLane::orphans() const {
  std::vector<Claim> orphans;
  for (const auto& [sequence, claim] : claims_.all()) {
    const bool replayed = sequence >= replay_next_ && sequence <= replay_last_;
    if (history(sequence) && !replayed) orphans.push_back(claim);
  }
  return orphans;
}

void OutboundLane::received(std::uint64_t sequence) {
  claims_.receive(sequence);
  progress_.received.push_back(sequence);
}

void OutboundLane::end_claim(std::uint64_t sequence) {
  if (!claims_.find(sequence)) return;
  claims_.end(sequence);
  progress_.ended.push_back(sequence);
}

// Nearly always the first: outcomes come in the order of sending.
std::deque<LaneItem>::iterator OutboundLane::place(std::uint64_t sequence) {
  if (!in_flight_.empty() && in_flight_.front().record.sequence >= sequence) {
    return in_flight_.begin();
  }
  return std::lower_bound(
      in_flight_.begin(), in_flight_.end(), sequence,
      [](const LaneItem& sent, std::uint64_t value) { return sent.record.sequence < value; });
}

void OutboundLane::quarantine(const std::string& reason) {
  quarantine(reader_->take().record, reason);
}

void OutboundLane::quarantine(const Record& record, const std::string& reason) {
  if (!history(record.sequence)) {
    progress_.quarantined.push_back(
        quarantine_entry(direction_, {id_, record.sequence}, record.message, reason));
  }
  resolve(record, Fate::quarantined);
}

std::optional<LaneItem> OutboundLane::take(std::uint64_t sequence) {
  const auto found = place(sequence);
  if (found == in_flight_.end() || found->record.sequence != sequence) return std::nullopt;
  LaneItem sent = std::move(*found);
  in_flight_.erase(found);
  bytes_in_flight_ -= sent.record.size;
  return sent;
}

void OutboundLane::accepted(std::uint64_t sequence) {
  if (const auto sent = take(sequence)) resolve(sent->record, Fate::forwarded);
  end_claim(sequence);
}
void OutboundLane::refused(std::uint64_t sequence, const std::string& reason) {
  if (const auto sent = take(sequence)) quarantine(sent->record, reason);
  end_claim(sequence);
}
void OutboundLane::lost(std::uint64_t sequence) {
  end();
  if (take(sequence)) passed_ = std::min(passed_, sequence - 1);
}

// Whatever the reader has passed and is not in flight any more has its fate. Holes, where the
// journal has given rows up, need no outcome.
void OutboundLane::advance() {
  follow_reader();
  const std::uint64_t through =
      in_flight_.empty() ? passed_ : std::min(passed_, in_flight_.front().record.sequence - 1);
  if (through <= through_) return;
  through_ = through;
  if (replay_last_ == 0) return;
  progress_.replay_next = std::min(through_, replay_last_) + 1;
  if (through_ >= replay_last_) replay_last_ = 0;
}

// History that is sent again has its fate already.
void OutboundLane::resolve(const Record& record, Fate fate) {
  const std::uint64_t sequence = record.sequence;
  if (history(sequence)) return;
  auto& parts = progress_.parts;
  if (!parts.empty() && parts.back().fate == fate && parts.back().last + 1 == sequence) {
    parts.back().last = sequence;
    parts.back().bytes += record.size;
  } else {
    parts.push_back({sequence, sequence, record.size, fate});
  }
}

std::optional<Progress> OutboundLane::take_progress() {
  advance();
  if (progress_.parts.empty() && progress_.quarantined.empty() && !progress_.replay_next &&
      progress_.claimed.empty() && progress_.received.empty() && progress_.ended.empty()) {
    return std::nullopt;
  }
  Progress taken = std::move(progress_);
  progress_ = {};
  progress_.lane = id_;
  return taken;
}

}  // namespace bascule
