// What Paho's numbers mean, in words for the operator. Pure; any thread.
#pragma once

#include <string>

#include "link/connect_result.hpp"

namespace bascule {

// A failed connect: Paho's return code, or a broker's CONNACK code (above 0); the MQTT 5 reason;
// and Paho's text.
ConnectResult describe_failure(int code, int reason, const std::string& text, Protocol version);

}  // namespace bascule
