// JSON as the policy reads and writes it: members sorted, so that equal values have equal bytes.
// What is missing or of the wrong type throws std::runtime_error with the member's name: the input
// is no message of ours then, and the bridge sets it aside.
#pragma once

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bascule::oversell {

using Json = nlohmann::json;

// No quantity is larger; so products with basis points cannot overflow.
constexpr std::int64_t quantity_max = 1'000'000'000;

inline Json parse_object(std::string_view text) {
  auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) throw std::runtime_error("the payload must be a JSON object");
  return json;
}

inline std::int64_t integer(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_integer()) {
    throw std::runtime_error(std::string("the payload lacks a whole number: ") + name);
  }
  return found->get<std::int64_t>();
}

inline std::int64_t integer_or(const Json& object, const char* name, std::int64_t otherwise) {
  return object.contains(name) ? integer(object, name) : otherwise;
}

inline std::int64_t quantity(const Json& object, const char* name) {
  const auto value = integer(object, name);
  if (value < -quantity_max || value > quantity_max) {
    throw std::runtime_error(std::string("too large a number: ") + name);
  }
  return value;
}

inline std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) {
    throw std::runtime_error(std::string("the payload lacks a text: ") + name);
  }
  return found->get<std::string>();
}

inline std::string text_or(const Json& object, const char* name, std::string_view otherwise) {
  return object.contains(name) ? text(object, name) : std::string(otherwise);
}

inline bool flag(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

// Six decimals: what a probability is told and stored with.
inline double rounded(double probability) { return std::round(probability * 1e6) / 1e6; }

}  // namespace bascule::oversell
