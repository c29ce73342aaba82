// Which MQTT version to try next with `protocol: auto`: 5 first, 3.1.1 when a broker turns out not
// to speak it. Some brokers say so in CONNACK, some just close. Pure; one thread.
#pragma once

#include "link/link.hpp"

namespace bascule {

class ProtocolChoice {
 public:
  explicit ProtocolChoice(Protocol wanted)
      : automatic_(wanted == Protocol::automatic), next_(automatic_ ? Protocol::v5 : wanted) {}

  Protocol next() const { return next_; }

  // The broker refused the version, or closed instead of a CONNACK.
  void not_spoken() {
    if (automatic_) next_ = next_ == Protocol::v5 ? Protocol::v3_1_1 : Protocol::v5;
  }

  // There was no broker to ask. Perhaps it was away too when it seemed not to speak MQTT 5.
  void not_reached() {
    if (automatic_) next_ = Protocol::v5;
  }

 private:
  bool automatic_;
  Protocol next_;
};

}  // namespace bascule
