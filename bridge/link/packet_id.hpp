// Packet ids are the serial numbers of the publishes, modulo what 16 bits can tell apart; 0 is
// none. Pure; any thread.
#pragma once

#include <cstdint>

namespace bascule {

constexpr std::uint64_t packet_ids = 65'535;

constexpr std::uint16_t packet_id(std::uint64_t serial) {
  return static_cast<std::uint16_t>((serial - 1) % packet_ids + 1);
}

// The one with this id among the 65,535 serial numbers that begin with `first`.
constexpr std::uint64_t serial_number(std::uint16_t id, std::uint64_t first) {
  return first + (id + packet_ids - packet_id(first)) % packet_ids;
}

}  // namespace bascule
