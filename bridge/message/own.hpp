// What the bridge itself says to brokers and policies, beside what it carries. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "message/message.hpp"

namespace bascule {

// bascule/{id}/{what}: state, events, bookmark/up, …; with an empty `what`, the prefix of them all.
// A dot in the id becomes ~, which no id has: nats-server closes the connection over a dot, and
// RabbitMQ makes a level of it.
std::string own_topic(std::string_view bridge_id, std::string_view what);

// What is retained on bascule/{id}/state.
inline constexpr std::string_view state_online = "online";
inline constexpr std::string_view state_offline = "offline";

// At QoS 1, without properties. Views both.
Message own_message(std::string_view topic, std::string_view payload, bool retain = false);

}  // namespace bascule
