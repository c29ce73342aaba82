#include "forwarder/forwarder.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "clock.hpp"
#include "message/stamp.hpp"

namespace bascule {
namespace {

// What may be on the wire at once. A lane that others go before gets less, so that on a slow line
// they wait for little of it.
constexpr std::uint64_t bytes_in_flight_max = 4 << 20;
constexpr std::uint64_t bytes_in_flight_behind = 256 << 10;
constexpr std::uint64_t messages_per_bookmark = 1'000;
// What was half done may have been given up meanwhile, and never be read; then it is asked for
// anew.
constexpr std::chrono::milliseconds resume_patience{10'000};

std::string reason_text(std::uint8_t reason) {
  std::array<char, 64> text{};
  const char* name = "";
  switch (reason) {
    case 0x87:
      name = ": not authorized";
      break;
    case 0x90:
      name = ": topic name invalid";
      break;
    case 0x95:
      name = ": packet too large";
      break;
    case 0x97:
      name = ": quota exceeded";
      break;
    case 0x99:
      name = ": payload format invalid";
      break;
    default:
      break;
  }
  std::snprintf(text.data(), text.size(), "refused by the broker, reason 0x%02x%s", reason, name);
  return text.data();
}

}  // namespace

Forwarder::Forwarder(ForwarderSettings settings, Journal& journal, Link& link)
    : settings_(std::move(settings)),
      journal_(journal),
      link_(link),
      loop_(link.loop()),
      bookmark_(settings_.bridge_id, loop_, [this](const std::string& payload, bool retain) {
        publish(Bookmark::topic(settings_.bridge_id, settings_.direction), payload, retain);
      }) {
  bookmark_.on_confirmed = [this](const std::string& epoch, const Bookmark::Lanes& lanes) {
    confirm(epoch, lanes);
  };
}

void Forwarder::up(const Limits& limits) {
  limits_ = limits;
  suspicion_.up(boottime_ms());
  closed_ = false;
  compared_ = false;
  resumed_ = !limits_.session_present || limits_.maximum_qos != Qos::exactly_once;
  // With the session gone, what was in flight is about to be reported lost; sending newer messages
  // before those would break the order.
  phase_ = Phase::draining;
  if (limits_.session_present || in_flight_ == 0) ask();
}

void Forwarder::ask() {
  if (compared_ || !resumed_) {
    place({});
    return;
  }
  phase_ = Phase::asking;
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
  phase_ = Phase::placing;
  journal_.positions(settings_.direction, std::move(far),
                     [this, &loop = loop_, placement = ++placement_](Journal::Positions positions) {
                       loop.post([this, placement, positions = std::move(positions)]() mutable {
                         if (phase_ != Phase::placing || placement != placement_) return;
                         placed(std::move(positions));
                       });
                     });
}

void Forwarder::placed(Journal::Positions positions) {
  epoch_ = std::move(positions.epoch);
  positions_ = std::move(positions.lanes);
  const bool clear = positions.unfamiliar && limits_.session_present;
  if (clear && limits_.maximum_qos == Qos::exactly_once) return clear_session();
  if (clear) journal_.cleared(settings_.direction);  // without QoS 2 there is nothing half done
  begin();
}

void Forwarder::begin() {
  ids_.give_all_back();
  for (const LanePosition& position : std::exchange(positions_, {})) {
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
    (*lane)->begin(position, journal_, loop_, [this] { pump(); });
    for (const auto& [sequence, claim] : position.claims.all()) ids_.reserve(claim.packet_id);
  }
  std::stable_sort(lanes_.begin(), lanes_.end(), [](const auto& a, const auto& b) {
    return a->settings().priority > b->settings().priority;
  });
  top_priority_ = lanes_.empty() ? 0 : lanes_.front()->settings().priority;
  if (!resumed_ && !half_done()) return resumed();
  phase_ = resumed_ ? Phase::sending : Phase::resuming;
  bookmark_later();  // the one that is there may be behind, or gone
  for (auto& lane : lanes_) resume_orphans(*lane);
  pump();
}

void Forwarder::down() {
  phase_ = Phase::down;
  suspicion_.down(closed_);
  own_.clear();
  bookmark_.forget();
  bookmark_timer_.reset();
  wake_.reset();
  for (auto& lane : lanes_) {
    lane->end();
    in_flight_ -= lane->withdraw();
  }
}

void Forwarder::hold() { held_ = true; }

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
    if (outcome.tag == clearing_tag) continue;
    if (outcome.tag != own_tag) lost.push_back(outcome.tag);
    alone = alone && outcome.tag != own_tag;
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
  if (outcome.tag == own_tag) {
    --own_in_flight_;
    return;
  }
  if (outcome.tag == clearing_tag) {
    if (outcome.kind == Outcome::Kind::accepted) cleared_one();
    return;
  }
  const auto [lane_id, sequence] = LaneSequence::of_key(outcome.tag);
  OutboundLane* const lane = this->lane(lane_id);
  if (lane == nullptr) return;
  if (outcome.kind == Outcome::Kind::received) return lane->received(sequence);
  --in_flight_;
  if (outcome.kind != Outcome::Kind::lost) suspicion_.settled(outcome.tag);
  if (const auto claim = lane->claimed(sequence); claim && outcome.kind != Outcome::Kind::lost) {
    ids_.give_back(claim->packet_id);
  }
  switch (outcome.kind) {
    case Outcome::Kind::accepted:
      lane->accepted(sequence);
      ++since_bookmark_;
      break;
    case Outcome::Kind::refused:
      lane->refused(sequence, reason_text(outcome.reason));
      break;
    case Outcome::Kind::received:
      break;
    case Outcome::Kind::lost:
      lane->lost(sequence);
      if (sends()) phase_ = Phase::draining;
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

bool Forwarder::room(std::uint32_t window) const { return in_flight_ + own_in_flight_ < window; }

void Forwarder::send_own() {
  const std::uint32_t window = std::min(limits_.receive_maximum, suspicion_.window());
  while (phase_ != Phase::down && resumed_ && !own_.empty() && room(window)) {
    const Own own = std::move(own_.front());
    own_.pop_front();
    const Outgoing message{{own.topic,
                            own.payload,
                            {},
                            std::min(Qos::at_least_once, limits_.maximum_qos),
                            own.retain && limits_.retain_available},
                           own_tag};
    ++own_in_flight_;
    link_.publish({&message, 1});
  }
}

// Returns after how many ms there may be something to send though nothing happens until then.
std::int64_t Forwarder::send_lanes() {
  const std::uint32_t window =
      std::min({settings_.window, limits_.receive_maximum, suspicion_.window()});
  properties_.resize(messages_per_publish);
  while (true) {
    const std::int64_t now_ms = boottime_ms();
    if (const std::int64_t wait_ms = suspicion_.wait_ms(now_ms); wait_ms > 0) return wait_ms;
    std::int64_t wait_ms = std::numeric_limits<std::int64_t>::max();
    outgoing_.clear();
    while (room(window) && outgoing_.size() < messages_per_publish) {
      const auto [lane, item] = next(now_ms, wait_ms);
      if (lane == nullptr) break;
      if (wants_claim(*lane, *item)) {
        lane->claim(*ids_.take());
        ++in_flight_;
      } else if (const std::string why = add(*lane, *item, now_ms); why.empty()) {
        lane->sent();
        ++in_flight_;
      } else {
        lane->set_aside(why);
      }
    }
    if (outgoing_.empty()) return wait_ms;
    suspicion_.sent(now_ms);
    link_.publish(outgoing_);
  }
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
    if (claim ? ids_.in_use() >= claims_max() : lane.claims_wait()) continue;
    const auto equals_end = std::find_if(it, lanes_.end(), [&](const auto& other) {
      return other->settings().priority != priority;
    });
    std::rotate(it, it + 1, equals_end);
    return {&lane, item};
  }
  return {};
}

Qos Forwarder::qos_of(const LaneItem& item) const {
  return std::min(item.record.message.qos, limits_.maximum_qos);
}

// Adds the message to what is published next. Returns why it can never be; empty: it was added.
std::string Forwarder::add(const OutboundLane& lane, const LaneItem& item, std::int64_t now_ms) {
  Message message = item.record.message;
  const std::uint64_t tag = LaneSequence{lane.id(), item.record.sequence}.key();
  if (suspicion_.condemned(tag)) {
    suspicion_.settled(tag);
    return "the broker closes the connection each time it gets this message alone";
  }
  if (limits_.protocol == Protocol::v5) {
    const Stamp stamp{settings_.bridge_id, epoch_, lane.name(), item.record.sequence,
                      item.captured_wall_ms};
    const std::int64_t waited_s =
        std::max<std::int64_t>(0, now_ms - item.captured_boottime_ms) / 1'000;
    std::string& properties = properties_[outgoing_.size()];
    restamp(message.properties, stamp, settings_.bridge_id, static_cast<std::uint32_t>(waited_s),
            properties);
    message.properties = properties;
  } else {
    message.properties = {};
  }
  // Fixed header, topic length, packet id, property length: 16 bytes at the most.
  const std::size_t packet_bytes =
      message.topic.size() + message.properties.size() + message.payload.size() + 16;
  if (packet_bytes > limits_.maximum_packet_bytes) {
    return "larger than the broker's maximum packet size of " +
           std::to_string(limits_.maximum_packet_bytes) + " bytes";
  }
  message.qos = qos_of(item);
  message.retain = message.retain && limits_.retain_available;
  Outgoing out{message, tag};
  if (message.qos == Qos::exactly_once) prepare(lane, item, out);
  outgoing_.push_back(out);
  return {};
}

void Forwarder::report() {
  bool moved = false;
  for (auto& lane : lanes_) {
    if (auto progress = lane->take_progress()) {
      moved = moved || !progress->parts.empty() || progress->replay_next;
      tell(*lane, std::move(*progress));
    }
  }
  {
    const std::lock_guard lock(status_mutex_);
    for (const auto& lane : lanes_) status_[lane->name()] = lane->in_flight();
  }
  if (moved && since_bookmark_ >= messages_per_bookmark) {
    write_bookmark();
  } else if (moved) {
    bookmark_later();
  }
}

void Forwarder::bookmark_later() {
  if (bookmark_timer_ != nullptr || phase_ != Phase::sending) return;
  bookmark_timer_ = loop_.after(settings_.bookmark_delay, [this] {
    bookmark_timer_.reset();
    write_bookmark();
  });
}

void Forwarder::write_bookmark() {
  since_bookmark_ = 0;
  if (phase_ != Phase::sending || !bookmarks_) return;
  if (own_in_flight_ > 0) return bookmark_later();  // one at a time
  Bookmark::Lanes lanes;
  for (const auto& lane : lanes_) lanes[lane->name()] = lane->bookmark();
  bookmark_.write(epoch_, lanes);
}

void Forwarder::confirm(const std::string& epoch, const Bookmark::Lanes& lanes) {
  if (epoch != epoch_) return;
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
  if (phase_ == Phase::down) return;
  own_.push_back({topic, payload, retain});
  send_own();
}

std::map<std::string, std::uint64_t> Forwarder::in_flight() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

}  // namespace bascule
