// MQTT's reason codes: the one table of them. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "link/connect_result.hpp"

namespace bascule {

// Those that the bridge acts on by name (MQTT 5, section 2.4).
namespace reason {
inline constexpr std::uint8_t continue_authentication = 0x18;
inline constexpr std::uint8_t reauthenticate = 0x19;
inline constexpr std::uint8_t unspecified = 0x80;
inline constexpr std::uint8_t unsupported_version = 0x84;
inline constexpr std::uint8_t bad_password = 0x86;
inline constexpr std::uint8_t not_authorized = 0x87;
inline constexpr std::uint8_t bad_authentication_method = 0x8c;
inline constexpr std::uint8_t session_taken_over = 0x8e;
inline constexpr std::uint8_t packet_too_large = 0x95;
inline constexpr std::uint8_t retain_not_supported = 0x9a;
inline constexpr std::uint8_t qos_not_supported = 0x9b;
inline constexpr std::uint8_t use_another_server = 0x9c;
inline constexpr std::uint8_t server_moved = 0x9d;
inline constexpr std::uint8_t maximum_connect_time = 0xa0;

constexpr bool refuses(int code) { return code >= 0x80; }
}  // namespace reason

// In words for the operator: "not authorized (0x87)".
std::string describe_reason(int code);

// With what the broker adds to its refusal; either may be empty.
std::string with_details(std::string why, std::string_view text, std::string_view reference);

// Whether a broker that ends a connection with this code may do so over a packet that it was sent,
// and not because of its own state or for an administrator.
bool about_a_packet(int code);

// A broker's CONNACK with a code other than 0: whether it does not speak the version, or refuses
// for a reason. The codes of MQTT 3.1.1 (table 3.1) are told by `version`.
ConnectResult describe_refusal(int code, Protocol version);

}  // namespace bascule
