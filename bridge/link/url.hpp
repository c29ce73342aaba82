// The URL of a broker: mqtt, mqtts, ws, wss://host[:port], the two ws with a path if need be, or
// mqtt+unix:///path; and that of a proxy on the way to it. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule {

struct Url {
  enum class Scheme : std::uint8_t { mqtt, mqtts, ws, wss, unix_socket } scheme = Scheme::mqtt;
  std::string host;        // without the brackets of an IPv6 address; empty for a Unix socket
  std::uint16_t port = 0;  // the scheme's own where the URL has none; 0 for a Unix socket
  std::string path;        // of the socket file, or of the WebSocket with its leading slash

  bool tls() const { return scheme == Scheme::mqtts || scheme == Scheme::wss; }
  bool websocket() const { return scheme == Scheme::ws || scheme == Scheme::wss; }
  bool operator==(const Url&) const = default;
};

// As they stand in a URL, by Scheme.
inline constexpr std::array<std::string_view, 5> url_schemes{"mqtt", "mqtts", "ws", "wss",
                                                             "mqtt+unix"};
constexpr std::string_view to_string(Url::Scheme scheme) {
  return url_schemes[static_cast<std::size_t>(scheme)];
}

// As it stands in a configuration.
std::string url_text(const Url& url);

// On failure `why`, if given, is the rest of a sentence that begins with "the url": "must name a
// host, …". It never repeats the URL, in which someone may have written a password.
std::optional<Url> parse_url(std::string_view text, std::string* why = nullptr);

// http://[user@]host[:port], a proxy that takes CONNECT, or socks5:// likewise.
struct ProxyUrl {
  enum class Scheme : std::uint8_t { http, socks5 } scheme = Scheme::http;
  std::string user;  // empty: it wants none
  std::string host;
  std::uint16_t port = 0;  // 3128 or 1080 where the URL has none

  bool operator==(const ProxyUrl&) const = default;
};

// As parse_url(); `why` goes on from "the proxy".
std::optional<ProxyUrl> parse_proxy(std::string_view text, std::string* why = nullptr);

}  // namespace bascule
