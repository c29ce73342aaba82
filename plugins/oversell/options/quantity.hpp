// Quantities and probabilities as messages have them.
#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "sdk/json.hpp"

namespace bascule::oversell {

using namespace sdk;

// No quantity is larger; so products with basis points cannot overflow.
constexpr std::int64_t quantity_max = 1'000'000'000;

inline std::int64_t quantity(const Json& object, const char* name) {
  const auto value = integer(object, name);
  if (value < -quantity_max || value > quantity_max) {
    throw std::runtime_error(std::string("too large a number: ") + name);
  }
  return value;
}

// Six decimals: what a probability is told and stored with.
inline double rounded(double probability) { return std::round(probability * 1e6) / 1e6; }

}  // namespace bascule::oversell
