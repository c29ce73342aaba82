#include "link/native/connect_packet.hpp"

#include <utility>

#include "link/connect_settings.hpp"
#include "link/native/inbox.hpp"

namespace bascule {

ConnectPacket connect_packet(const LinkSettings& settings, Protocol version,
                             std::optional<Will> will) {
  ConnectPacket packet;
  packet.version = version;
  packet.client_id = settings.client_id;
  packet.username = settings.username;
  packet.keep_alive_s = keep_alive_s(settings);
  packet.will = std::move(will);
  packet.keep_session = settings.keep_session;
  packet.session_expiry_s = session_expiry_s(settings);
  packet.receive_maximum = Inbox::receive_maximum;
  return packet;
}

}  // namespace bascule
