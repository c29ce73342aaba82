// Bytes as they are, over TCP or a Unix socket.
#pragma once

#include <boost/asio/io_context.hpp>
#include <utility>

#include "link/native/transport/layer/layer.hpp"

namespace bascule {

class PlainLayer final : public Layer {
 public:
  explicit PlainLayer(asio::io_context& io) : socket_(io) {}

  Socket& socket() override { return socket_; }
  ssl_st* session() override { return nullptr; }
  void open(Opened opened) override { opened(""); }
  void read(asio::mutable_buffer space, Moved done) override {
    socket_.async_read_some(space, std::move(done));
  }
  void write(asio::const_buffer bytes, Moved done) override {
    socket_.async_write_some(bytes, std::move(done));
  }
  void shut_down() override {
    Error ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
  }
  std::string describe(const Error&) const override { return {}; }

 private:
  Socket socket_;
};

}  // namespace bascule
