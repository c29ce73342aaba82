// Bytes in the binary frames of a WebSocket (RFC 6455), as MQTT wants them (MQTT 5, section 6):
// packets and frames need not begin or end together. Pings are answered. A text frame, or one that
// is larger than any packet of MQTT, ends it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "link/native/transport/layer/layer.hpp"
#include "link/url.hpp"

namespace bascule {

// Over `below`, to the path of `url`: /mqtt where it has none.
std::shared_ptr<Layer> make_websocket_layer(asio::io_context& io, std::shared_ptr<Layer> below,
                                            const Url& url);

}  // namespace bascule
