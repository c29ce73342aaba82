#include "forwarder/own_messages.hpp"

#include <algorithm>
#include <utility>

#include "message/own.hpp"

namespace bascule {

void OwnMessages::add(std::string topic, std::string payload, bool retain) {
  unsent_.push_back({std::move(topic), std::move(payload), retain});
}

void OwnMessages::send(std::size_t room, const Limits& limits) {
  for (; room > 0 && !unsent_.empty(); --room) {
    const Unsent next = std::move(unsent_.front());
    unsent_.pop_front();
    Outgoing out;
    out.message = own_message(next.topic, next.payload, next.retain && limits.retain_available);
    out.message.qos = std::min(out.message.qos, limits.maximum_qos);
    out.tag = tag;
    ++in_flight_;
    link_.publish({&out, 1});
  }
}

}  // namespace bascule
