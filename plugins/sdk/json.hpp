// JSON in its canonical form: members sorted, no spaces, numbers in their shortest form. Two values
// are the same if and only if their texts are. And what a message has to say, member by member.
#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bascule::sdk {

using Json = nlohmann::json;

// A discarded value (is_discarded()) if it is no JSON.
inline Json parse_json(std::string_view text) { return Json::parse(text, nullptr, false); }

// Adds a string as JSON; quick for what needs no escapes.
inline void append_quoted(std::string& json, std::string_view text) {
  const bool simple = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
  });
  if (simple) {
    json.append(1, '"').append(text).append(1, '"');
  } else {
    json += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

inline std::string quote(std::string_view text) {
  std::string json;
  append_quoted(json, text);
  return json;
}

inline std::string canonical_text(const Json& value) {
  return value.is_string() ? quote(value.get_ref<const std::string&>()) : value.dump();
}

// Writes an object member by member, which the caller gives in the order of their names.
class ObjectText {
 public:
  // `expected`: about how many bytes there will be.
  explicit ObjectText(std::size_t expected = 256) {
    text_.reserve(expected);
    text_ += '{';
  }

  ObjectText& json(std::string_view name, std::string_view value) {
    begin(name);
    text_ += value;
    return *this;
  }
  ObjectText& text(std::string_view name, std::string_view value) {
    begin(name);
    append_quoted(text_, value);
    return *this;
  }
  ObjectText& number(std::string_view name, std::int64_t value) {
    return json(name, std::to_string(value));
  }
  std::string close() { return std::move(text_ += '}'); }

 private:
  void begin(std::string_view name) {
    if (text_.size() > 1) text_ += ',';
    append_quoted(text_, name);
    text_ += ':';
  }

  std::string text_;
};

template <class Texts>
std::string list_text(const Texts& texts) {
  std::string json = "[";
  for (const auto& text : texts) json.append(json.size() > 1 ? "," : "").append(quote(text));
  return json + ']';
}

// Of a message: what is missing or of the wrong type throws std::runtime_error with the member's
// name. The input is no message of ours then, and the bridge quarantines it.
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

}  // namespace bascule::sdk
