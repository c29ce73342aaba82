// The URL of a broker. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule {

struct Url {
  enum class Scheme : std::uint8_t { mqtt, mqtts, ws, wss, unix_socket } scheme = Scheme::mqtt;
  std::string host;        // without the brackets of an IPv6 address; empty for a Unix socket
  std::uint16_t port = 0;  // the scheme's default if the URL names none
  std::string path;        // of the socket file, or of the WebSocket with its leading slash

  bool tls() const { return scheme == Scheme::mqtts || scheme == Scheme::wss; }
};

// Reads mqtt://HOST[:PORT] (1883), mqtts:// (8883), ws://HOST[:PORT][/PATH] (80), wss:// (443) or
// mqtt+unix:///PATH. On failure `why`, if given, says in a few words what is wrong.
std::optional<Url> parse_url(std::string_view text, std::string* why = nullptr);

}  // namespace bascule
