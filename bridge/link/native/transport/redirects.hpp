// Where to connect when a broker sends us on: MQTT 5, section 4.13, "use another server" for the
// next connection, "server moved" for all that come. The other server is spoken to as the
// configured one: over TLS if that is, with its certificate checked for the new name. When it
// cannot be reached or refuses, the configured one is asked again. One thread.
#pragma once

#include <string_view>
#include <utility>

#include "link/url.hpp"

namespace bascule {

class Redirects {
 public:
  explicit Redirects(Url configured) : configured_(std::move(configured)), target_(configured_) {}

  const Url& target() const { return target_; }

  // A broker has sent us on, to the first of the HOST[:PORT] in `reference` that can be read. False
  // if there is none, or if we have been sent around for too long.
  bool follow(std::string_view reference, bool moved);

  // A connection, or the attempt to make one, has ended. True: for we were sent on; the next
  // attempt need not wait.
  bool ended(bool was_up);

 private:
  static constexpr int hops_max = 4;  // in a row

  const Url configured_;
  Url target_;
  bool moved_ = false;
  bool sent_on_ = false;  // in this connection
  int hops_ = 0;
};

}  // namespace bascule
