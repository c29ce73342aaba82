// The value that travels: one MQTT application message, as a view.
//
// A Message owns nothing. Whoever hands one over says how long its bytes live; a stage that needs
// them longer copies them (the journal does, once). Properties stay in the encoding of MQTT 5
// section 2.2.2.2 without the length prefix, reduced to the six that an application sees end to
// end (see properties.hpp), so that a message crosses without being taken apart.
#pragma once

#include <cstdint>
#include <string_view>

#include "text/words.hpp"

namespace bascule {

enum class Qos : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };
inline constexpr Word<Qos> qos_words[] = {
    {"0", Qos::at_most_once}, {"1", Qos::at_least_once}, {"2", Qos::exactly_once}};

struct Message {
  std::string_view topic;
  std::string_view payload;
  std::string_view properties;  // MQTT 5 encoding, without the length prefix
  Qos qos = Qos::at_most_once;
  bool retain = false;
};

}  // namespace bascule
