// Which way a message crosses.
#pragma once

#include <cstdint>
#include <string_view>

namespace bascule {

// up: site to central; down: central to site. The values are persisted in the journal.
enum class Direction : std::uint8_t { up = 0, down = 1 };

constexpr std::string_view to_string(Direction direction) {
  return direction == Direction::up ? "up" : "down";
}

constexpr Direction opposite(Direction direction) {
  return direction == Direction::up ? Direction::down : Direction::up;
}

}  // namespace bascule
