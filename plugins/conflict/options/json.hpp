// JSON in its canonical form: members sorted, no spaces, numbers in their shortest form. Two values
// are the same if and only if their texts are.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace bascule::conflict {

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

}  // namespace bascule::conflict
