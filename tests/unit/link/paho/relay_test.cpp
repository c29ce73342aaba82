#include "link/paho/relay.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <thread>

namespace bascule::test {

namespace {

using namespace std::chrono_literals;

// A connection whose broker reads nothing yet, with a relay in the middle.
struct Connection {
  Connection() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(broker()); }

  int library() const { return ends[0]; }
  int broker() const { return ends[1]; }

  // As the library, until nothing more fits between here and the broker; how much did.
  std::size_t fill() const {
    const std::string bytes(4'096, 'x');
    std::size_t written = 0;
    for (ssize_t count = 0; count >= 0;) {
      written += static_cast<std::size_t>(count);
      count = send(library(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    return written;
  }

  std::size_t read_to_end() const {
    std::string bytes(4'096, 0);
    std::size_t all = 0;
    for (ssize_t count = 1; count > 0;) {
      count = recv(broker(), bytes.data(), bytes.size(), 0);
      if (count > 0) all += static_cast<std::size_t>(count);
    }
    return all;
  }

  int ends[2] = {};
};

}  // namespace

TEST_CASE("relay: what the library wrote before it closed reaches a broker that is slow") {
  const Connection connection;
  std::size_t read = 0;
  std::size_t written = 0;
  std::thread broker;
  {
    Relay relay(connection.library());
    written = connection.fill();
    close(connection.library());
    broker = std::thread([&] { read = connection.read_to_end(); });
    relay.finish(20s);
  }
  broker.join();
  CHECK(written > 0);
  CHECK(read == written);
}

TEST_CASE("relay: a broker that reads nothing does not keep the relay") {
  const Connection connection;
  Relay relay(connection.library());
  connection.fill();
  close(connection.library());
  relay.finish(0ms);
}

TEST_CASE("relay: nothing passes after a cut") {
  const Connection connection;
  {
    Relay relay(connection.library());
    relay.cut();
    connection.fill();
    close(connection.library());
    relay.finish(20s);
  }
  CHECK(connection.read_to_end() == 0);
}

}  // namespace bascule::test
