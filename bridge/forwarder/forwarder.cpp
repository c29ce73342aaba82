#include "forwarder/forwarder.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <limits>

#include "clock.hpp"
#include "stamp.hpp"

namespace bascule {
namespace {

// A tag is lane << 48 | sequence; the bridge's own messages have no lane.
constexpr std::uint64_t own_tag = 0;
constexpr std::uint64_t sequence_mask = 0xFFFF'FFFF'FFFF;

constexpr std::size_t messages_per_publish = 256;
// What may be on the wire at once. A lane that others go before gets less, so that on a slow line
// they wait for little of it.
constexpr std::uint64_t bytes_in_flight_max = 4 << 20;
constexpr std::uint64_t bytes_in_flight_behind = 256 << 10;
constexpr std::uint64_t messages_per_bookmark = 1'000;

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
  closed_for_ = 0;
  compared_ = false;
  // With the session gone, what was in flight is about to be reported lost; sending newer messages
  // before those would break the order.
  phase_ = Phase::draining;
  if (limits_.session_present || in_flight_ == 0) ask();
}

void Forwarder::ask() {
  if (compared_) {
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
                     [this, &loop = loop_, placement = ++placement_](
                         std::vector<LanePosition> positions, std::string epoch) {
                       loop.post([this, placement, positions = std::move(positions),
                                  epoch = std::move(epoch)]() mutable {
                         if (phase_ != Phase::placing || placement != placement_) return;
                         begin(std::move(positions), std::move(epoch));
                       });
                     });
}

void Forwarder::begin(std::vector<LanePosition> positions, std::string epoch) {
  epoch_ = std::move(epoch);
  for (const LanePosition& position : positions) {
    auto lane = std::find_if(lanes_.begin(), lanes_.end(),
                             [&](const auto& known) { return known->id() == position.id; });
    if (lane == lanes_.end()) {
      lane = lanes_.insert(lane, std::make_unique<OutboundLane>(position));
    }
    if (position.replay_next != 0) {
      spdlog::warn(
          "{}: the broker has lost what it had accepted; sending lane {} again from {} to {}",
          link_.status().broker, position.name, position.replay_next, position.replay_last);
    }
    (*lane)->begin(position, journal_, loop_, [this] { pump(); });
  }
  std::stable_sort(lanes_.begin(), lanes_.end(), [](const auto& a, const auto& b) {
    return a->settings().priority > b->settings().priority;
  });
  top_priority_ = lanes_.empty() ? 0 : lanes_.front()->settings().priority;
  phase_ = Phase::sending;
  bookmark_later();  // the one that is there may be behind, or gone
  pump();
}

void Forwarder::down() {
  phase_ = Phase::down;
  suspicion_.down(closed_for_ != 0);
  own_.clear();
  bookmark_.forget();
  bookmark_timer_.reset();
  wake_.reset();
  for (auto& lane : lanes_) lane->end();
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
  }
  pump();
}

// All that a connection loses comes in one call.
void Forwarder::suspect(std::span<const Outcome> outcomes) {
  std::vector<std::uint64_t> lost;
  bool alone = true;
  for (const Outcome& outcome : outcomes) {
    if (outcome.kind != Outcome::Kind::lost || outcome.reason == 0) continue;
    closed_for_ = outcome.reason;
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
  const auto id = static_cast<LaneId>(outcome.tag >> 48);
  const auto lane = std::find_if(lanes_.begin(), lanes_.end(),
                                 [&](const auto& known) { return known->id() == id; });
  if (lane == lanes_.end()) return;
  --in_flight_;
  const std::uint64_t sequence = outcome.tag & sequence_mask;
  if (outcome.kind != Outcome::Kind::lost) suspicion_.settled(outcome.tag);
  switch (outcome.kind) {
    case Outcome::Kind::accepted:
      (*lane)->accepted(sequence);
      ++since_bookmark_;
      break;
    case Outcome::Kind::refused:
      (*lane)->refused(sequence, reason_text(outcome.reason));
      break;
    case Outcome::Kind::lost:
      (*lane)->lost(sequence);
      if (phase_ == Phase::sending) phase_ = Phase::draining;
      break;
  }
}

void Forwarder::pump() {
  send_own();
  std::int64_t wait_ms = std::numeric_limits<std::int64_t>::max();
  wake_.reset();
  if (phase_ == Phase::sending && !held_) wait_ms = send_lanes();
  if (wait_ms < std::numeric_limits<std::int64_t>::max()) {
    wake_ = loop_.after(std::chrono::milliseconds(std::min<std::int64_t>(wait_ms, 60'000)),
                        [this] { pump(); });
  }
  report();
}

bool Forwarder::room(std::uint32_t window) const { return in_flight_ + own_in_flight_ < window; }

void Forwarder::send_own() {
  const std::uint32_t window = std::min(limits_.receive_maximum, suspicion_.window());
  while (phase_ != Phase::down && !own_.empty() && room(window)) {
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
      if (add(*lane, *item, now_ms)) ++in_flight_;
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
    const auto equals_end = std::find_if(it, lanes_.end(), [&](const auto& other) {
      return other->settings().priority != priority;
    });
    std::rotate(it, it + 1, equals_end);
    return {&lane, item};
  }
  return {};
}

// Adds the lane's front to what is published next; false if it can never be.
bool Forwarder::add(OutboundLane& lane, const LaneItem& item, std::int64_t now_ms) {
  Message message = item.record.message;
  const std::uint64_t tag = std::uint64_t{lane.id()} << 48 | item.record.sequence;
  if (suspicion_.condemned(tag)) {
    lane.set_aside("the broker closes the connection each time it gets this message alone");
    suspicion_.settled(tag);
    return false;
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
    lane.set_aside("larger than the broker's maximum packet size of " +
                   std::to_string(limits_.maximum_packet_bytes) + " bytes");
    return false;
  }
  message.qos = std::min(message.qos, limits_.maximum_qos);
  message.retain = message.retain && limits_.retain_available;
  outgoing_.push_back({message, tag});
  lane.sent();
  return true;
}

void Forwarder::report() {
  bool moved = false;
  for (auto& lane : lanes_) {
    if (auto progress = lane->take_progress()) {
      journal_.progress(std::move(*progress));
      moved = true;
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
