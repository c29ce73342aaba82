#include "forwarder/lane/outbound_lane.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include "clock.hpp"
#include "message/properties.hpp"

namespace bascule {
namespace {

// What may be on its way to the journal because its topic is held.
constexpr std::uint64_t keeping_bytes_max = 1 << 20;

}  // namespace

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
  replay_skips_ = position.replay_skips;
  passed_ = through_ = position.replay_next == 0 ? position.cursor : position.replay_next - 1;
  held_claims_.clear();
  std::set<std::string> half_done;
  for (const auto& [sequence, topic] : position.held_claims) {
    held_claims_.insert(sequence);
    half_done.insert(topic);
  }
  held_.begin(position.held, half_done, boottime_ms());
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
  if (!retry_.empty()) passed_ = std::min(passed_, retry_.front().record.sequence - 1);
  retry_.clear();
  held_.end();
  reader_.reset();
}

const LaneItem* OutboundLane::front(std::int64_t now_ms, std::int64_t& wait_ms, bool claimed_only) {
  if (reader_ == nullptr) return nullptr;
  held_next_ = !held_next_;
  for (const bool held : {held_next_, !held_next_}) {
    const LaneItem* item = held ? front_held(now_ms, wait_ms) : front_in_order(now_ms, wait_ms);
    if (item == nullptr) continue;
    const bool claimed = claims_.find(item->record.sequence).has_value();
    if (claimed) return item;  // it went before, as far as we know
    if (claimed_only) continue;
    if (paused_) return nullptr;
    if (!retry_.room(in_flight())) return nullptr;
    const std::int64_t wait = wait_to_send_ms(*item, now_ms);
    if (wait == 0) return item;
    wait_ms = std::min(wait_ms, wait);
    return nullptr;
  }
  return nullptr;
}

// What of the lane is next, without regard to what is held.
const LaneItem* OutboundLane::front_in_order(std::int64_t now_ms, std::int64_t& wait_ms) {
  while (true) {
    const bool again = !retry_.empty();
    const LaneItem* item = again ? &retry_.front() : reader_->front();
    if (item == nullptr) return nullptr;
    front_ = again ? Source::retry : Source::reader;
    const std::uint64_t sequence = item->record.sequence;
    if (claims_.find(sequence)) return item;
    if (expired(*item, now_ms)) {
      resolve(take_front().record, Fate::expired);
    } else if (held_.holds(item->record.message.topic)) {
      if (keeping_bytes_ >= keeping_bytes_max) return nullptr;  // kept() brings us back
      keep_held(take_front(), {}, now_ms);
    } else {
      // What was on its way together has its outcomes before any of it goes again.
      if (again && !in_flight_.empty() && in_flight_.back().record.sequence > sequence) {
        return nullptr;
      }
      const std::int64_t wait = retry_.wait_ms(now_ms);
      if (wait > 0) wait_ms = std::min(wait_ms, wait);
      return wait > 0 ? nullptr : item;
    }
  }
}

const LaneItem* OutboundLane::front_held(std::int64_t now_ms, std::int64_t& wait_ms) {
  while (const LaneItem* item = held_.front(now_ms, wait_ms)) {
    front_ = Source::held;
    const std::uint64_t sequence = item->record.sequence;
    if (claims_.find(sequence) || !expired(*item, now_ms)) return item;
    take_held();
    release(sequence, Fate::expired, now_ms);
  }
  return nullptr;
}

std::int64_t OutboundLane::wait_to_send_ms(const LaneItem& item, std::int64_t now_ms) {
  const std::int64_t wait = rate_.wait_ms(item.record.size, now_ms);
  if (!settings_.hours) return wait;
  const std::time_t wall = std::time(nullptr);
  std::tm local{};
  localtime_r(&wall, &local);
  return std::max(wait, closed_for_ms(*settings_.hours, local));
}

LaneItem OutboundLane::take_front() {
  return front_ == Source::retry ? retry_.take() : reader_->take();
}

bool OutboundLane::expired(const LaneItem& item, std::int64_t now_ms) const {
  const std::int64_t age_ms = now_ms - item.captured_boottime_ms;
  if (settings_.ttl_ms && age_ms >= *settings_.ttl_ms) return true;
  if (item.record.message.properties.empty()) return false;
  const auto expiry_s = message_expiry_s(item.record.message.properties);
  return expiry_s && age_ms >= std::int64_t{*expiry_s} * 1'000;
}

const LaneItem& OutboundLane::take_held() {
  const LaneItem& item = held_.take();
  bytes_in_flight_ += item.record.size;
  return item;
}

