// Asks a proxy to connect a socket to a broker: by CONNECT of HTTP, or by SOCKS 5, where the proxy
// finds the address of the broker's name. On the loop's thread only.
#pragma once

#include <functional>
#include <string>

#include "link/native/transport/layer/layer.hpp"
#include "link/url.hpp"

namespace bascule {

// `socket` is connected to the proxy, and lives until `done` is called with what the proxy says
// against it: "it refuses …". Empty: from here on the socket is one to the broker. There is no time
// limit; to close the socket ends it.
void ask_http_proxy(Layer::Socket& socket, const ProxyUrl& proxy, const std::string& password,
                    const Url& broker, std::function<void(const std::string& why)> done);
void ask_socks_proxy(Layer::Socket& socket, const ProxyUrl& proxy, const std::string& password,
                     const Url& broker, std::function<void(const std::string& why)> done);

}  // namespace bascule
