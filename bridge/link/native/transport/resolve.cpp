#include "link/native/transport/resolve.hpp"

#include <netdb.h>
#include <signal.h>
#include <sys/un.h>

#include <cstring>
#include <memory>
#include <thread>
#include <utility>

namespace bascule {

namespace {

Resolved unix_address(const std::string& path) {
  Resolved found;
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) {
    found.error = "the path of a Unix socket has at most 107 characters";
    return found;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Address& one = found.addresses.emplace_back();
  std::memcpy(&one.bytes, &address, sizeof address);
  one.size = sizeof address;
  return found;
}

Resolved look_up(const std::string& host, std::uint16_t port, int flags) {
  Resolved found;
  addrinfo hints{};
  hints.ai_flags = flags;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) {
    found.error = "cannot find the address of " + host + ": " + gai_strerror(error);
    return found;
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, &freeaddrinfo);
  for (const auto* entry = list; entry != nullptr; entry = entry->ai_next) {
    Address& one = found.addresses.emplace_back();
    std::memcpy(&one.bytes, entry->ai_addr, entry->ai_addrlen);
    one.size = entry->ai_addrlen;
  }
  return found;
}

}  // namespace

void resolve(const Url& url, std::function<void(Resolved)> done) {
  if (url.scheme == Url::Scheme::unix_socket) return done(unix_address(url.path));
  auto numeric = look_up(url.host, url.port, AI_NUMERICHOST | AI_NUMERICSERV);
  if (!numeric.addresses.empty()) return done(std::move(numeric));
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([url, done = std::move(done)] {
    done(look_up(url.host, url.port, AI_NUMERICSERV));
  }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace bascule
