#include "link/native/outbox.hpp"

#include "link/codec/encode.hpp"
#include "link/native/packet_id.hpp"
#include "link/reason.hpp"

namespace bascule {

namespace {

std::uint16_t id_of(const Outgoing& out, Qos qos, std::uint64_t serial) {
  return qos == Qos::exactly_once ? out.packet_id : packet_id(serial);
}

}  // namespace

bool Outbox::publish(std::span<const Outgoing> messages, Time now) {
  bool all_wait = true;
  for (const auto& out : messages) {
    Message message = out.message;
    if (version_ != Protocol::v5) message.properties = {};
    const bool at_once = waiting_.empty() && room(publishes_.next());
    const auto serial = publishes_.add(out.tag, message.qos, now);
    if (message.qos == Qos::exactly_once && out.stage == Outgoing::Stage::received) {
      resume(out, serial);
    } else if (publish_bytes(version_, message) > packet_bytes_max_) {
      publishes_.settle(serial, Outcome::Kind::refused, reason::packet_too_large, now);
      all_wait = false;
    } else if (at_once) {
      send(message, out, serial);
    } else {
      const auto id = id_of(out, message.qos, serial);
      auto& waiting = waiting_.emplace_back(Waiting{serial, message.qos, id, {}});
      append_publish(waiting.packet, version_, message, id, out.stage == Outgoing::Stage::resent);
    }
  }
  return all_wait;
}

// Whether one more may be on its way. An id must not be taken while its last use is open.
bool Outbox::room(std::uint64_t serial) const {
  const auto on_their_way = publishes_.size() - waiting_.size();
  return on_their_way < receive_maximum_ && serial - publishes_.first() < packet_ids;
}

void Outbox::send(const Message& message, const Outgoing& out, std::uint64_t serial) {
  const auto id = id_of(out, message.qos, serial);
  append_publish(wire_.out(), version_, message, id, out.stage == Outgoing::Stage::resent);
  sent(message.qos, id, serial);
}

void Outbox::sent(Qos qos, std::uint16_t packet_id, std::uint64_t serial) {
  if (qos == Qos::exactly_once) handshakes_[packet_id] = {Handshake::State::sent, serial};
  if (qos == Qos::at_most_once) unwritten_.push_back({wire_.position(), serial});
}

// An earlier connection has come to PUBREC with it.
void Outbox::resume(const Outgoing& out, std::uint64_t serial) {
  handshakes_[out.packet_id] = {Handshake::State::released, serial};
  append_answer(wire_.out(), PacketType::pubrel, out.packet_id);
}

bool Outbox::release(std::uint16_t packet_id, Time now) {
  const auto found = handshakes_.find(packet_id);
  if (found == handshakes_.end()) return false;
  auto& [state, serial] = found->second;
  if (state != Handshake::State::received) return false;
  state = Handshake::State::released;
  publishes_.release(serial, now);
  append_answer(wire_.out(), PacketType::pubrel, packet_id);
  return true;
}

void Outbox::send_waiting() {
  for (; !waiting_.empty() && room(waiting_.front().serial); waiting_.pop_front()) {
    const auto& waiting = waiting_.front();
    wire_.out() += waiting.packet;
    sent(waiting.qos, waiting.packet_id, waiting.serial);
  }
}

bool Outbox::written(std::uint64_t position, Time now) {
  if (unwritten_.empty() || unwritten_.front().end > position) return false;
  for (; !unwritten_.empty() && unwritten_.front().end <= position; unwritten_.pop_front()) {
    publishes_.settle(unwritten_.front().serial, Outcome::Kind::accepted, 0, now);
  }
  return true;
}

std::uint64_t Outbox::last_sent() const {
  return (waiting_.empty() ? publishes_.next() : waiting_.front().serial) - 1;
}

// --- answers -------------------------------------------------------------------------------------

bool Outbox::take(PacketType type, const Answer& answer, Time now) {
  switch (type) {
    case PacketType::puback:
      return take_puback(answer, now);
    case PacketType::pubrec:
      return take_pubrec(answer, now);
    default:
      // With a reason of 0x80 or above the broker does not know the id: it has let go of it before.
      return settle(Handshake::State::released, {answer.packet_id, 0, {}}, now);
  }
}

bool Outbox::take_puback(const Answer& answer, Time now) {
  // A broker that does not know QoS 2 may answer as if it were 1.
  if (answer.packet_id >= first_claimable_id) return settle(Handshake::State::sent, answer, now);
  const auto serial = serial_number(answer.packet_id, publishes_.first());
  if (!waiting_.empty() && serial >= waiting_.front().serial) return false;
  settle(serial, answer, now);
  return true;
}

bool Outbox::take_pubrec(const Answer& answer, Time now) {
  if (reason::refuses(answer.reason)) return settle(Handshake::State::sent, answer, now);
  const auto found = handshakes_.find(answer.packet_id);
  if (found == handshakes_.end() || found->second.state != Handshake::State::sent) return false;
  found->second.state = Handshake::State::received;
  publishes_.receive(found->second.serial, now);
  return true;
}

bool Outbox::settle(Handshake::State state, const Answer& answer, Time now) {
  const auto found = handshakes_.find(answer.packet_id);
  if (found == handshakes_.end() || found->second.state != state) return false;
  settle(found->second.serial, answer, now);
  handshakes_.erase(found);
  return true;
}

void Outbox::settle(std::uint64_t serial, const Answer& answer, Time now) {
  const bool refused = reason::refuses(answer.reason);
  const auto kind = refused ? Outcome::Kind::refused : Outcome::Kind::accepted;
  publishes_.settle(serial, kind, refused ? answer.reason : 0, now);
}

}  // namespace bascule
