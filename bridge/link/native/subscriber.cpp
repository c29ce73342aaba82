#include "link/native/subscriber.hpp"

#include "link/codec/encode.hpp"

namespace bascule {

void Subscriber::subscribe(std::string& out) {
  asked_.assign(subscriptions_.size(), true);
  open_ = subscriptions_.size();
  std::uint16_t id = 0;
  for (const auto& subscription : subscriptions_) {
    append_subscribe(out, version_, ++id, subscription);
  }
}

const Subscription* Subscriber::take(const SubAck& ack) {
  const std::size_t index = ack.packet_id - 1u;
  if (index >= asked_.size() || !asked_[index]) return nullptr;
  asked_[index] = false;
  --open_;
  return &subscriptions_[index];
}

}  // namespace bascule
