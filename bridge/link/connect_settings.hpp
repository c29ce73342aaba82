// What a link's settings come to when it connects. Files are read at each call, so that new
// secrets need no restart. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "link/link.hpp"

namespace bascule {

// Throws std::runtime_error with one sentence, which begins with `what`, if it cannot be read.
std::string read_file(const std::string& path, const char* what);

// Without the line's end; an empty one is an error, too.
std::string read_password(const std::string& path, const char* what = "password_file");

// What the native client takes in whole. Nothing is announced to the broker, which would drop
// silently what is larger (mosquitto 2.0.11 does); larger packets are read past.
std::uint32_t maximum_packet_bytes(const LinkSettings& settings);

// What the broker granted, held to what the settings allow: QoS and retain flag.
Limits held_to(const LinkSettings& settings, Limits granted);

std::uint32_t session_expiry_s(const LinkSettings& settings);
// What to tell the operator if the broker keeps the session for less long; empty: it does not.
std::string session_shortened(const LinkSettings& settings, const Limits& limits);
// The one to ask for: that of MQTT 5 where something is wanted that only it has.
Protocol wanted_protocol(const LinkSettings& settings);
std::uint16_t keep_alive_s(const LinkSettings& settings);

// For LinkStatus::granted.
Limits told(const LinkSettings& settings, Limits granted);

// How long it may take until the broker has answered CONNECT.
std::chrono::seconds connect_timeout(const LinkSettings& settings);

}  // namespace bascule
