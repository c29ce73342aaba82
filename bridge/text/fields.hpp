// Members of an answer, read without trust: a daemon of another version may leave one out, or
// write null.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

inline double number_of(const nlohmann::json& object, const char* name) {
  const auto member = object.is_object() ? object.find(name) : object.end();
  return member != object.end() && member->is_number() ? member->get<double>() : 0;
}

// Whole and not negative.
inline std::uint64_t count_of(const nlohmann::json& object, const char* name) {
  const auto member = object.is_object() ? object.find(name) : object.end();
  if (member == object.end() || !member->is_number_integer()) return 0;
  return member->is_number_unsigned() || member->get<std::int64_t>() >= 0
             ? member->get<std::uint64_t>()
             : 0;
}

inline std::string text_of(const nlohmann::json& object, const char* name) {
  const auto member = object.is_object() ? object.find(name) : object.end();
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

// An empty object or list if there is none.
inline const nlohmann::json& part_of(const nlohmann::json& object, const char* name) {
  static const nlohmann::json nothing = nlohmann::json::object();
  const auto member = object.is_object() ? object.find(name) : object.end();
  return member != object.end() && member->is_structured() ? *member : nothing;
}

}  // namespace bascule
