// Bytes over TLS on TCP. A broker sends a record for each packet, and OpenSSL gives one at a time:
// those that are there already are read together.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <string>

#include "link/native/transport/layer/layer.hpp"
#include "link/native/transport/tls_context.hpp"

namespace bascule {

class TlsLayer final : public Layer {
 public:
  // The certificate must be for `host`, unless any is taken. Throws std::runtime_error with one
  // sentence if none can be.
  TlsLayer(asio::io_context& io, TlsContext context, const std::string& host, bool insecure);

  Socket& socket() override { return stream_.next_layer(); }
  ssl_st* session() override { return stream_.native_handle(); }
  void open(Opened opened) override;
  void read(asio::mutable_buffer space, Moved done) override;
  void write(asio::const_buffer bytes, Moved done) override;
  void shut_down() override;
  std::string describe(const Error& error) const override { return describe_alert(error); }

 private:
  std::size_t read_on(asio::mutable_buffer space);

  asio::ssl::context context_;
  asio::ssl::stream<Socket> stream_;
  std::string host_;
  bool writing_ = false;
  Error error_;  // for the next read
};

}  // namespace bascule
