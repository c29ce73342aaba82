// Connects a socket to a host: finds its addresses and tries them in turn, each with its share of
// the time, and from the address of ours that is wanted. On the loop's thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "link/loop.hpp"
#include "link/native/transport/layer/layer.hpp"
#include "link/native/transport/resolve.hpp"
#include "link/url.hpp"

namespace bascule {

class Dial : public std::enable_shared_from_this<Dial> {
 public:
  using Clock = std::chrono::steady_clock;
  using Done = std::function<void(const std::string& why)>;  // empty: it is connected

  // `socket` lives until `done` is called, or close(). `bind_address` is numeric; empty: the system
  // chooses.
  Dial(Loop& loop, Layer::Socket& socket, std::string bind_address);

  void start(const Url& to, Clock::time_point deadline, Done done);
  void close();  // `done` is not called any more

 private:
  using Error = Layer::Error;

  void end(const std::string& why);
  void limit_time(Clock::time_point time);
  void resolved(Resolved resolved);
  void try_next();
  std::string take_address(const Address& to);
  void connected(const Error& error);

  Layer::Socket& socket_;
  const std::string bind_address_;
  Loop::Answers answers_;
  asio::steady_timer timer_;
  Clock::time_point deadline_;
  std::vector<Address> addresses_;
  std::size_t next_ = 0;  // the address to try next
  Done done_;             // empty: nobody waits any more
};

}  // namespace bascule
