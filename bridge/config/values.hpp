// Readers for the values of sections (see section.hpp): each takes the text of a value and throws
// std::invalid_argument with the rest of a sentence about it.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "text/units.hpp"
#include "text/wording.hpp"
#include "text/words.hpp"

namespace bascule {

// Not empty, valid UTF-8, no control characters.
std::string plain_text(const std::string& text);

// What names bridges, lanes and routes: [A-Za-z0-9._-]{1,64}.
std::string identifier(const std::string& text);

bool boolean(const std::string& text);
bool on_off(const std::string& text);  // true and false, too

// A text in which {bridge.id} stands for `id`; no other braces.
inline constexpr std::string_view id_placeholder = "{bridge.id}";
std::string with_id(const std::string& text, const std::string& id);

// An absolute path; a path of a socket must also fit the system's address structure.
std::string absolute_path(const std::string& text);
std::string socket_path(const std::string& text);

// Before the name of a credential of the systemd service. It stays there where only the service
// knows the folder.
inline constexpr std::string_view credentials = "${CREDENTIALS_DIRECTORY}/";

// An absolute path of a file that this process may read, or ${CREDENTIALS_DIRECTORY}/NAME: a
// credential of its systemd service. Its text is repeated only where it names a folder that there
// is: else it may be a secret in the wrong place.
std::string readable_file(const std::string& given);

// Bounded values; the bounds are included.
std::int64_t parse_whole(const std::string& text, std::int64_t min, std::int64_t max);
inline auto whole(std::int64_t min, std::int64_t max) {
  return [=](const std::string& text) { return parse_whole(text, min, max); };
}

template <class T, class ToText>
T within(T value, T min, T max, const std::string& text, const ToText& to_text) {
  if (value >= min && value <= max) return value;
  throw std::invalid_argument("must be " + to_text(min) + " to " + to_text(max) + ", not " +
                              in_quotes(text));
}

inline auto duration(std::chrono::milliseconds min, std::chrono::milliseconds max) {
  return [=](const std::string& text) {
    return within(parse_duration(text, max), min, max, text, duration_text);
  };
}

inline auto duration_ms(std::chrono::milliseconds min, std::chrono::milliseconds max) {
  return [=](const std::string& text) { return duration(min, max)(text).count(); };
}

inline auto size(std::uint64_t min, std::uint64_t max) {
  return [=](const std::string& text) {
    return within(parse_size(text, max), min, max, text, size_text);
  };
}

// One of a few words: a table that stands beside its enum.
template <class T, std::size_t count>
auto one_of(const Word<T> (&words)[count]) {
  return [&words](const std::string& text) {
    if (const auto value = value_of(words, text)) return *value;
    std::vector<std::string_view> valid;
    for (const Word<T>& one : words) valid.push_back(one.word);
    throw std::invalid_argument("cannot be " + in_quotes(text) + "; " + suggestion(text, valid));
  };
}

}  // namespace bascule
