#include "link/native/transport/layer/tls_layer.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace bascule {

TlsLayer::TlsLayer(asio::io_context& io, TlsContext context, const std::string& host, bool insecure)
    : context_(context.release()), stream_(io, context_), host_(host) {
  expect_host(session(), host_, insecure);
}

void TlsLayer::open(Opened opened) {
  Error ignored;
  socket().non_blocking(true, ignored);  // for read_on()
  stream_.async_handshake(asio::ssl::stream_base::client,
                          [this, opened = std::move(opened)](const Error& error) {
                            opened(error ? describe_handshake(session(), host_, error) : "");
                          });
}

void TlsLayer::read(asio::mutable_buffer space, Moved done) {
  if (error_) {
    asio::post(stream_.get_executor(),
               [done = std::move(done), error = error_] { done(error, 0); });
    return;
  }
  stream_.async_read_some(
      space, [this, space, done = std::move(done)](const Error& error, std::size_t count) {
        // While something is written, what reading might have to answer would get in between.
        if (!error && !writing_) count += read_on(space + count);
        done(error, count);
      });
}

std::size_t TlsLayer::read_on(asio::mutable_buffer space) {
  std::size_t count = 0;
  while (count < space.size()) {
    Error error;
    count += stream_.read_some(space + count, error);
    if (!error) continue;
    if (error != asio::error::would_block) error_ = error;
    break;
  }
  return count;
}

void TlsLayer::write(asio::const_buffer bytes, Moved done) {
  writing_ = true;
  stream_.async_write_some(bytes,
                           [this, done = std::move(done)](const Error& error, std::size_t count) {
                             writing_ = false;
                             done(error, count);
                           });
}

void TlsLayer::shut_down() {
  Error ignored;
  socket().shutdown(Socket::shutdown_send, ignored);
}

}  // namespace bascule
