// Which MQTT version to try next with `protocol: auto`. 5 is the first choice, since with 3.1.1
// stamps, user properties and expiry do not cross. Some brokers say in CONNACK that they do not
// speak it, some just close; but a balancer in front of a broker that starts closes, too. So a
// refusal counts at once, and closures only when there were several over some time; or one, where
// they counted before. Where 5 was spoken before, it is tried again; elsewhere with the next
// connection after a while, and at each start. Time is an argument; one thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>

#include "link/connect_result.hpp"
#include "link/link.hpp"
#include "link/reason.hpp"

namespace bascule {

class ProtocolChoice {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr int closures_min = 3;
  static constexpr std::chrono::seconds first_contact{5};
  static constexpr std::chrono::seconds has_spoken{60};  // 5, in the past
  static constexpr std::chrono::minutes retry_min{10};
  static constexpr std::chrono::hours retry_max{24};

  ProtocolChoice(Protocol wanted, Spoken spoken)
      : automatic_(wanted == Protocol::automatic),
        v5_spoken_(spoken == Spoken::v5),
        v3_spoken_(spoken == Spoken::v3_1_1),
        next_(automatic_ ? Protocol::v5 : wanted) {}

  Protocol next() const { return next_; }

  // An attempt with next() has failed.
  void failed(const ConnectResult::Kind kind, std::uint8_t code, Time now) {
    if (!automatic_) return;
    switch (kind) {
      case ConnectResult::Kind::not_spoken:
        if (next_ == Protocol::v3_1_1) return prefer_v5();
        if (code == reason::unsupported_version) return fall_back("refuses MQTT 5");
        return closed(now);
      case ConnectResult::Kind::not_reached:
        return prefer_v5();  // perhaps it was away too when it seemed not to speak MQTT 5
      default:
        return;
    }
  }

  // It has succeeded.
  void connected(Time now) {
    closures_ = 0;
    if (!automatic_) return;
    if (next_ == Protocol::v5) {
      v5_spoken_ = true;
      why_.clear();
      retry_ = retry_min;
    } else {
      v3_spoken_ = true;
      v3_since_ = now;
    }
  }

  // The connection has ended.
  void ended(Time now) {
    if (fallen() && (v5_spoken_ || now - v3_since_ >= retry_min)) prefer_v5();
  }

  // Whether to end a connection with 3.1.1 in order to try 5 again.
  bool retry_due(Time now) {
    if (!fallen() || !v5_spoken_ || now - v3_since_ < retry_) return false;
    retry_ = std::min<std::chrono::minutes>(retry_ * 2, retry_max);
    return true;
  }

  // For the operator, while the choice is the second one; empty: it is not.
  std::string warning() const {
    if (!fallen()) return "";
    return "MQTT 3.1.1 is spoken, for the broker " + why_ +
           (v5_spoken_ ? ", which it has spoken before" : "") +
           ": stamps, user properties and expiry do not cross; " +
           (v5_spoken_ ? "5 is tried again" : "set protocol: 3.1.1 if that is meant");
  }

 private:
  bool fallen() const { return automatic_ && next_ == Protocol::v3_1_1; }

  void prefer_v5() {
    next_ = Protocol::v5;
    closures_ = 0;
  }

  void fall_back(std::string why) {
    why_ = std::move(why);
    next_ = Protocol::v3_1_1;
    closures_ = 0;
  }

  void closed(Time now) {
    if (closures_++ == 0) first_closure_ = now;
    const auto time = v5_spoken_ ? has_spoken : first_contact;
    const bool known = v3_spoken_ && !v5_spoken_;
    if (known || (closures_ >= closures_min && now - first_closure_ >= time)) {
      fall_back("closes instead of answering with MQTT 5");
    }
  }

  bool automatic_;
  bool v5_spoken_;
  bool v3_spoken_;
  Protocol next_;
  int closures_ = 0;  // in a row, with 5
  Time first_closure_;
  Time v3_since_;
  std::chrono::minutes retry_{retry_min};
  std::string why_;
};

}  // namespace bascule
