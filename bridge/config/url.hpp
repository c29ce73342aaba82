// The URL of a broker: mqtt, mqtts, ws, wss://host[:port], the two ws with a path if need be, or
// mqtt+unix:///path. Pure functions.
#pragma once

#include <cstdint>
#include <string>

namespace bascule {

struct BrokerUrl {
  std::string scheme;
  std::string host;        // an IPv6 address without its brackets; empty for mqtt+unix
  std::uint16_t port = 0;  // the scheme's own where the URL has none; 0 for mqtt+unix
  std::string path;

  bool tls() const { return scheme == "mqtts" || scheme == "wss"; }
  bool operator==(const BrokerUrl&) const = default;
};

// Throws std::invalid_argument with the rest of a sentence that begins with the key. It never
// repeats the URL, in which someone may have written a password.
BrokerUrl parse_broker_url(const std::string& url);

}  // namespace bascule
