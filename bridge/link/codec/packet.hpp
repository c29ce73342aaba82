// What the two versions of MQTT that we speak have in common: packet types, and where a packet
// ends. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bascule {

enum class PacketType : std::uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
  auth = 15,
};

// The packet at the front of what was read (MQTT 5, section 2.1). Only a whole one has a body,
// which points into the bytes that were looked at.
struct Frame {
  enum class State : std::uint8_t { whole, partial, malformed, too_large } state = State::partial;
  PacketType type = PacketType::connect;
  std::uint8_t flags = 0;
  std::span<char> body;
  std::size_t size = 0;    // with the fixed header
  std::size_t header = 0;  // of the fixed header; with `size`, known before the body has come
};

// A packet over `packet_bytes_max` is too_large as soon as its length is known, before its body
// has come.
Frame next_frame(std::span<char> bytes, std::size_t packet_bytes_max);

}  // namespace bascule
