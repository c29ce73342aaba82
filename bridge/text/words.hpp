// Words for the values of an enum. Each enum that people write or read has one table, beside it:
// the configuration is read with it, and status is printed with it. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace bascule {

template <class T>
struct Word {
  std::string_view word;
  T value;
};

// "?" for a value that the table does not have.
template <class T, std::size_t count>
constexpr std::string_view word_of(const Word<T> (&words)[count], T value) {
  for (const Word<T>& one : words) {
    if (one.value == value) return one.word;
  }
  return "?";
}

template <class T, std::size_t count>
constexpr std::optional<T> value_of(const Word<T> (&words)[count], std::string_view word) {
  for (const Word<T>& one : words) {
    if (one.word == word) return one.value;
  }
  return std::nullopt;
}

}  // namespace bascule
