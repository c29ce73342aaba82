// What a broker's refusal of a message is about, by the reason code of its PUBACK or PUBREC: the
// one table that decides what becomes of a message that was refused. Pure; any thread.
//
//   for_now      the broker is busy, or has a limit: the lane waits, and sends it again, in order
//   for_message  no broker state will ever change it: it is quarantined
//   for_topic    who publishes here may not publish there: the topic is held until he may
#pragma once

#include <cstdint>
#include <string_view>

namespace bascule {

enum class Refusal : std::uint8_t { for_now, for_message, for_topic };

// `code` is 0x80 or above. One that nobody knows is taken for one that passes.
Refusal refusal_of(std::uint8_t code);

// The reason of a topic that a broker refuses in no other way.
inline constexpr std::string_view closes_over_topic =
    "the broker closes the connection each time it gets a message of this topic";

}  // namespace bascule
