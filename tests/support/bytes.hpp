// Bytes as tests write them.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace bascule::test {

inline std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

// A length of two bytes, and the text.
inline std::string text(std::string_view value) {
  return bytes({static_cast<int>(value.size() >> 8), static_cast<int>(value.size() & 255)}) +
         std::string(value);
}

inline std::span<char> span_of(std::string& text) { return {text.data(), text.size()}; }

}  // namespace bascule::test
