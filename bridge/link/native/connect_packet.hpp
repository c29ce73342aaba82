// What the native client says first on a connection.
#pragma once

#include "link/codec/encode.hpp"
#include "link/link.hpp"
#include "link/native/will_doubts.hpp"

namespace bascule {

// But for the password and the data of enhanced authentication.
ConnectPacket connect_packet(const LinkSettings& settings, Protocol version, WillDoubts::Form will);

}  // namespace bascule
