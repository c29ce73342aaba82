#include "link/native/inbox.hpp"

#include "link/codec/encode.hpp"

namespace bascule {

namespace {

// What the broker may have unacknowledged with us: messages of QoS 1 and 2 by what we announce in
// MQTT 5, and everything else because we stop reading.
constexpr std::size_t messages_max = 10'000;
constexpr std::size_t bytes_max = 16 << 20;

}  // namespace

bool Inbox::take_publish(const Frame& frame) {
  auto& delivery = deliveries_.emplace_back();
  return add(decode_publish(frame.flags, frame.body, version_, delivery), frame.size);
}

bool Inbox::take_oversized(Oversized& packet) {
  auto& delivery = deliveries_.emplace_back();
  const bool valid = packet.read(delivery);
  return add(valid, delivery.message.payload.size());
}

// The newest one.
bool Inbox::add(bool valid, std::size_t packet_bytes) {
  if (!valid) {
    deliveries_.pop_back();
    return false;
  }
  Delivery& delivery = deliveries_.back();
  const bool handshake = delivery.message.qos == Qos::exactly_once;
  delivery.tag = unacknowledged_.add(
      delivery.packet_id, handshake ? PacketType::pubrec : PacketType::puback, packet_bytes);
  return true;
}

// Whether or not we know the id: it is free when it has been answered.
void Inbox::take_pubrel(const Answer& answer, std::size_t packet_bytes) {
  auto& delivery = deliveries_.emplace_back();
  delivery.packet_id = answer.packet_id;
  delivery.released = true;
  delivery.tag = unacknowledged_.add(answer.packet_id, PacketType::pubcomp, packet_bytes);
}

void Inbox::acknowledge(std::uint64_t tag, std::string& out) {
  unacknowledged_.acknowledge(
      tag, [&](PacketType answer, std::uint16_t id) { append_answer(out, answer, id); });
}

bool Inbox::full() const {
  return unacknowledged_.count() >= messages_max || unacknowledged_.bytes() >= bytes_max;
}

}  // namespace bascule
