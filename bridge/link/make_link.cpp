#include <stdexcept>
#include <utility>

#include "link/link.hpp"
#include "link/native/native_link.hpp"
#include "link/paho/beyond_paho.hpp"
#include "link/paho/paho_link.hpp"
#include "link/url.hpp"

namespace bascule {

std::unique_ptr<Link> make_link(LinkSettings settings) {
  std::string why;
  auto url = parse_url(settings.url, &why);
  if (!url) throw std::invalid_argument("the url " + why);
  if (!settings.auth.method.empty() && settings.protocol == Protocol::v3_1_1) {
    throw std::invalid_argument(
        "auth: MQTT 3.1.1 knows no enhanced authentication; use protocol: 5");
  }
  const bool socket = url->scheme == Url::Scheme::unix_socket;
  if (settings.client == Client::native && url->websocket()) {
    throw std::invalid_argument(
        "url: the native client does not speak WebSocket; use client: paho");
  }
  if (settings.client == Client::paho && socket) {
    throw std::invalid_argument(
        "url: the Paho client does not use Unix sockets; use client: native");
  }
  if (url->websocket() || settings.client == Client::paho) {
    if (const auto what = beyond_paho(settings); !what.empty()) throw std::invalid_argument(what);
    return std::make_unique<PahoLink>(std::move(settings), std::move(*url));
  }
  return std::make_unique<NativeLink>(std::move(settings), std::move(*url));
}

}  // namespace bascule
