#include "link/codec/packet.hpp"

namespace bascule {

namespace {

constexpr std::size_t length_bytes_max = 4;

// The flags that the specification fixes for every type but PUBLISH.
bool flags_allowed(PacketType type, std::uint8_t flags) {
  switch (type) {
    case PacketType::publish:
      return (flags & 6) != 6;  // both QoS bits
    case PacketType::pubrel:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      return flags == 2;
    default:
      return flags == 0;
  }
}

}  // namespace

Frame next_frame(std::span<char> bytes, std::size_t packet_bytes_max) {
  Frame frame;
  if (bytes.empty()) return frame;
  const auto head = static_cast<unsigned char>(bytes[0]);
  frame.type = static_cast<PacketType>(head >> 4);
  frame.flags = head & 15;
  if (head >> 4 == 0 || !flags_allowed(frame.type, frame.flags)) {
    frame.state = Frame::State::malformed;
    return frame;
  }
  std::size_t length = 0;
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    length |= static_cast<std::size_t>(byte & 0x7f) << (7 * (i - 1));
    const bool last = byte < 0x80;
    if (!last && i < length_bytes_max) continue;
    if (!last || (byte == 0 && i > 1)) {  // too long, or longer than the number needs
      frame.state = Frame::State::malformed;
      return frame;
    }
    frame.header = 1 + i;
    frame.size = frame.header + length;
    if (frame.size > packet_bytes_max) {
      frame.state = Frame::State::too_large;
    } else if (frame.size <= bytes.size()) {
      frame.state = Frame::State::whole;
      frame.body = bytes.subspan(1 + i, length);
    }
    return frame;
  }
  return frame;
}

}  // namespace bascule
