#include "forwarder/forwarder.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "clock.hpp"
#include "link/reason.hpp"

namespace bascule {
namespace {

// What may be on the wire at once. A lane that others go before gets less, so that on a slow line
// they wait for little of it.
constexpr std::uint64_t bytes_in_flight_max = 4 << 20;
constexpr std::uint64_t bytes_in_flight_behind = 256 << 10;
// What was half done may have been given up meanwhile, and never be read; then it is asked for
// anew.
constexpr std::chrono::milliseconds resume_patience{10'000};

}  // namespace

Forwarder::Forwarder(ForwarderSettings settings, Journal& journal, Link& link)
    : settings_(std::move(settings)),
      journal_(journal),
      link_(link),
      loop_(link.loop()),
      answers_(loop_),
      bookmark_(settings_.bridge_id, loop_,
                [this](const std::string& payload, bool retain) {
                  publish(Bookmark::topic(settings_.bridge_id, settings_.direction), payload,
                          retain);
                }),
      bookmark_timer_(loop_, settings_.bookmark_delay, [this] { write_bookmark(); }),
      own_(link),
      handshakes_(settings_.direction, journal, link,
                  [this](LaneId id, std::size_t claims) { send_claimed(id, claims); }),
      batch_(settings_.bridge_id) {
  bookmark_.on_confirmed = [this](const std::string& epoch, const Bookmark::Lanes& lanes) {
    confirm(epoch, lanes);
  };
}

void Forwarder::enter(Phase phase) {
  phase_ = phase;
  if (sends()) {
    handshakes_.resume();
  } else {
    handshakes_.pause();
  }
}

void Forwarder::subscribed(const Limits& limits) {
  limits_ = limits;
  batch_.set_limits(limits);
  handshakes_.connected(limits);
  suspicion_.connected(boottime_ms());
  closed_ = false;
  compared_ = false;
  // With the session gone, what was in flight is about to be reported lost; sending newer messages
  // before those would break the order.
  enter(Phase::draining);
  if (limits_.session_present || in_flight_ == 0) ask();
}

void Forwarder::ask() {
  if (compared_ || !handshakes_.resumed()) {
    place({});
    return;
  }
  enter(Phase::asking);
  bookmark_.ask(limits_.session_present, [this](FarKnowledge far) { compared(std::move(far)); });
}

void Forwarder::compared(FarKnowledge far) {
  compared_ = true;
  bookmarks_ = far.readable && limits_.retain_available;
  if (!far.readable) {
    spdlog::warn(
        "{}: bookmarks cannot be read back here (may this user publish, retain and "
        "subscribe {}?); should this broker lose what it accepted, that goes unnoticed",
        link_.status().broker, Bookmark::topic(settings_.bridge_id, settings_.direction));
  }
  if (on_settled) on_settled();
  place(std::move(far));
}

void Forwarder::place(FarKnowledge far) {
  enter(Phase::placing);
  answers_.forget();
  journal_.positions(settings_.direction, std::move(far),
                     answers_.to([this](Journal::Positions positions) {
                       if (phase_ == Phase::placing) placed(std::move(positions));
                     }));
}

void Forwarder::placed(Journal::Positions positions) {
  batch_.set_epoch(std::move(positions.epoch));
  if (!positions.unfamiliar || !limits_.session_present) return begin(positions.lanes);
  if (limits_.maximum_qos != Qos::exactly_once) {
    journal_.cleared(settings_.direction);  // without QoS 2 there is nothing half done
    return begin(positions.lanes);
  }
  enter(Phase::clearing);
  handshakes_.clear([this, lanes = std::move(positions.lanes)] {
    if (phase_ == Phase::clearing) begin(lanes);
  });
}

void Forwarder::begin(const std::vector<LanePosition>& positions) {
  handshakes_.begin(positions);
  for (const LanePosition& position : positions) {
    auto lane = std::find_if(lanes_.begin(), lanes_.end(),
                             [&](const auto& known) { return known->id() == position.id; });
    if (lane == lanes_.end()) {
      lane = lanes_.insert(lane, std::make_unique<OutboundLane>(position));
    }
    if (position.replay_next != 0 && compared_) {
      spdlog::warn(
          "{}: the broker has lost what it had accepted; sending lane {} again from {} to {}",
          link_.status().broker, position.name, position.replay_next, position.replay_last);
    }
    (*lane)->begin(position,
                   handshakes_.resumed() ? OutboundLane::Scope::all : OutboundLane::Scope::claimed,
                   journal_, loop_, [this] { pump(); });
  }
  std::stable_sort(lanes_.begin(), lanes_.end(), [](const auto& a, const auto& b) {
    return a->settings().priority > b->settings().priority;
  });
  top_priority_ = lanes_.empty() ? 0 : lanes_.front()->settings().priority;
  if (!handshakes_.resumed() && !half_done()) return resumed();
  enter(handshakes_.resumed() ? Phase::sending : Phase::resuming);
  bookmark_later();  // the one that is there may be behind, or gone
  for (const auto& lane : lanes_) in_flight_ += handshakes_.release_orphans(*lane);
  pump();
}

bool Forwarder::half_done() const {
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [](const auto& lane) { return lane->has_claims(); });
}

void Forwarder::resumed() {
  handshakes_.all_resumed();
  for (auto& lane : lanes_) lane->end();
  ask();
}

void Forwarder::disconnected() {
  enter(Phase::offline);
  suspicion_.disconnected(closed_);
  own_.forget();
  bookmark_.forget();
  bookmark_timer_.stop();
  wake_.reset();
  for (auto& lane : lanes_) {
    lane->end();
    in_flight_ -= lane->withdraw();
  }
}

void Forwarder::outcomes(std::span<const Outcome> outcomes) {
  const std::size_t before = in_flight_;
  suspect(outcomes);
  for (const Outcome& outcome : outcomes) settle(outcome);
  report();
  if (phase_ == Phase::draining && in_flight_ == 0) {
    ask();
  } else if (phase_ == Phase::placing && in_flight_ != before) {
    place({});  // the answer under way does not know of these outcomes
  } else if (phase_ == Phase::resuming && !half_done()) {
    resumed();
  }
  pump();
}

// All that a connection loses comes in one call.
void Forwarder::suspect(std::span<const Outcome> outcomes) {
  std::vector<std::uint64_t> lost;
  bool alone = true;
  for (const Outcome& outcome : outcomes) {
    if (outcome.kind != Outcome::Kind::lost || outcome.reason == 0) continue;
    closed_ = true;
    if (outcome.tag == Handshakes::clearing_tag) continue;
    if (outcome.tag != OwnMessages::tag) lost.push_back(outcome.tag);
    alone = alone && outcome.tag != OwnMessages::tag;
  }
  const bool careful = suspicion_.careful();
  suspicion_.closed(lost, alone && lost.size() == 1, boottime_ms());
  if (suspicion_.careful() && !careful) {
    spdlog::warn(
        "{}: the broker closes the connection again and again before it acknowledges what it was "
        "sent; sending one message at a time to see which one it is",
        link_.status().broker);
  }
}

void Forwarder::settle(const Outcome& outcome) {
  if (outcome.tag == OwnMessages::tag) return own_.settled();
  if (outcome.tag == Handshakes::clearing_tag) {
    if (outcome.kind == Outcome::Kind::accepted) handshakes_.cleared_one();
    return;
  }
  const auto [lane_id, sequence] = LaneSequence::of_key(outcome.tag);
  OutboundLane* const lane = this->lane(lane_id);
  if (lane == nullptr) return;
  if (outcome.kind == Outcome::Kind::received) return lane->received(sequence);
  --in_flight_;
  if (outcome.kind != Outcome::Kind::lost) {
    suspicion_.settled(outcome.tag);
    handshakes_.settled(*lane, sequence);
  }
  switch (outcome.kind) {
    case Outcome::Kind::accepted:
      lane->accepted(sequence);
      bookmark_timer_.accepted();
      break;
    case Outcome::Kind::refused:
      lane->refused(sequence, "refused by the broker: " + describe_reason(outcome.reason));
      break;
    case Outcome::Kind::received:
      break;
    case Outcome::Kind::lost:
      lane->lost(sequence);
      if (sends()) enter(Phase::draining);
      break;
  }
}

OutboundLane* Forwarder::lane(LaneId id) {
  const auto lane = std::find_if(lanes_.begin(), lanes_.end(),
                                 [&](const auto& known) { return known->id() == id; });
  return lane == lanes_.end() ? nullptr : lane->get();
}

void Forwarder::pump() {
  send_own();
  std::int64_t wait_ms = std::numeric_limits<std::int64_t>::max();
  wake_.reset();
  if (sends() && !held_) wait_ms = send_lanes();
  if (phase_ == Phase::resuming && wait_ms > resume_patience.count()) {
    wake_ = loop_.after(resume_patience, [this] { place({}); });
  } else if (wait_ms < std::numeric_limits<std::int64_t>::max()) {
    wake_ = loop_.after(std::chrono::milliseconds(std::min<std::int64_t>(wait_ms, 60'000)),
                        [this] { pump(); });
  }
  report();
}

bool Forwarder::room(std::uint32_t window) const { return in_flight_ + own_.in_flight() < window; }

void Forwarder::send_own() {
  if (phase_ == Phase::offline || !handshakes_.resumed()) return;
  const std::size_t window = std::min(limits_.receive_maximum, suspicion_.window());
  const std::size_t in_flight = in_flight_ + own_.in_flight();
  own_.send(window - std::min(window, in_flight), limits_);
}

// Returns after how many ms there may be something to send though nothing happens until then.
std::int64_t Forwarder::send_lanes() {
  const std::uint32_t window =
      std::min({settings_.window, limits_.receive_maximum, suspicion_.window()});
  while (true) {
    const std::int64_t now_ms = boottime_ms();
    if (const std::int64_t wait_ms = suspicion_.wait_ms(now_ms); wait_ms > 0) return wait_ms;
    std::int64_t wait_ms = std::numeric_limits<std::int64_t>::max();
    while (room(window) && !batch_.full()) {
      const auto [lane, item] = next(now_ms, wait_ms);
      if (lane == nullptr) break;
      if (wants_claim(*lane, *item)) {
        handshakes_.claim(*lane);
        ++in_flight_;
      } else if (const std::string why = add(*lane, *item, now_ms); why.empty()) {
        lane->sent();
        ++in_flight_;
      } else {
        lane->quarantine(why);
      }
    }
    if (batch_.empty()) return wait_ms;
    publish_batch(now_ms);
  }
}

void Forwarder::publish_batch(std::int64_t now_ms) {
  if (batch_.empty()) return;
  suspicion_.sent(now_ms);
  link_.publish(batch_.messages());
  batch_.clear();
}

// The lane that sends next: of the highest priority that has something, each in turn.
Forwarder::Next Forwarder::next(std::int64_t now_ms, std::int64_t& wait_ms) {
  for (auto it = lanes_.begin(); it != lanes_.end(); ++it) {
    OutboundLane& lane = **it;
    const int priority = lane.settings().priority;
    if (lane.bytes_in_flight() >=
        (priority == top_priority_ ? bytes_in_flight_max : bytes_in_flight_behind)) {
      continue;
    }
    const LaneItem* item = lane.front(now_ms, wait_ms);
    if (item == nullptr) continue;
    if (phase_ == Phase::resuming && !lane.claimed(item->record.sequence)) continue;
    const bool claim = wants_claim(lane, *item);
    if (claim ? !handshakes_.may_claim() : lane.claims_wait()) continue;
    const auto equals_end = std::find_if(it, lanes_.end(), [&](const auto& other) {
      return other->settings().priority != priority;
    });
    std::rotate(it, it + 1, equals_end);
    return {&lane, item};
  }
  return {};
}

bool Forwarder::wants_claim(const OutboundLane& lane, const LaneItem& item) const {
  return batch_.qos_of(item) == Qos::exactly_once && !lane.claimed(item.record.sequence);
}

// Adds the message to what is published next. Returns why it can never be; empty: it was added.
std::string Forwarder::add(const OutboundLane& lane, const LaneItem& item, std::int64_t now_ms) {
  const std::uint64_t sequence = item.record.sequence;
  const std::uint64_t tag = LaneSequence{lane.id(), sequence}.key();
  if (suspicion_.condemned(tag)) {
    suspicion_.settled(tag);
    return "the broker closes the connection each time it gets this message alone";
  }
  std::string why = batch_.add(item, tag, lane.name(), now_ms);
  if (!why.empty() || batch_.qos_of(item) != Qos::exactly_once) return why;
  handshakes_.prepare(lane, sequence, batch_.newest());
  return {};
}

// The oldest claims of the lane are durable.
void Forwarder::send_claimed(LaneId id, std::size_t claims) {
  OutboundLane* const lane = this->lane(id);
  const std::int64_t now_ms = boottime_ms();
  for (; lane != nullptr && claims > 0; --claims) {
    const LaneItem* const item = lane->take_unsent();
    if (item == nullptr) break;
    const std::uint64_t sequence = item->record.sequence;
    if (const std::string why = add(*lane, *item, now_ms); why.empty()) {
      batch_.newest().stage = Outgoing::Stage::fresh;
    } else {
      handshakes_.settled(*lane, sequence);
      --in_flight_;
      lane->refused(sequence, why);
    }
    if (batch_.full()) publish_batch(now_ms);
  }
  publish_batch(now_ms);
  pump();
}

void Forwarder::report() {
  bool moved = false;
  for (auto& lane : lanes_) {
    if (auto progress = lane->take_progress()) {
      moved = moved || !progress->parts.empty() || progress->replay_next;
      handshakes_.tell(*lane, std::move(*progress));
    }
  }
  {
    const std::lock_guard lock(status_mutex_);
    for (const auto& lane : lanes_) status_[lane->name()] = lane->in_flight();
  }
  if (moved && phase_ == Phase::sending) bookmark_timer_.moved();
}

void Forwarder::bookmark_later() {
  if (phase_ == Phase::sending) bookmark_timer_.later();
}

void Forwarder::write_bookmark() {
  if (phase_ != Phase::sending || !bookmarks_) return;
  if (own_.in_flight() > 0) return bookmark_timer_.later();  // one at a time
  Bookmark::Lanes lanes;
  for (const auto& lane : lanes_) lanes[lane->name()] = lane->bookmark();
  bookmark_.write(batch_.epoch(), lanes);
}

void Forwarder::confirm(const std::string& epoch, const Bookmark::Lanes& lanes) {
  if (epoch != batch_.epoch()) return;
  for (const auto& lane : lanes_) {
    const auto found = lanes.find(lane->name());
    // One that is ahead of us is not of our making, or of a time before the broker forgot.
    if (found == lanes.end() || found->second > lane->bookmark()) continue;
    Progress progress;
    progress.lane = lane->id();
    progress.confirmed = found->second;
    journal_.progress(std::move(progress));
  }
}

void Forwarder::publish(const std::string& topic, const std::string& payload, bool retain) {
  if (phase_ == Phase::offline) return;
  own_.add(topic, payload, retain);
  send_own();
}

std::map<std::string, std::uint64_t> Forwarder::in_flight() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

}  // namespace bascule
