// Where to connect next. A broker, or a cluster, may have several addresses: they are tried in
// order until one lets us in, and after the last one the link backs off. A connection that ends
// begins again with the first.
//
// And a broker may send us on: MQTT 5, section 4.13, "use another server" for the next connection,
// "server moved" for all that come. The other server is spoken to as the one that sent us: over TLS
// if that is, with its certificate checked for the new name. When it cannot be reached or refuses,
// the first of ours is asked again. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "link/url.hpp"

namespace bascule {

class Targets {
 public:
  explicit Targets(std::vector<Url> configured)  // one at least
      : configured_(std::move(configured)), target_(configured_.front()) {}

  const Url& target() const { return target_; }
  const Url& first() const { return configured_.front(); }
  bool several() const { return configured_.size() > 1; }
  bool at_first() const { return !sent_here_ && place_ == 0; }
  bool at_other() const { return !sent_here_ && place_ > 0; }  // of those that are configured

  // A broker has sent us on, to the first of the HOST[:PORT] in `reference` that can be read. False
  // if there is none, or if we have been sent around for too long.
  bool follow(std::string_view reference, bool moved);

  // A connection, or the attempt to make one, has ended. True: the next attempt need not wait, for
  // we were sent on, or there is another address to try.
  bool ended(bool was_up);

 private:
  static constexpr int hops_max = 4;  // in a row

  const std::vector<Url> configured_;
  std::size_t place_ = 0;  // in configured_
  Url target_;
  bool sent_here_ = false;  // to target_
  bool moved_ = false;
  bool sent_on_ = false;  // in this connection
  int hops_ = 0;
};

}  // namespace bascule