void OutboundLane::sent() {
  if (front_ == Source::held) {
    const LaneItem& item = take_held();
    if (!claims_.find(item.record.sequence)) rate_.take(item.record.size);
    return;
  }
  LaneItem item = take_front();
  if (!claims_.find(item.record.sequence)) rate_.take(item.record.size);
  put_in_flight(std::move(item));
}

void OutboundLane::claim(std::uint16_t packet_id) {
  Claim claim;
  claim.packet_id = packet_id;
  if (front_ == Source::held) {
    const LaneItem& item = take_held();
    claim.sequence = item.record.sequence;
    rate_.take(item.record.size);
  } else {
    LaneItem item = take_front();
    claim.sequence = item.record.sequence;
    rate_.take(item.record.size);
    put_in_flight(std::move(item));
  }
  claims_.add(claim);
  unsent_.push_back(claim.sequence);
  progress_.claimed.push_back(claim);
}

void OutboundLane::hold(const std::string& reason, std::int64_t now_ms) {
  if (front_ == Source::held) {
    const std::uint64_t sequence = take_held().record.sequence;
    return hold(sequence, reason, now_ms);
  }
  const LaneItem item = take_front();
  keep_held(item, reason, now_ms);
  end_claim(item.record.sequence);
}

// To the journal, out of the lane's order.
void OutboundLane::keep_held(const LaneItem& item, const std::string& reason, std::int64_t now_ms) {
  const Record& record = item.record;
  const std::string topic(record.message.topic);
  if (held_.hold(topic, reason, now_ms)) topic_changes_.push_back({topic, reason, 0});
  const Batch& batch = *item.batch;
  progress_.held.push_back({{{id_, record.sequence},
                             batch.boot,
                             batch.captured_ms,
                             topic,
                             std::string(bytes_of(record))},
                            reason,
                            history(record.sequence)});
  keep(record.sequence, record.size);
}

void OutboundLane::keep(std::uint64_t sequence, std::size_t bytes) {
  keeping_.push_back({sequence, bytes});
  keeping_bytes_ += bytes;
  ++untold_;
}

void OutboundLane::kept(std::size_t messages) {
  for (; messages > 0 && !keeping_.empty(); --messages) {
    keeping_bytes_ -= keeping_.front().bytes;
    keeping_.pop_front();
  }
}

void OutboundLane::loaded(const std::string& topic, const std::vector<Journal::Portion>& portions) {
  std::vector<LaneItem> items;
  for (const Journal::Portion& portion : portions) {
    RecordReader reader(id_, portion.batch->first, portion.batch->chain, portion.batch->data,
                        RecordReader::Check::lengths);
    if (const auto record = reader.next()) {
      items.push_back(
          {*record, portion.batch, portion.captured_wall_ms, portion.captured_boottime_ms});
    }
  }
  held_.loaded(topic, std::move(items));
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
  if (const LaneItem* item = held_.in_flight(sequence)) return item;
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
    const bool replayed =
        sequence >= replay_next_ && sequence <= replay_last_ && !replay_skips_.contains(sequence);
    if (history(sequence) && !replayed && !held_claims_.contains(sequence)) {
      orphans.push_back(claim);
    }
  }
  return orphans;
}

std::string OutboundLane::topic_of(std::uint64_t sequence) {
  if (const LaneItem* item = held_.in_flight(sequence)) {
    return std::string(item->record.message.topic);
  }
  const auto found = place(sequence);
  const bool there = found != in_flight_.end() && found->record.sequence == sequence;
  return there ? std::string(found->record.message.topic) : std::string();
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
  if (front_ != Source::held) return quarantine(take_front().record, reason);
  const std::uint64_t sequence = take_held().record.sequence;
  refused(sequence, reason, boottime_ms());
}

