// What MQTT's reason codes mean, in words for the operator. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "link/connect_result.hpp"

namespace bascule {

// An MQTT 5 reason code (section 2.4): "not authorized (0x87)".
std::string describe_reason(int code);

// Whether a broker that ends a connection with this code may do so over a packet that it was sent,
// and not because of its own state or for an administrator.
bool about_a_packet(int code);

// A broker's CONNACK with a code other than 0: whether it does not speak the version, or refuses
// for a reason.
ConnectResult describe_refusal(int code, Protocol version);

}  // namespace bascule
