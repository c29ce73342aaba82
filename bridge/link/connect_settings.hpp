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

// Without the line's end.
std::string read_password(const std::string& path);

// What we let a broker send at once. A broker drops silently what is larger than announced, and
// the messages above max_payload_bytes are to be quarantined and counted; so it is twice that, with
// room for topic and properties.
std::uint32_t maximum_packet_bytes(const LinkSettings& settings);

std::uint32_t session_expiry_s(const LinkSettings& settings);
std::uint16_t keep_alive_s(const LinkSettings& settings);

// How long it may take until the broker has answered CONNECT.
std::chrono::seconds connect_timeout(const LinkSettings& settings);

}  // namespace bascule
