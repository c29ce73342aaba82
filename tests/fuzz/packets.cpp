// What a broker may send: a stream of bytes is cut into frames and each is taken apart, as a
// connection does it. The first byte of the input chooses the version and the limit.
#include <cstdint>
#include <string>
#include <vector>

#include "claim.hpp"
#include "link/codec/decode.hpp"
#include "link/codec/encode.hpp"
#include "link/codec/packet.hpp"

using namespace bascule;

namespace {

bool inside(std::string_view part, std::span<const char> whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void take_publish(const Frame& frame, Protocol version) {
  Delivery delivery;
  if (!decode_publish(frame.flags, frame.body, version, delivery)) return;
  const Message& message = delivery.message;
  CLAIM(inside(message.topic, frame.body));
  CLAIM(inside(message.properties, frame.body));
  CLAIM(inside(message.payload, frame.body));
  CLAIM((message.qos == Qos::at_most_once) == (delivery.packet_id == 0));
  std::string packet;
  append_publish(packet, version, message, delivery.packet_id);
  CLAIM(packet.size() == publish_bytes(version, message));
  const auto again = next_frame(packet, packet.size());
  CLAIM(again.state == Frame::State::whole);
  Delivery copy;
  CLAIM(decode_publish(again.flags, again.body, version, copy));
  CLAIM(copy.message.topic == message.topic);
  CLAIM(copy.message.properties == message.properties);
  CLAIM(copy.message.payload == message.payload);
  CLAIM(copy.packet_id == delivery.packet_id);
}

void take(const Frame& frame, Protocol version) {
  const std::string_view body(frame.body.data(), frame.body.size());
  switch (frame.type) {
    case PacketType::connack:
      if (const auto ack = decode_connack(body, version)) {
        CLAIM(ack->limits.receive_maximum > 0);
        CLAIM(ack->limits.maximum_packet_bytes > 0);
        CLAIM(inside(ack->reason_text, frame.body));
      }
      break;
    case PacketType::publish:
      take_publish(frame, version);
      break;
    case PacketType::suback:
      decode_suback(body, version);
      break;
    case PacketType::auth:
      if (const auto auth = decode_auth(body)) {
        CLAIM(inside(auth->method, frame.body));
        CLAIM(inside(auth->reason_text, frame.body));
      }
      break;
    case PacketType::disconnect:
      decode_disconnect(body);
      break;
    default:
      if (const auto ack = decode_answer(body, version)) CLAIM(ack->packet_id != 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto version = data[0] & 1 ? Protocol::v5 : Protocol::v3_1_1;
  const std::size_t limit = data[0] & 2 ? 64 : 1 << 20;
  // A place of just this size, so that a step beyond it is seen.
  std::vector<char> bytes(data + 1, data + size);
  std::span<char> rest(bytes);
  while (true) {
    const auto frame = next_frame(rest, limit);
    if (frame.state != Frame::State::whole) break;
    CLAIM(frame.size <= rest.size() && frame.size <= limit && frame.size >= 2);
    std::vector<char> body(frame.body.begin(), frame.body.end());
    auto alone = frame;
    alone.body = body;
    take(alone, version);
    rest = rest.subspan(frame.size);
  }
  return 0;
}
