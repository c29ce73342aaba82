#include "link/native/connect_packet.hpp"

#include "link/connect_settings.hpp"
#include "link/native/inbox.hpp"

namespace bascule {

ConnectPacket connect_packet(const LinkSettings& settings, Protocol version,
                             WillDoubts::Form form) {
  ConnectPacket packet;
  packet.version = version;
  packet.client_id = settings.client_id;
  packet.username = settings.username;
  packet.keep_alive_s = keep_alive_s(settings);
  if (form != WillDoubts::Form::none) packet.will = settings.will;
  if (packet.will && form == WillDoubts::Form::plain) {
    packet.will->retain = false;
    packet.will->qos = Qos::at_most_once;
  }
  packet.keep_session = settings.keep_session;
  packet.session_expiry_s = session_expiry_s(settings);
  packet.receive_maximum = Inbox::receive_maximum;
  return packet;
}

}  // namespace bascule
