// MQTT topic rules (MQTT 5, section 4.7): names and filters. Pure functions; any thread. Where a
// function takes a filter without checking it, the filter must be valid.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bascule {

// Well-formed UTF-8 as MQTT wants it: no surrogates, no overlong forms, no U+0000.
bool well_formed_utf8(std::string_view text);
// The same, of 65,535 bytes at most: what can be a string of MQTT.
bool valid_utf8(std::string_view text);

// A name one can publish to: 1 to 65,535 bytes of valid UTF-8 without + and #. On failure `why`,
// if given, says what is wrong in a few words.
bool valid_topic(std::string_view topic, std::string* why = nullptr);

// A filter one can subscribe to: + alone in its level, # alone in the last.
bool valid_filter(std::string_view filter, std::string* why = nullptr);

// Whether the filter matches the topic; # and + at the start do not match topics that begin with $.
bool matches(std::string_view filter, std::string_view topic);

// Whether some topic matches both filters.
bool overlap(std::string_view a, std::string_view b);

// Whether every topic that `narrow` matches is matched by `wide`.
bool covers(std::string_view wide, std::string_view narrow);

// The filter that matches just what both match; empty if they do not overlap.
std::string meet(std::string_view a, std::string_view b);

// Every filter that matches the topic, the narrowest first; nothing if there are more than `most`.
// For a topic of n levels they are 3 * 2^n - 1.
std::vector<std::string> filters_over(std::string_view topic, std::size_t most);

// The narrowest single filter, level by level, that covers both. Empty if there is none: no
// wildcard covers two different first levels of which one begins with $.
std::string join(std::string_view a, std::string_view b);

}  // namespace bascule
