// The part of a connection that takes what the broker sends, apart from the rest for its length.
#include <algorithm>
#include <utility>

#include "link/codec/encode.hpp"
#include "link/native/connection.hpp"
#include "link/native/packet_id.hpp"
#include "link/reason.hpp"

namespace bascule {

namespace {

using Kind = ConnectResult::Kind;
using Milliseconds = std::chrono::duration<double, std::milli>;

std::string with_details(std::string why, std::string_view text, std::string_view reference) {
  if (!text.empty()) why += ": " + std::string(text);
  if (!reference.empty()) why += "; the server to use: " + std::string(reference);
  return why;
}

}  // namespace

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
  if (phase_ == Phase::up) transport_->gather(busy());
  if (!fault_.empty()) fail(Kind::refused, fault_, fault_reason_);
  return used;
}

// With so many on their way, a little more time for each is not felt. A broker that lets fewer be
// on their way would be slowed down by it.
bool Connection::busy() const {
  constexpr std::size_t many = 40;
  return session_.deliveries.count() >= many || session_.publishes.size() >= many;
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
  if (std::exchange(subscribed_now_, false)) owner_.subscribed(limits_);
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
    case PacketType::pubrec:
      return take_pubrec(frame);
    case PacketType::pubrel:
      return take_pubrel(frame);
    case PacketType::pubcomp:
      return take_pubcomp(frame);
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
    constexpr int no_retain = 0x9a, no_qos = 0x9b;
    if (ack->reason == no_retain || ack->reason == no_qos) session_.plain_will = true;
    look_for_redirect(ack->reason, ack->server_reference);
    const auto refusal = describe_refusal(ack->reason, version_);
    fail(refusal.kind, with_details(refusal.error, ack->reason_text, ack->server_reference));
    return;
  }
  limits_ = ack->limits;
  // The broker may want to hear from us more often. It cannot keep us from listening more closely.
  KeepAlive::Duration keep_alive = settings_.keep_alive;
  if (ack->keep_alive_s.value_or(0) > 0) {
    keep_alive =
        std::min(keep_alive, KeepAlive::Duration(std::chrono::seconds(*ack->keep_alive_s)));
  }
  keep_alive_.begin(keep_alive, now_);
  phase_ = Phase::subscribing;
  phase_since_ = now_;
  owner_.connected(limits_);
  subscribe();
}

// One packet for each, so that an answer tells which. Nothing is in flight yet, and their ids are
// free again when the first publish is sent.
void Connection::subscribe() {
  subscriptions_open_.assign(subscriptions_.size(), true);
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
  const bool ours = ack && phase_ == Phase::subscribing &&
                    ack->packet_id <= subscriptions_.size() &&
                    subscriptions_open_[ack->packet_id - 1u];
  if (!ours) {
    fault_ = "the broker sent a SUBACK that breaks the rules of MQTT";
    return;
  }
  const auto& filter = subscriptions_[ack->packet_id - 1u].filter;
  const auto asked = static_cast<unsigned>(subscriptions_[ack->packet_id - 1u].qos);
  if (version_ != Protocol::v5 && ack->reason < asked) {
    // The only sign in MQTT 3.1.1 of a broker that does not know QoS 2; some close the connection
    // when it is published to them.
    limits_.maximum_qos = std::min(limits_.maximum_qos, Qos::at_least_once);
  }
  if (ack->reason >= 0x80) {
    owner_.poor(with_details(
        "the broker refused the subscription to " + filter + ": " + describe_reason(ack->reason),
        ack->reason_text, {}));
  } else if (ack->reason == 0) {
    owner_.poor("the broker grants the subscription to " + filter +
                " at QoS 0 only: what it sends there can be lost");
  }
  subscriptions_open_[ack->packet_id - 1u] = false;
  if (std::ranges::find(subscriptions_open_, true) != subscriptions_open_.end()) return;
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
  const bool handshake = delivery.message.qos == Qos::exactly_once;
  delivery.tag = session_.deliveries.add(
      delivery.packet_id, handshake ? PacketType::pubrec : PacketType::puback, frame.size);
}

// Whether or not we know the id: it is free when it has been answered.
void Connection::take_pubrel(const Frame& frame) {
  const auto answer = take_answer(frame);
  if (!answer) return;
  auto& delivery = deliveries_.emplace_back();
  delivery.packet_id = answer->packet_id;
  delivery.released = true;
  delivery.tag = session_.deliveries.add(answer->packet_id, PacketType::pubcomp, frame.size);
}

std::optional<Answer> Connection::take_answer(const Frame& frame) {
  auto answer = decode_answer({frame.body.data(), frame.body.size()}, version_);
  if (!answer) {
    const char* const names[] = {"PUBACK", "PUBREC", "PUBREL", "PUBCOMP"};
    const auto name = static_cast<int>(frame.type) - static_cast<int>(PacketType::puback);
    fault_ = std::string("the broker sent a ") + names[name] + " that breaks the rules of MQTT";
  }
  return answer;
}

// An id that nobody waits for is no reason to end a connection that works. Nor is one that waits
// for something else: what is missing will come, or the connection ends for want of it.
void Connection::take_puback(const Frame& frame) {
  const auto ack = take_answer(frame);
  if (!ack) return;
  // A broker that does not know QoS 2 may answer as if it were 1.
  if (ack->packet_id >= first_claimable_id) return settle(Handshake::State::sent, *ack);
  const auto serial = serial_number(ack->packet_id, session_.publishes.first());
  if (!waiting_.empty() && serial >= waiting_.front().serial) return;
  settle(serial, *ack);
}

void Connection::take_pubrec(const Frame& frame) {
  const auto answer = take_answer(frame);
  if (!answer) return;
  if (answer->reason >= 0x80) return settle(Handshake::State::sent, *answer);
  const auto found = handshakes_.find(answer->packet_id);
  if (found == handshakes_.end() || found->second.state != Handshake::State::sent) return;
  found->second.state = Handshake::State::received;
  session_.publishes.receive(found->second.serial, now_);
  outcomes_wait_ = true;
}

// With a reason of 0x80 or above the broker does not know the id: it has let go of it before.
void Connection::take_pubcomp(const Frame& frame) {
  auto answer = take_answer(frame);
  if (!answer) return;
  answer->reason = 0;
  settle(Handshake::State::released, *answer);
}

void Connection::settle(Handshake::State state, const Answer& answer) {
  const auto found = handshakes_.find(answer.packet_id);
  if (found == handshakes_.end() || found->second.state != state) return;
  settle(found->second.serial, answer);
  handshakes_.erase(found);
}

void Connection::settle(std::uint64_t serial, const Answer& answer) {
  const bool refused = answer.reason >= 0x80;
  if (refused && !answer.reason_text.empty()) {
    owner_.poor(with_details("the broker refused a message: " + describe_reason(answer.reason),
                             answer.reason_text, {}));
  }
  const auto kind = refused ? Outcome::Kind::refused : Outcome::Kind::accepted;
  session_.publishes.settle(serial, kind, refused ? answer.reason : 0, now_);
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
  look_for_redirect(farewell->reason, farewell->server_reference);
  fault_ = with_details("the broker ended it: " + describe_reason(farewell->reason),
                        farewell->reason_text, farewell->server_reference);
  if (about_a_packet(farewell->reason)) fault_reason_ = farewell->reason;
}

void Connection::look_for_redirect(std::uint8_t reason, std::string_view reference) {
  constexpr std::uint8_t use_another_server = 0x9c, server_moved = 0x9d;
  if (reason == use_another_server || reason == server_moved) {
    owner_.sent_on(reference, reason == server_moved);
  }
}

}  // namespace bascule
