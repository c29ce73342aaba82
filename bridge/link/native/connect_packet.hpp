// What the native client says first on a connection.
#pragma once

#include <optional>

#include "link/codec/encode.hpp"
#include "link/link.hpp"

namespace bascule {

// But for the password.
ConnectPacket connect_packet(const LinkSettings& settings, Protocol version,
                             std::optional<Will> will);

}  // namespace bascule
