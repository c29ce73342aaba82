// A broker that does what a test tells it, right or wrong: it listens on a free loopback port and
// gives each connection to the script, one after the other.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "support/bytes.hpp"

namespace bascule::test {

class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  ~Peer() { close(fd_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void send(const std::string& data) const {
    for (std::size_t sent = 0; sent < data.size();) {
      const auto count = ::send(fd_, data.data() + sent, data.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return;
      sent += static_cast<std::size_t>(count);
    }
  }

  // `count` bytes, or fewer if the client closes or is silent for longer than `patience_ms`.
  std::string read(std::size_t count, int patience_ms = 20'000) const {
    std::string data(count, 0);
    std::size_t filled = 0;
    while (filled < count) {
      pollfd ready{fd_, POLLIN, 0};
      if (poll(&ready, 1, patience_ms) <= 0) break;
      const auto got = recv(fd_, data.data() + filled, count - filled, 0);
      if (got <= 0) break;
      filled += static_cast<std::size_t>(got);
    }
    data.resize(filled);
    return data;
  }

  // A whole packet; empty if the client closes.
  std::string read_packet(int patience_ms = 20'000) const {
    auto packet = read(1, patience_ms);
    std::size_t length = 0;
    for (int shift = 0; !packet.empty(); shift += 7) {
      packet += read(1);
      length |= static_cast<std::size_t>(packet.back() & 127) << shift;
      if (!(packet.back() & 128)) break;
    }
    return packet + read(length);
  }

  // Where the client connects from, in numbers.
  std::string address() const {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    getpeername(fd_, reinterpret_cast<sockaddr*>(&from), &size);
    char text[INET_ADDRSTRLEN] = "";
    inet_ntop(AF_INET, &from.sin_addr, text, sizeof text);
    return text;
  }

  void read_to_end() const {
    while (!read(4'096).empty()) {
    }
  }

 private:
  int fd_;
};

inline const std::string welcome = bytes({0x20, 3, 0, 0, 0});  // CONNACK of MQTT 5

inline std::string granted(int qos) { return bytes({0x90, 4, 0, 1, 0, qos}); }  // SUBACK

// Takes the connection to the point where it is up, with one subscription.
inline void bring_up(const Peer& peer, int qos = 1, const std::string& connack = welcome) {
  peer.read_packet();
  peer.send(connack);
  peer.read_packet();
  peer.send(granted(qos));
}

class ScriptedBroker {
 public:
  // `script` is called with each connection and its number, from 1.
  explicit ScriptedBroker(std::function<void(const Peer&, int)> script)
      : script_(std::move(script)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    listen(listener_, 5);
    thread_ = std::thread([this] { accept_all(); });
  }
  ~ScriptedBroker() { finish(); }

  // Returns when the script has ended, and takes no more connections. What the script has written
  // may be read then.
  void finish() {
    if (!thread_.joinable()) return;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

  std::uint16_t port() const { return port_; }
  std::string url() const { return "mqtt://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }

 private:
  void accept_all() {
    for (int fd; (fd = accept(listener_, nullptr, nullptr)) >= 0;) {
      const Peer peer(fd);
      script_(peer, ++connections_);
    }
  }

  std::function<void(const Peer&, int)> script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace bascule::test
