#include "client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <limits>
#include <stdexcept>
#include <utility>

namespace load {

namespace {

constexpr std::size_t read_bytes = 1 << 20;
constexpr std::int64_t answer_within_ns = 30'000'000'000;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

int connect_to(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    fail("cannot connect to port " + std::to_string(port));
  }
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

}  // namespace

std::int64_t now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

Client::Client(Settings settings)
    : settings_(std::move(settings)), socket_(connect_to(settings_.port)), in_(read_bytes) {
  append_connect(out_, settings_.protocol, settings_.id, settings_.session,
                 settings_.receive_maximum);
  const auto welcome = expect(2, "CONNACK");
  if (welcome.body.size() < 2 || welcome.body[1] != 0) {
    throw std::runtime_error("the broker refused the connection");
  }
}

Client::~Client() { ::close(socket_); }

void Client::disconnect() {
  append_u16(out_, 0xe000);
  while (unwritten() > 0) write();
}

void Client::turn(std::int64_t until_ns) {
  write();
  pollfd poll{socket_, static_cast<short>(unwritten() > 0 ? POLLIN | POLLOUT : POLLIN), 0};
  const auto left = std::max<std::int64_t>(until_ns == 0 ? 0 : until_ns - now_ns(), 0);
  const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
  if (::ppoll(&poll, 1, &timeout, nullptr) < 0 && errno != EINTR) fail("poll");
  if ((poll.revents & POLLOUT) != 0) write();
  if ((poll.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
    gather();
    read();
  }
}

std::optional<Packet> Client::next() {
  const auto packet = next_packet({in_.data() + begin_, end_ - begin_});
  if (packet.size == 0) return std::nullopt;
  begin_ += packet.size;
  return packet;
}

void Client::write() {
  while (unwritten() > 0) {
    const auto count =
        ::send(socket_, out_.data() + written_, unwritten(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (count < 0) fail("the connection broke");
    written_ += static_cast<std::size_t>(count);
  }
  out_.erase(0, std::exchange(written_, 0));
}

void Client::gather() const {
  if (settings_.gather_us == 0) return;
  const timespec time{settings_.gather_us / 1'000'000, settings_.gather_us % 1'000'000 * 1'000};
  ::clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

void Client::read() {
  std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
  end_ -= std::exchange(begin_, 0);
  if (end_ == in_.size()) in_.resize(in_.size() * 2);
  const auto count = ::recv(socket_, in_.data() + end_, in_.size() - end_, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) fail("the connection broke");
  if (count == 0) throw std::runtime_error("the broker closed the connection");
  end_ += static_cast<std::size_t>(count);
}

Packet Client::expect(unsigned type, const char* what) {
  for (const auto deadline = now_ns() + answer_within_ns; now_ns() < deadline; turn(deadline)) {
    if (const auto packet = next()) {
      if (packet->type == type) return *packet;
      throw std::runtime_error(std::string("the broker sent no ") + what);
    }
  }
  throw std::runtime_error(std::string("the broker sent no ") + what + " in 30 s");
}

}  // namespace load
