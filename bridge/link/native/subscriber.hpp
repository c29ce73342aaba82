// The subscriptions of one connection: asks for each in a packet of its own, so that an answer
// tells which it is about. Nothing is in flight meanwhile, and their packet ids are free again when
// the first publish is sent. On the loop's thread only.
#pragma once

#include <string>
#include <vector>

#include "link/codec/decode.hpp"
#include "link/link.hpp"

namespace bascule {

class Subscriber {
 public:
  Subscriber(Protocol version, const std::vector<Subscription>& subscriptions)
      : version_(version), subscriptions_(subscriptions) {}

  // Asks for all of them.
  void subscribe(std::string& out);

  // Which one a SUBACK is about; nullptr: none that is open.
  const Subscription* take(const SubAck& ack);

  bool done() const { return open_ == 0; }  // all are answered, or none was asked for

 private:
  const Protocol version_;
  const std::vector<Subscription>& subscriptions_;
  std::vector<bool> asked_;  // by packet id - 1, and not answered yet
  std::size_t open_ = 0;
};

}  // namespace bascule
