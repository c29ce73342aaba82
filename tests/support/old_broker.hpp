// A broker from before MQTT 5, made of a newer one.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <thread>
#include <vector>

namespace bascule::test {

// Closes every connection that begins with an MQTT 5 CONNECT, and passes the others on.
class OldBroker {
 public:
  explicit OldBroker(std::uint16_t behind) : behind_(behind) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    listen(listener_, 5);
    thread_ = std::thread([this] { accept_all(); });
  }
  ~OldBroker() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  std::uint16_t port() const { return port_; }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }

  void accept_all() {
    for (int fd; (fd = accept(listener_, nullptr, nullptr)) >= 0;) {
      char head[9] = {};
      if (recv(fd, head, sizeof head, MSG_PEEK | MSG_WAITALL) == sizeof head && head[8] == 4) {
        const int side = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address = loopback(behind_);
        connect(side, reinterpret_cast<sockaddr*>(&address), sizeof address);
        pumps_.emplace_back([fd, side] { pump(fd, side); });
        pumps_.emplace_back([fd, side] { pump(side, fd); });
        open_.push_back(fd);
        open_.push_back(side);
      } else {
        close(fd);
      }
    }
    for (int fd : open_) shutdown(fd, SHUT_RDWR);
    for (auto& pump : pumps_) pump.join();
    for (int fd : open_) close(fd);
  }

  static void pump(int from, int to) {
    char bytes[4096];
    for (ssize_t count; (count = recv(from, bytes, sizeof bytes, 0)) > 0;) {
      send(to, bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL);
    }
    shutdown(to, SHUT_RDWR);
  }

  std::uint16_t behind_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::vector<int> open_;
  std::vector<std::thread> pumps_;
  std::thread thread_;
};

}  // namespace bascule::test
