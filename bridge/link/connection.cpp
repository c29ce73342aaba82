#include "link/connection.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "link/codec/encode.hpp"
#include "link/connect_settings.hpp"
#include "link/reason.hpp"

namespace bascule {

namespace {

using Kind = ConnectResult::Kind;
using Milliseconds = std::chrono::duration<double, std::milli>;

// What the broker may have unacknowledged with us: the QoS 1 messages by what we announce in MQTT
// 5, and everything else because we stop reading.
constexpr std::uint16_t receive_maximum = 1'000;
constexpr std::size_t held_messages_max = 10'000;
constexpr std::size_t held_bytes_max = 16 << 20;

// Packet ids are the serial numbers of the publishes, modulo what 16 bits can tell apart.
constexpr std::uint64_t packet_ids = 65'535;
constexpr std::uint16_t packet_id(std::uint64_t serial) {
  return static_cast<std::uint16_t>((serial - 1) % packet_ids + 1);
}

ConnectPacket connect_packet(const LinkSettings& settings, Protocol version) {
  ConnectPacket packet;
  packet.version = version;
  packet.client_id = settings.client_id;
  packet.username = settings.username;
  if (!settings.password_file.empty()) packet.password = read_password(settings.password_file);
  packet.keep_alive_s = keep_alive_s(settings);
  packet.will = settings.will;
  packet.session_expiry_s = session_expiry_s(settings);
  packet.receive_maximum = receive_maximum;
  packet.maximum_packet_bytes = maximum_packet_bytes(settings);
  return packet;
}

std::string with_details(std::string why, std::string_view text, std::string_view reference) {
  if (!text.empty()) why += ": " + std::string(text);
  if (!reference.empty()) why += "; the server to use: " + std::string(reference);
  return why;
}

}  // namespace

Connection::Connection(Loop& loop, const LinkSettings& settings, const Url& url, Protocol version,
                       const std::vector<Subscription>& subscriptions, Session& session,
                       Owner& owner)
    : settings_(settings),
      subscriptions_(subscriptions),
      session_(session),
      owner_(owner),
      version_(version),
      packet_bytes_max_(maximum_packet_bytes(settings)) {
  append_connect(connect_packet_, connect_packet(settings, version));
  Transport::Handlers handlers;
  handlers.on_open = [this] { opened(); };
  handlers.on_bytes = [this](std::span<char> bytes) { return received(bytes); };
  handlers.on_written = [this](std::uint64_t bytes) { written(bytes); };
  handlers.on_end = [this](const Transport::End& end) { broken(end); };
  transport_.emplace(loop, url, settings.tls, connect_timeout(settings), std::move(handlers));
}

void Connection::opened() {
  transport_->out() = std::exchange(connect_packet_, {});
  transport_->send();
}

// --- what comes in ---------------------------------------------------------------------------

std::size_t Connection::received(std::span<char> bytes) {
  if (phase_ == Phase::closing) return bytes.size();
  now_ = Clock::now();
  keep_alive_.heard(now_);
  std::size_t used = 0;
  while (fault_.empty() && phase_ != Phase::over) {
    const auto frame = next_frame(bytes.subspan(used), packet_bytes_max_);
    if (frame.state == Frame::State::partial) break;
    if (frame.state == Frame::State::whole) {
      take(frame);
      used += frame.size;
    } else {
      fault_ = frame.state == Frame::State::too_large
                   ? "the broker sent a packet of " + std::to_string(frame.size) +
                         " bytes, which is over the limit"
                   : "the broker sent something that is not MQTT";
    }
  }
  hand_in();
  if (!fault_.empty()) fail(Kind::refused, fault_);
  return used;
}

// What one read has brought, in one call each.
void Connection::hand_in() {
  if (phase_ == Phase::over) return;
  if (!deliveries_.empty()) {
    owner_.deliver(deliveries_);
    deliveries_.clear();
    hold_back();
  }
  if (std::exchange(outcomes_wait_, false)) {
    send_waiting();
    owner_.settled();
  }
  if (std::exchange(subscribed_now_, false)) owner_.subscribed();
}

void Connection::take(const Frame& frame) {
  if (phase_ == Phase::connecting && frame.type != PacketType::connack) {
    fault_ = "the broker answered CONNECT with something else";
    return;
  }
  switch (frame.type) {
    case PacketType::publish:
      return take_publish(frame);
    case PacketType::puback:
      return take_puback(frame);
    case PacketType::pingresp:
      return take_pingresp();
    case PacketType::suback:
      return take_suback(frame);
    case PacketType::connack:
      return take_connack(frame);
    case PacketType::disconnect:
      return take_disconnect(frame);
    default:
      fault_ = "the broker sent a packet of type " + std::to_string(static_cast<int>(frame.type)) +
               ", which we never asked for";
  }
}

void Connection::take_connack(const Frame& frame) {
  const auto ack = decode_connack({frame.body.data(), frame.body.size()}, version_);
  if (!ack || phase_ != Phase::connecting) {
    fault_ = "the broker sent a CONNACK that breaks the rules of MQTT";
    return;
  }
  if (ack->reason != 0) {
    const auto refusal = describe_refusal(ack->reason, version_);
    fail(refusal.kind, with_details(refusal.error, ack->reason_text, ack->server_reference));
    return;
  }
  limits_ = ack->limits;
  const auto keep_alive_s = ack->keep_alive_s.value_or(0);
  keep_alive_.begin(keep_alive_s > 0 ? std::chrono::seconds(keep_alive_s)
                                     : KeepAlive::Duration(settings_.keep_alive),
                    now_);
  phase_ = Phase::subscribing;
  phase_since_ = now_;
  owner_.connected(limits_);
  subscribe();
}

// One packet for each, so that an answer tells which. Nothing is in flight yet, and their ids are
// free again when the first publish is sent.
void Connection::subscribe() {
  subscriptions_open_ = subscriptions_.size();
  subscribed_now_ = subscriptions_.empty();
  if (subscribed_now_) phase_ = Phase::up;
  std::uint16_t id = 0;
  for (const auto& subscription : subscriptions_) {
    append_subscribe(transport_->out(), version_, ++id, subscription);
  }
  send();
}

void Connection::take_suback(const Frame& frame) {
  const auto ack = decode_suback({frame.body.data(), frame.body.size()}, version_);
  if (!ack || phase_ != Phase::subscribing || ack->packet_id > subscriptions_.size()) {
    fault_ = "the broker sent a SUBACK that breaks the rules of MQTT";
    return;
  }
  if (ack->reason >= 0x80) {
    owner_.subscription_refused(subscriptions_[ack->packet_id - 1u].filter, ack->reason);
  }
  if (--subscriptions_open_ > 0) return;
  phase_ = Phase::up;
  phase_since_ = now_;
  subscribed_now_ = true;
}

void Connection::take_publish(const Frame& frame) {
  auto& delivery = deliveries_.emplace_back();
  if (!decode_publish(frame.flags, frame.body, version_, delivery)) {
    deliveries_.pop_back();
    fault_ = "the broker sent a PUBLISH that breaks the rules of MQTT";
    return;
  }
  if (delivery.message.qos == Qos::exactly_once) {
    deliveries_.pop_back();
    fault_ = "the broker sent a message at QoS 2, which we never asked for";
    return;
  }
  delivery.tag = session_.deliveries.add(delivery.packet_id, frame.size);
}

// An id that nobody waits for is no reason to end a connection that works.
void Connection::take_puback(const Frame& frame) {
  const auto ack = decode_puback({frame.body.data(), frame.body.size()}, version_);
  if (!ack) {
    fault_ = "the broker sent a PUBACK that breaks the rules of MQTT";
    return;
  }
  const auto first = session_.publishes.first();
  const auto serial = first + (ack->packet_id + packet_ids - packet_id(first)) % packet_ids;
  if (!waiting_.empty() && serial >= waiting_.front().serial) return;
  const bool refused = ack->reason >= 0x80;
  const auto kind = refused ? Outcome::Kind::refused : Outcome::Kind::accepted;
  session_.publishes.settle(serial, kind, refused ? ack->reason : 0, now_);
  outcomes_wait_ = true;
}

void Connection::take_pingresp() {
  const auto time = keep_alive_.answered(now_);
  if (time) owner_.round_trip(Milliseconds(*time).count());
}

void Connection::take_disconnect(const Frame& frame) {
  const auto farewell = decode_disconnect({frame.body.data(), frame.body.size()});
  if (!farewell || version_ != Protocol::v5) {
    fault_ = "the broker sent a DISCONNECT that breaks the rules of MQTT";
    return;
  }
  fault_ = with_details("the broker ended it: " + describe_reason(farewell->reason),
                        farewell->reason_text, farewell->server_reference);
}

// --- acknowledgements ------------------------------------------------------------------------

void Connection::acknowledge(std::uint64_t tag) {
  if (phase_ != Phase::subscribing && phase_ != Phase::up) return;
  auto& out = transport_->out();
  session_.deliveries.acknowledge(tag, [&](std::uint16_t id) { append_puback(out, id); });
  send();
  hold_back();
}

void Connection::hold_back() {
  const auto& held = session_.deliveries;
  const bool full = held.count() >= held_messages_max || held.bytes() >= held_bytes_max;
  if (std::exchange(held_, full) != full) transport_->hold(full);
}

// --- what goes out ---------------------------------------------------------------------------

bool Connection::publish(std::span<const Outgoing> messages) {
  bool all_wait = true;
  const auto now = Clock::now();
  for (const auto& out : messages) {
    Message message = out.message;
    message.qos = std::min(message.qos, Qos::at_least_once);
    if (version_ != Protocol::v5) message.properties = {};
    const bool at_once = waiting_.empty() && room(session_.publishes.next());
    const auto serial = session_.publishes.add(out.tag, message.qos, now);
    if (publish_bytes(version_, message) > limits_.maximum_packet_bytes) {
      constexpr std::uint8_t packet_too_large = 0x95;
      session_.publishes.settle(serial, Outcome::Kind::refused, packet_too_large, now);
      all_wait = false;
    } else if (at_once) {
      send_publish(message, serial);
    } else {
      auto& waiting = waiting_.emplace_back(Waiting{serial, message.qos, {}});
      append_publish(waiting.packet, version_, message, packet_id(serial));
    }
  }
  send();
  return all_wait;
}

// Whether one more may be on its way. An id must not be taken while its last use is open.
bool Connection::room(std::uint64_t serial) const {
  const auto on_their_way = session_.publishes.size() - waiting_.size();
  return on_their_way < limits_.receive_maximum && serial - session_.publishes.first() < packet_ids;
}

void Connection::send_publish(const Message& message, std::uint64_t serial) {
  append_publish(transport_->out(), version_, message, packet_id(serial));
  if (message.qos == Qos::at_most_once) unwritten_.push_back({transport_->position(), serial});
}

void Connection::send_waiting() {
  for (; !waiting_.empty() && room(waiting_.front().serial); waiting_.pop_front()) {
    const auto& waiting = waiting_.front();
    transport_->out() += waiting.packet;
    if (waiting.qos == Qos::at_most_once) {
      unwritten_.push_back({transport_->position(), waiting.serial});
    }
  }
  send();
}

void Connection::written(std::uint64_t bytes) {
  if (unwritten_.empty() || unwritten_.front().end > bytes) return;
  const auto now = Clock::now();
  for (; !unwritten_.empty() && unwritten_.front().end <= bytes; unwritten_.pop_front()) {
    session_.publishes.settle(unwritten_.front().serial, Outcome::Kind::accepted, 0, now);
  }
  if (phase_ != Phase::up) return;
  send_waiting();
  owner_.settled();
}

void Connection::send() {
  if (transport_->out().empty()) return;
  keep_alive_.sent(Clock::now());
  transport_->send();
}

// --- the end ---------------------------------------------------------------------------------

void Connection::close() {
  if (phase_ == Phase::connecting) return fail(Kind::not_reached, "given up");
  phase_ = Phase::closing;
  append_disconnect(transport_->out());
  transport_->finish();
}

void Connection::tick(KeepAlive::Time now) {
  if (phase_ == Phase::closing || phase_ == Phase::over) return;
  const bool late = now - phase_since_ > connect_timeout(settings_);
  if (phase_ == Phase::connecting) {
    if (late) fail(Kind::not_reached, "no answer within the time limit");
    return;
  }
  if (phase_ == Phase::subscribing && late) {
    return fail(Kind::refused, "the broker does not answer a subscribe");
  }
  if (held_) keep_alive_.heard(now);  // perhaps something came, and we do not look
  std::optional<KeepAlive::Waiting> oldest;
  if (const auto since = session_.publishes.oldest()) {
    oldest = {session_.publishes.first(), *since};
  }
  switch (keep_alive_.tick(transport_->progress(), oldest, now)) {
    case KeepAlive::Verdict::fine:
      break;
    case KeepAlive::Verdict::ping_due:
      ping(now);
      break;
    case KeepAlive::Verdict::dead_line:
      fail(Kind::not_reached, "the line is dead: no answer within 1.2 times the keep alive");
      break;
    case KeepAlive::Verdict::never_acknowledged:
      fail(Kind::not_reached, "the broker answers, but does not acknowledge a message");
      break;
  }
}

void Connection::ping(Clock::time_point now) {
  append_pingreq(transport_->out());
  transport_->send();
  const auto next = waiting_.empty() ? session_.publishes.next() : waiting_.front().serial;
  keep_alive_.pinged(next - 1, now);
}

void Connection::broken(const Transport::End& end) {
  if (phase_ == Phase::connecting && end.by_peer) {
    return fail(Kind::not_spoken, "the broker closed the connection without an answer");
  }
  fail(Kind::not_reached, end.why);
}

void Connection::fail(ConnectResult::Kind kind, const std::string& why) {
  if (std::exchange(phase_, Phase::over) == Phase::over) return;
  transport_.reset();
  owner_.ended(kind, why);
}

}  // namespace bascule
