// What the broker delivers on one connection: messages, and packet ids of QoS 2 that it releases.
// What one read has brought is gathered here for one call to whoever takes it in, and is answered
// when it is told to be durable. On the loop's thread only.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "link/codec/decode.hpp"
#include "link/codec/packet.hpp"
#include "link/link.hpp"
#include "link/native/oversized.hpp"
#include "link/native/unacknowledged.hpp"

namespace bascule {

class Inbox {
 public:
  // What is announced as Receive Maximum.
  static constexpr std::uint16_t receive_maximum = 1'000;

  // `unacknowledged` numbers deliveries over all connections of the link.
  Inbox(Protocol version, Unacknowledged& unacknowledged)
      : version_(version), unacknowledged_(unacknowledged) {}

  // False: the packet breaks the rules of MQTT. Views of its message point into the frame.
  bool take_publish(const Frame& frame);
  // One that is too large, and done; likewise. It lives until clear().
  bool take_oversized(Oversized& packet);
  void take_pubrel(const Answer& answer, std::size_t packet_bytes);

  // What was taken since clear().
  std::span<const Delivery> deliveries() const { return deliveries_; }
  void clear() { deliveries_.clear(); }

  // All up to and including this tag is durable: appends its answers to `out`.
  void acknowledge(std::uint64_t tag, std::string& out);

  std::size_t unacknowledged() const { return unacknowledged_.count(); }
  // So much is unacknowledged that nothing more should be read.
  bool full() const;

 private:
  bool add(bool valid, std::size_t packet_bytes);

  const Protocol version_;
  Unacknowledged& unacknowledged_;
  std::vector<Delivery> deliveries_;
};

}  // namespace bascule
