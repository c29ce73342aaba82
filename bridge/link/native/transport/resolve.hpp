// The addresses of a host. The system's resolver blocks, for long when the network is away, so it
// has a thread of its own, for which nobody waits.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <string>
#include <vector>

#include "link/url.hpp"

namespace bascule {

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

struct Resolved {
  std::vector<Address> addresses;  // in the order in which to try them
  std::string error;               // in a few words, if there are none
};

// `done` is called on the resolver's thread, or at once for a Unix socket or a numeric host.
void resolve(const Url& url, std::function<void(Resolved)> done);

}  // namespace bascule
