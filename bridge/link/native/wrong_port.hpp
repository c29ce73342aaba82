// What tells that the scheme of the URL does not fit the port: a broker that wants TLS there, and
// is spoken to without it. Pure.
#pragma once

#include <span>
#include <string>

namespace bascule {

// An alert, by which a server refuses what is no TLS. No packet of MQTT begins so.
inline bool is_tls_alert(std::span<const char> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x15 && bytes[1] == 0x03;
}

inline const std::string tls_port =
    "this looks like a TLS port: the url begins with mqtts:// there";

// `plain`: neither TLS nor a WebSocket nor a Unix socket is between.
inline std::string closed_unanswered(bool plain) {
  return std::string("the broker closed the connection without an answer") +
         (plain ? " (does it want TLS on this port, mqtts:// in the url?)" : "");
}

}  // namespace bascule
