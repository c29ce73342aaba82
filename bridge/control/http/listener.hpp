// One door of the control server: what listens there, and the connections that have come in, all on
// a thread of its own.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "control/http/access.hpp"
#include "control/http/certificate.hpp"
#include "control/http/control_connection.hpp"
#include "control/http/server.hpp"
#include "fold.hpp"

namespace bascule {

class Listener {
 public:
  // On a unix socket: whoever may open it may ask. Throws boost::system::system_error if it cannot
  // be had. `api` outlives the listener.
  Listener(const std::string& socket, const ControlApi& api);

  // Over TCP. A port that cannot be had is tried again, every few seconds.
  Listener(const HttpSettings& settings, const ControlApi& api);

  // Ends after the answers under way; clients that do not take theirs are hung up on.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const { return port_; }  // 0: none, or not yet. Any thread

 private:
  using Connections = std::list<std::shared_ptr<ControlConnection>>;
  using Unix = boost::asio::local::stream_protocol;
  using Tcp = boost::asio::ip::tcp;

  void open_unix(const std::string& socket);
  void open_tcp();
  bool is_open() const;
  void accept();
  void add(ControlConnection::Socket client);
  void make_room();
  void close();

  const ControlApi& api_;
  std::optional<HttpSettings> settings_;  // nothing: a unix socket
  std::optional<Access> access_;
  std::optional<Certificate> certificate_;
  boost::asio::io_context io_{1};
  std::variant<Unix::acceptor, Tcp::acceptor> acceptor_;
  boost::asio::steady_timer pause_;
  boost::asio::thread_pool pool_;
  Connections connections_;
  int feeds_ = 0;  // of those, that listen to one
  Fold hung_up_, unopened_;
  bool closing_ = false;
  std::atomic<std::uint16_t> port_ = 0;
  std::thread thread_;
};

}  // namespace bascule