void OutboundLane::quarantine(const Record& record, const std::string& reason) {
  if (!history(record.sequence)) {
    progress_.quarantined.push_back(
        quarantine_entry(direction_, {id_, record.sequence}, record.message, reason));
    keep(record.sequence, record.size);
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

void OutboundLane::accepted(std::uint64_t sequence, Qos maximum, std::int64_t now_ms) {
  if (is_trial(sequence)) {
    release(sequence, Fate::forwarded, now_ms);
  } else if (const auto sent = take(sequence)) {
    const bool confirmed = std::min(sent->record.message.qos, maximum) != Qos::at_most_once;
    resolve(sent->record, Fate::forwarded, confirmed);
    retry_.went(sent->record);
  }
  retry_.accepted(now_ms);
  end_claim(sequence);
}

void OutboundLane::refused(std::uint64_t sequence, const std::string& reason, std::int64_t now_ms) {
  if (const LaneItem* item = held_.in_flight(sequence)) {
    progress_.quarantined.push_back(
        quarantine_entry(direction_, {id_, sequence}, item->record.message, reason));
    keep(sequence, item->record.size);
    release(sequence, Fate::quarantined, now_ms);
  } else if (const auto sent = take(sequence)) {
    quarantine(sent->record, reason);
  }
  end_claim(sequence);
}

void OutboundLane::put_back(std::uint64_t sequence, const std::string& reason,
                            std::int64_t now_ms) {
  if (is_trial(sequence)) return retry_.be_careful(now_ms), hold(sequence, reason, now_ms);
  if (auto sent = take(sequence)) retry_.add(std::move(*sent), reason, now_ms);
  end_claim(sequence);
}

SetAside OutboundLane::set_aside() {
  SetAside aside;
  const bool under_way = !retry_.reason().empty() && !in_flight_.empty();
  if (under_way) aside.what = SetAside::What::under_way;  // what the lane waits for is
  if (under_way || retry_.empty()) return aside;
  const std::string why = retry_.reason();
  const LaneItem item = retry_.set_aside();
  quarantine(item.record, "refused for now: " + why + "; taken out by command");
  return {SetAside::What::done, item.record.sequence, std::string(item.record.message.topic), why};
}

void OutboundLane::hold(std::uint64_t sequence, const std::string& reason, std::int64_t now_ms) {
  if (const LaneItem* item = held_.in_flight(sequence)) {
    bytes_in_flight_ -= item->record.size;
    held_.refused(sequence, reason, now_ms);
  } else if (const auto sent = take(sequence)) {
    keep_held(*sent, reason, now_ms);
  }
  end_claim(sequence);
}

void OutboundLane::lost(std::uint64_t sequence) {
  end();
  if (const LaneItem* item = held_.in_flight(sequence)) {
    bytes_in_flight_ -= item->record.size;
    held_.lost(sequence);
  } else if (take(sequence)) {
    passed_ = std::min(passed_, sequence - 1);
  }
}

void OutboundLane::release(std::uint64_t sequence, Fate fate, std::int64_t now_ms) {
  const LaneItem* item = held_.in_flight(sequence);
  bytes_in_flight_ -= item->record.size;
  progress_.released.push_back({sequence, fate});
  if (auto over = held_.resolved(sequence, fate == Fate::forwarded, now_ms)) {
    topic_changes_.push_back({std::move(over->topic), {}, over->messages});
  }
}

// Whatever the reader has passed and is not in flight any more has its fate. Holes, where the
// journal has given rows up, need no outcome.
void OutboundLane::advance() {
  follow_reader();
  std::uint64_t through = passed_;
  if (!in_flight_.empty()) through = std::min(through, in_flight_.front().record.sequence - 1);
  if (!retry_.empty()) through = std::min(through, retry_.front().record.sequence - 1);
  for (const Keeping& one : keeping_) through = std::min(through, one.sequence - 1);
  if (through <= through_) return;
  through_ = through;
  if (replay_last_ == 0) return;
  progress_.replay_from = replay_next_;
  progress_.replay_next = std::min(through_, replay_last_) + 1;
  if (through_ >= replay_last_) replay_last_ = 0;
}

// History that is sent again has its fate already.
void OutboundLane::resolve(const Record& record, Fate fate, bool confirmed) {
  const std::uint64_t sequence = record.sequence;
  if (history(sequence)) return;
  auto& parts = progress_.parts;
  if (!parts.empty() && parts.back().fate == fate && parts.back().confirmed == confirmed &&
      parts.back().last + 1 == sequence) {
    parts.back().last = sequence;
    parts.back().bytes += record.size;
  } else {
    parts.push_back({sequence, sequence, record.size, fate, confirmed});
  }
}

std::optional<Progress> OutboundLane::take_progress() {
  advance();
  if (progress_.parts.empty() && progress_.quarantined.empty() && !progress_.replay_next &&
      progress_.claimed.empty() && progress_.received.empty() && progress_.ended.empty() &&
      progress_.held.empty() && progress_.released.empty()) {
    return std::nullopt;
  }
  Progress taken = std::move(progress_);
  progress_ = {};
  progress_.lane = id_;
  return taken;
}

}  // namespace bascule
