// Which way a message crosses.
#pragma once

#include <cstdint>
#include <string_view>

#include "text/words.hpp"

namespace bascule {

// up: site to central; down: central to site. The values are persisted in the journal.
enum class Direction : std::uint8_t { up = 0, down = 1 };

inline constexpr Word<Direction> direction_words[] = {{"up", Direction::up},
                                                      {"down", Direction::down}};

constexpr std::string_view to_string(Direction direction) {
  return word_of(direction_words, direction);
}

constexpr Direction opposite(Direction direction) {
  return direction == Direction::up ? Direction::down : Direction::up;
}

}  // namespace bascule
