#include "forwarder/lane/refusal.hpp"

namespace bascule {

Refusal refusal_of(std::uint8_t code) {
  switch (code) {
    case 0x81:  // malformed packet
    case 0x82:  // protocol error
    case 0x94:  // topic alias invalid
    case 0x95:  // packet too large
    case 0x99:  // payload format invalid
    case 0x9a:  // retain not supported
    case 0x9b:  // QoS not supported
      return Refusal::for_message;
    case 0x87:  // not authorized
    case 0x8a:  // banned
    case 0x8f:  // topic filter invalid
    case 0x90:  // topic name invalid: what ejabberd says of what its ACL forbids
      return Refusal::for_topic;
    // 0x80 unspecified, 0x83 implementation specific, 0x88 unavailable, 0x89 busy, 0x8b shutting
    // down, 0x91 packet id in use, 0x93 receive maximum, 0x96 rate, 0x97 quota, 0x9f connections
    default:
      return Refusal::for_now;
  }
}

}  // namespace bascule
