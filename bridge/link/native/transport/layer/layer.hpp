// How bytes go over a connected socket: as they are, over TLS, or in the frames of a WebSocket over
// one of these. A layer owns what is below it, and the lowest the socket. Who asks for something
// keeps the layer alive until he is answered. On the loop's thread only.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <functional>
#include <string>

struct ssl_st;  // OpenSSL's SSL

namespace bascule {

namespace asio = boost::asio;

class Layer {
 public:
  using Socket = asio::generic::stream_protocol::socket;
  using Error = boost::system::error_code;
  using Opened = std::function<void(const std::string& why)>;  // empty: it is open
  using Moved = std::function<void(const Error&, std::size_t count)>;

  virtual ~Layer() = default;

  virtual Socket& socket() = 0;
  virtual ssl_st* session() = 0;  // null: there is no TLS

  // The socket is connected: says what has to be said before the first byte of ours.
  virtual void open(Opened opened) = 0;

  // One at a time of each, answered after the call. read(): some bytes, or why there are none.
  // write(): some are on their way.
  virtual void read(asio::mutable_buffer space, Moved done) = 0;
  virtual void write(asio::const_buffer bytes, Moved done) = 0;

  virtual void shut_down() = 0;  // nothing more is written; to be read is what still comes

  // At once. Who waits need not be answered any more.
  virtual void close() {
    Error ignored;
    socket().close(ignored);
  }

  // What the other end did wrong, or said is wrong, if `error` comes of that; else empty.
  virtual std::string describe(const Error& error) const = 0;
  // What the other end said when it closed, beginning with a colon; empty: nothing.
  virtual std::string farewell() const { return {}; }
};

}  // namespace bascule
