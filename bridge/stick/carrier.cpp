#include "stick/carrier.hpp"

#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "link/reason.hpp"
#include "message/own.hpp"
#include "message/properties.hpp"

namespace bascule {
namespace {

using namespace std::chrono_literals;

constexpr auto up_within = 20s;
constexpr auto answer_within_link = 60s;  // a broker under load, or a slow line
constexpr std::uint64_t messages_per_bookmark = 1'000;
constexpr std::size_t messages_per_batch = 64, bytes_per_batch = 256 << 10;
// mosquitto 2.0.11 closes over more than 20 at QoS 2 where MQTT 3.1.1 cannot say so.
constexpr std::size_t window_unannounced = 10, window_max = 1'000;

// Each import ends there until somebody does something: it leaves nothing out.
std::string named(const std::string& lane, std::uint64_t sequence, std::string_view topic) {
  return "message " + std::to_string(sequence) + " of lane " + lane + ", to " + std::string(topic);
}

LinkSettings carrying(LinkSettings link) {
  link.client_id += "-import-" + std::to_string(::getpid());  // two may run
  link.keep_session = false;
  link.will.reset();
  link.reconnect_min = 500ms;
  link.reconnect_max = 2s;
  return link;
}

}  // namespace

std::string aged(std::string_view block, std::int64_t waited_ms) {
  std::string out;
  PropertyReader reader(block);
  while (auto property = reader.next()) {
    if (property->id == PropertyId::message_expiry) {
      const auto waited_s = std::max<std::int64_t>(waited_ms, 0) / 1'000;
      const std::int64_t left_s = std::int64_t{property->number} - waited_s;
      property->number = static_cast<std::uint32_t>(std::max<std::int64_t>(left_s, 1));
    }
    append_property(out, *property);
  }
  return out;
}

Carrier::Carrier(LinkSettings link, const StickHead& head)
    : head_(head), link_(make_link(carrying(std::move(link)))) {
  for (std::size_t i = 0; i < claimable_ids; ++i) {
    free_ids_.push_back(static_cast<std::uint16_t>(first_claimable_id + i));
  }
  bookmark_ = std::make_unique<Bookmark>(
      head.bridge, link_->loop(),
      [this](const std::string& payload, bool retain) { publish_own(payload, retain); });
  bookmark_->on_confirmed = [this](const std::string&, std::uint64_t, const Bookmark::Lanes& said) {
    const Lock lock(mutex_);
    confirmed_ = said;
    changed_.notify_all();
  };
}

Carrier::~Carrier() {
  link_->loop().post([this] { bookmark_->forget(); });  // its timers are the loop's
  link_->stop(2s);
}

FarKnowledge Carrier::ask() {
  LinkHandlers handlers;
  handlers.on_deliveries = [this](std::span<const Delivery> list) { deliver(list); };
  handlers.on_outcomes = [this](std::span<const Outcome> list) {
    for (const Outcome& outcome : list) settle(outcome);
    changed_.notify_all();
  };
  handlers.on_up = [this](const Limits& limits) { connected(limits); };
  handlers.on_down = [this](const std::string& reason) {
    const Lock lock(mutex_);
    up_ = false;
    if (limits_ && trouble_.empty()) trouble_ = "the connection has ended: " + reason;
    changed_.notify_all();
  };
  std::vector<Subscription> wanted;
  for (const std::string& topic : {head_.bookmark, head_.state}) {
    if (!topic.empty()) wanted.push_back({topic, false});
  }
  link_->start(std::move(handlers), std::move(wanted), {});
  Lock lock(mutex_);
  const std::string broker = link_->status().broker;
  if (!changed_.wait_for(lock, up_within, [&] { return limits_.has_value(); })) {
    lock.unlock();
    const std::string error = link_->status().last_error;
    throw std::runtime_error("cannot connect to " + broker + ": " +
                             (error.empty() ? "no answer within 20 s" : error));
  }
  if (head_.bookmark.empty()) return {};
  changed_.wait_for(lock, answer_within_link, [&] { return far_ || !trouble_.empty(); });
  check(lock);
  if (!far_ || !far_->readable || !limits_->retain_available) {
    throw std::runtime_error("the bookmark of " + head_.bridge + " cannot be read at " + broker +
                             "; let this user publish, retain and subscribe " + head_.bookmark);
  }
  return *far_;
}

void Carrier::connected(const Limits& limits) {
  {
    const Lock lock(mutex_);
    if (limits_) return;  // a second connection: the first has ended, and that is said
    limits_ = limits;
    up_ = true;
    changed_.notify_all();
  }
  if (head_.bookmark.empty()) return;
  bookmark_->ask(false, [this](FarKnowledge far) {
    const Lock lock(mutex_);
    far_ = std::move(far);
    changed_.notify_all();
  });
}

void Carrier::begin(const FarKnowledge& far, Bookmark::Lanes lanes, bool moves) {
  connection_ = far.connection;
  lanes_ = std::move(lanes);
  moves_ = moves;
}

// Never from the link's own call: what is told there posts to the loop.
void Carrier::deliver(std::span<const Delivery> deliveries) {
  for (const Delivery& one : deliveries) {
    if (one.released) continue;
    const bool state = one.message.topic == head_.state;
    if (!state && one.message.topic != head_.bookmark) continue;
    link_->loop().post([this, state, payload = std::string(one.message.payload)] {
      if (state) return bookmark_->heard_state(payload);
      heard(payload);
    });
  }
  if (!deliveries.empty()) link_->acknowledge(deliveries.back().tag);
}

void Carrier::heard(const std::string& payload) {
  {
    const Lock lock(mutex_);
    const auto ours = std::ranges::find(said_, payload);
    if (ours != said_.end()) {
      said_.erase(ours);
    } else if (far_) {
      somebody_ = true;
      changed_.notify_all();
      return;
    }
  }
  bookmark_->heard(payload);
}

void Carrier::settle(const Outcome& outcome) {
  std::optional<std::uint16_t> release;
  {
    const Lock lock(mutex_);
    if (outcome.kind == Outcome::Kind::lost && trouble_.empty()) {
      trouble_ = "the connection has ended";
    }
    if (outcome.tag == 0) {
      if (own_in_flight_ > 0) --own_in_flight_;
      return;
    }
    const auto found = in_flight_.find(outcome.tag);
    if (found == in_flight_.end()) return;
    const InFlight& message = found->second;
    switch (outcome.kind) {
      case Outcome::Kind::received:
        release = message.packet_id;
        break;
      case Outcome::Kind::refused:  // it stays: the bookmark does not pass it
        if (trouble_.empty()) {
          trouble_ = "the broker refuses " + named(message.lane, message.sequence, message.topic) +
                     ": " + describe_reason(outcome.reason) +
                     "; let it take this one, as by a right of this user: no import passes it";
        }
        break;
      case Outcome::Kind::lost:
        break;
      case Outcome::Kind::accepted:
        if (message.packet_id != 0) free_ids_.push_back(message.packet_id);
        in_flight_.erase(found);
        ++accepted_;
        break;
    }
  }
  if (release) link_->release(*release);
}

// On the loop.
void Carrier::publish_own(const std::string& payload, bool retain) {
  {
    const Lock lock(mutex_);
    if (!up_) return;
    said_.push_back(payload);
    ++own_in_flight_;
  }
  const Outgoing out{own_message(head_.bookmark, payload, retain), 0};
  link_->publish({&out, 1});
}

void Carrier::check(const Lock&) const {
  if (somebody_) {
    throw std::runtime_error(head_.bridge +
                             " is connected again, or another import runs: the rest crosses that "
                             "way; if not, run this again");
  }
  if (!trouble_.empty()) {
    throw std::runtime_error(trouble_ +
                             "; the bookmark says how far it came: run this again to go on");
  }
}

std::size_t Carrier::window() const {
  const std::size_t most = limits_->protocol == Protocol::v5 ? window_max : window_unannounced;
  return std::min<std::size_t>(most, std::max(limits_->receive_maximum, 2U) - 1U);
}

void Carrier::wait_room() {
  Lock lock(mutex_);
  const bool moved = changed_.wait_for(lock, answer_within_link, [&] {
    return !trouble_.empty() || somebody_ || in_flight_.size() < window();
  });
  check(lock);
  if (!moved) throw std::runtime_error("the broker does not answer; run this again to go on");
}

void Carrier::send(const std::string& lane, const StickMessage& message, std::string properties) {
  const Message& what = message.message;
  const std::size_t bytes = what.topic.size() + what.payload.size() + properties.size();
  bool full = batch_.size() >= messages_per_batch || batch_bytes_ + bytes > bytes_per_batch;
  {
    const Lock lock(mutex_);
    full = full || in_flight_.size() >= window();
  }
  if (full) flush();
  wait_room();
  if (bytes + 16 > limits_->maximum_packet_bytes) {
    flush();
    wait_settled();  // what is before it comes all the same
    throw std::runtime_error(named(lane, message.sequence, what.topic) + ", is larger than the " +
                             std::to_string(limits_->maximum_packet_bytes) +
                             " bytes that the broker takes; let it take this one: no import "
                             "passes it. The bookmark says how far it came");
  }
  Owned owned{std::string(what.topic),
              std::string(what.payload),
              limits_->protocol == Protocol::v5 ? std::move(properties) : std::string(),
              std::min(what.qos, limits_->maximum_qos),
              what.retain && limits_->retain_available,
              ++tags_};
  {
    const Lock lock(mutex_);
    if (owned.qos == Qos::exactly_once) {
      owned.packet_id = free_ids_.back();
      free_ids_.pop_back();
    }
    in_flight_[owned.tag] = {lane, owned.topic, message.sequence, owned.packet_id};
    through_[lane] = message.sequence;
  }
  batch_.push_back(std::move(owned));
  batch_bytes_ += bytes;
  if (accepted() - marked_ >= messages_per_bookmark && may_mark()) mark();
}

// One at a time, for which the window leaves a place.
bool Carrier::may_mark() const {
  const Lock lock(mutex_);
  return own_in_flight_ == 0 && limits_->receive_maximum > 1;
}

void Carrier::through(const std::string& lane, std::uint64_t sequence) {
  const Lock lock(mutex_);
  std::uint64_t& known = through_[lane];
  known = std::max(known, sequence);
}

void Carrier::flush() {
  batch_bytes_ = 0;
  if (batch_.empty()) return;
  link_->loop().post([this, batch = std::exchange(batch_, {})] {
    {
      const Lock lock(mutex_);
      if (!up_) return;  // that is trouble already
    }
    std::vector<Outgoing> out;
    for (const Owned& one : batch) {
      out.push_back(
          {{one.topic, one.payload, one.properties, one.qos, one.retain}, one.tag, one.packet_id});
    }
    link_->publish(out);
  });
}

std::uint64_t Carrier::accepted() const {
  const Lock lock(mutex_);
  return accepted_;
}

// What all before it is accepted of.
Bookmark::Lanes Carrier::position() const {
  const Lock lock(mutex_);
  Bookmark::Lanes lanes = through_;
  for (const auto& [tag, message] : in_flight_) {
    std::uint64_t& last = lanes[message.lane];
    last = std::min(last, message.sequence - 1);
  }
  return lanes;
}

// Whether the bookmark has to say more than it did, though nothing was published.
bool Carrier::passes() const {
  const Bookmark::Lanes now = position();
  return std::ranges::any_of(now, [&](const auto& lane) {
    const auto known = lanes_.find(lane.first);
    return lane.second > (known == lanes_.end() ? 0 : known->second);
  });
}

void Carrier::mark() {
  marked_ = accepted();
  if (!moves_) return;
  for (const auto& [lane, sequence] : position()) {
    std::uint64_t& known = lanes_[lane];
    known = std::max(known, sequence);
  }
  link_->loop().post([this, lanes = lanes_, connection = connection_] {
    bookmark_->write(head_.epoch, connection, lanes);
  });
}

void Carrier::wait_settled() {
  Lock lock(mutex_);
  const auto settled = [&] {
    return (in_flight_.empty() && own_in_flight_ == 0) || !trouble_.empty() || somebody_;
  };
  while (!settled()) {
    const std::uint64_t before = accepted_;
    changed_.wait_for(lock, answer_within_link, [&] { return settled() || accepted_ != before; });
    if (!settled() && accepted_ == before) trouble_ = "the broker does not answer";
  }
  check(lock);
}

void Carrier::leave() noexcept {
  try {
    {
      const Lock lock(mutex_);
      if (!up_ || somebody_) return;
    }
    if (accepted() == 0 && !passes()) return;
    mark();
    Lock lock(mutex_);
    changed_.wait_for(lock, 2s, [&] { return own_in_flight_ == 0; });
  } catch (const std::exception&) {
    // The bookmark that is there is true as well, and costs repeats alone.
  }
}

void Carrier::finish() {
  flush();
  wait_settled();
  if (!moves_ || (accepted() == 0 && !passes())) return;
  mark();
  Lock lock(mutex_);
  changed_.wait_for(lock, answer_within_link,
                    [&] { return confirmed_ == lanes_ || !trouble_.empty() || somebody_; });
  check(lock);
  if (confirmed_ != lanes_) {
    throw std::runtime_error(
        "all has been published, and the broker did not give the bookmark "
        "back: " +
        head_.bridge + " sends it again when it connects");
  }
}

}  // namespace bascule
