#include "link/paho/relay.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace bascule {

namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Relay::Relay(int library_fd) {
  int kind = 0;
  socklen_t size = sizeof kind;
  if (getsockopt(library_fd, SOL_SOCKET, SO_TYPE, &kind, &size) != 0 || kind != SOCK_STREAM) {
    fail("relay: not a socket");
  }
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
    fail("relay: socketpair");
  }
  library_ = pair[0];
  broker_ = fcntl(library_fd, F_DUPFD_CLOEXEC, 0);
  if (broker_ < 0 || dup3(pair[1], library_fd, O_CLOEXEC) < 0) {
    const int error = errno;
    close(pair[0]);
    close(pair[1]);
    if (broker_ >= 0) close(broker_);
    errno = error;
    fail("relay: dup");
  }
  close(pair[1]);
  fcntl(broker_, F_SETFL, fcntl(broker_, F_GETFL) | O_NONBLOCK);

  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), "relay");
}

Relay::~Relay() {
  cut();
  shutdown(library_, SHUT_RDWR);
  thread_.join();
  close(library_);
  close(broker_);
}

void Relay::cut() { shutdown(broker_, SHUT_RDWR); }

void Relay::finish(std::chrono::milliseconds patience) { ended_.get_future().wait_for(patience); }

// Ends when the library has closed its end and what it wrote is on its way.
void Relay::run() {
  bool library_ended = false;
  while (!library_ended || !to_broker_.empty()) {
    if (!wait()) break;
    if (broker_ready_ && to_library_.empty() && !broker_ended_ && !fill(to_library_, broker_))
      end_of_broker();
    if (!to_library_.empty() && !drain(to_library_, library_))
      to_library_.begin = to_library_.end = 0;
    if (library_ready_ && to_broker_.empty() && !library_ended)
      library_ended = !fill(to_broker_, library_);
    if (!to_broker_.empty() && (broker_ended_ || !drain(to_broker_, broker_))) {
      to_broker_.begin = to_broker_.end = 0;  // nobody is there to take it
      if (!broker_ended_) end_of_broker();
    }
  }
  cut();
  ended_.set_value();
}

// An end of which nothing is wanted is not watched, lest a hang-up there wakes us for ever.
bool Relay::wait() {
  pollfd ends[2] = {{broker_, 0, 0}, {library_, 0, 0}};
  if (!to_broker_.empty()) ends[0].events |= POLLOUT;
  if (to_library_.empty() && !broker_ended_) ends[0].events |= POLLIN;
  if (!to_library_.empty()) ends[1].events |= POLLOUT;
  if (to_broker_.empty()) ends[1].events |= POLLIN;
  for (auto& end : ends) {
    if (end.events == 0) end.fd = -1;
  }
  while (poll(ends, 2, -1) < 0) {
    if (errno != EINTR) return false;
  }
  broker_ready_ = ends[0].revents;
  library_ready_ = ends[1].revents;
  return true;
}

bool Relay::fill(Buffer& buffer, int from) {
  const auto count = recv(from, buffer.bytes.data(), buffer.bytes.size(), 0);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  buffer.begin = 0;
  buffer.end = static_cast<std::size_t>(count);
  return count > 0;
}

bool Relay::drain(Buffer& buffer, int to) {
  const auto count =
      send(to, buffer.bytes.data() + buffer.begin, buffer.end - buffer.begin, MSG_NOSIGNAL);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  buffer.begin += static_cast<std::size_t>(count);
  return true;
}

// The library reads to the end of what came, and then closes.
void Relay::end_of_broker() {
  broker_ended_ = true;
  shutdown(library_, SHUT_WR);
}

}  // namespace bascule
