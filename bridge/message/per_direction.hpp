// One value for each direction. Not thread-safe: as T is.
#pragma once

#include <array>

#include "message/direction.hpp"

namespace bascule {

inline constexpr std::array both_directions{Direction::up, Direction::down};

template <typename T>
class PerDirection {
 public:
  constexpr T& operator[](Direction direction) {
    return values_[static_cast<std::size_t>(direction)];
  }
  constexpr const T& operator[](Direction direction) const {
    return values_[static_cast<std::size_t>(direction)];
  }
  // up, then down.
  auto begin() { return values_.begin(); }
  auto begin() const { return values_.begin(); }
  auto end() { return values_.end(); }
  auto end() const { return values_.end(); }

 private:
  std::array<T, 2> values_{};
};

}  // namespace bascule
