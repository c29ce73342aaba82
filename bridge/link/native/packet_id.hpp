// The packet ids that a link gives are the serial numbers of the publishes, modulo what there are
// of them: the highest are for QoS 2, and not the link's to give; those below are for what is asked
// while publishes are on their way; 0 is none. Pure; any thread.
#pragma once

#include <cstdint>

#include "link/link.hpp"

namespace bascule {

constexpr std::uint16_t first_request_id = first_claimable_id - 1'024;
constexpr std::uint64_t packet_ids = first_request_id - 1;

constexpr std::uint16_t packet_id(std::uint64_t serial) {
  return static_cast<std::uint16_t>((serial - 1) % packet_ids + 1);
}

// The one with this id among the `packet_ids` serial numbers that begin with `first`.
constexpr std::uint64_t serial_number(std::uint16_t id, std::uint64_t first) {
  return first + (id + packet_ids - packet_id(first)) % packet_ids;
}

}  // namespace bascule
