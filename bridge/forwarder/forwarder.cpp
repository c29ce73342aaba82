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
constexpr std::chrono::milliseconds bookmark_delay{1'000};
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
  connected_ = true;
  asking_ = true;
  ++connection_;
  ask();
}

void Forwarder::ask() {
  // With the session gone, what was in flight is about to be reported lost; sending newer messages
  // before those would break the order.
  if (!limits_.session_present && in_flight_ > 0) return;
  asking_ = false;
  bookmark_.ask(limits_.session_present, [this](FarKnowledge far) {
    bookmarks_ = far.readable && limits_.retain_available;
    if (!far.readable) {
      spdlog::warn(
          "{}: bookmarks cannot be read back here (may this user publish, retain and "
          "subscribe {}?); should this broker lose what it accepted, that goes unnoticed",
          link_.status().broker, Bookmark::topic(settings_.bridge_id, settings_.direction));
    }
    if (on_settled) on_settled();
    journal_.positions(
        settings_.direction, std::move(far),
        [this, connection = connection_](std::vector<LanePosition> positions, std::string epoch) {
          loop_.post([this, connection, positions = std::move(positions),
                      epoch = std::move(epoch)]() mutable {
            if (connected_ && connection == connection_) {
              begin(std::move(positions), std::move(epoch));
            }
          });
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
  sending_ = true;
  pump();
}

void Forwarder::down() {
  connected_ = asking_ = sending_ = false;
  bookmark_.forget();
  bookmark_timer_.reset();
  wake_.reset();
  for (auto& lane : lanes_) lane->end();
}

void Forwarder::hold() { held_ = true; }

void Forwarder::outcomes(std::span<const Outcome> outcomes) {
  for (const Outcome& outcome : outcomes) {
    if (outcome.tag == own_tag) continue;
    const auto id = static_cast<LaneId>(outcome.tag >> 48);
    const auto lane = std::find_if(lanes_.begin(), lanes_.end(),
                                   [&](const auto& known) { return known->id() == id; });
    if (lane == lanes_.end()) continue;
    --in_flight_;
    const std::uint64_t sequence = outcome.tag & sequence_mask;
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
        break;
    }
  }
  if (asking_) ask();
  pump();
}

void Forwarder::pump() {
  while (sending_ && !held_ && connected_) {
    const std::int64_t now_ms = boottime_ms();
    std::int64_t wait_ms = std::numeric_limits<std::int64_t>::max();
    outgoing_.clear();
    properties_.resize(messages_per_publish);
    const std::size_t window = std::min(settings_.window, limits_.receive_maximum);
    while (in_flight_ < window && outgoing_.size() < messages_per_publish) {
      OutboundLane* lane = next_lane(now_ms, wait_ms);
      if (lane == nullptr) break;
      if (add(*lane, *lane->front(now_ms, wait_ms), now_ms)) ++in_flight_;
    }
    if (outgoing_.empty()) {
      wake_.reset();
      if (wait_ms < std::numeric_limits<std::int64_t>::max()) {
        wake_ = loop_.after(std::chrono::milliseconds(std::min<std::int64_t>(wait_ms, 60'000)),
                            [this] { pump(); });
      }
      break;
    }
    link_.publish(outgoing_);
  }
  report();
}

// The lane that sends next: of the highest priority that has something, each in turn.
OutboundLane* Forwarder::next_lane(std::int64_t now_ms, std::int64_t& wait_ms) {
  const std::size_t count = lanes_.size();
  for (std::size_t begin = 0; begin < count;) {
    std::size_t end = begin;
    const int priority = lanes_[begin]->settings().priority;
    while (end < count && lanes_[end]->settings().priority == priority) ++end;
    const std::uint64_t limit =
        priority == top_priority_ ? bytes_in_flight_max : bytes_in_flight_behind;
    for (std::size_t i = 0; i < end - begin; ++i) {
      OutboundLane& lane = *lanes_[begin + (turn_ + i) % (end - begin)];
      if (lane.bytes_in_flight() >= limit) continue;
      if (lane.front(now_ms, wait_ms) == nullptr) continue;
      turn_ += i + 1;
      return &lane;
    }
    begin = end;
  }
  return nullptr;
}

// Adds the lane's front to what is published next; false if it can never be.
bool Forwarder::add(OutboundLane& lane, const LaneItem& item, std::int64_t now_ms) {
  Message message = item.record.message;
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
  outgoing_.push_back({message, std::uint64_t{lane.id()} << 48 | item.record.sequence});
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
  if (bookmark_timer_ != nullptr || !sending_) return;
  bookmark_timer_ = loop_.after(bookmark_delay, [this] {
    bookmark_timer_.reset();
    write_bookmark();
  });
}

void Forwarder::write_bookmark() {
  since_bookmark_ = 0;
  if (!sending_ || !bookmarks_) return;
  Bookmark::Lanes lanes;
  for (const auto& lane : lanes_) lanes[lane->name()] = lane->bookmark();
  bookmark_.write(epoch_, lanes);
}

void Forwarder::confirm(const std::string& epoch, const Bookmark::Lanes& lanes) {
  if (epoch != epoch_) return;
  for (const auto& lane : lanes_) {
    const auto found = lanes.find(lane->name());
    if (found == lanes.end()) continue;
    Progress progress;
    progress.lane = lane->id();
    progress.confirmed = found->second;
    journal_.progress(std::move(progress));
  }
}

void Forwarder::publish(const std::string& topic, const std::string& payload, bool retain) {
  if (!connected_) return;
  const Outgoing message{
      {topic, payload, {}, Qos::at_least_once, retain && limits_.retain_available}, own_tag};
  link_.publish({&message, 1});
}

std::map<std::string, std::uint64_t> Forwarder::in_flight() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

}  // namespace bascule
