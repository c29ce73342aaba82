// What one connection asks its broker for: when, at which QoS, and what came of it. One filter that
// is refused, or not answered, costs that filter alone: it is asked for again at growing intervals
// while the connection lives. A broker that does not answer at QoS 2 is asked at QoS 1; one that
// closes the connection over a filter is not asked for it at once again (subscribe_doubts.hpp).
// Which packets that takes is the client's affair. Time is an argument; one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "link/link.hpp"
#include "link/subscribe_doubts.hpp"

namespace bascule {

class Subscriber {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds patience{5};  // for an answer, while others have theirs
  static constexpr std::chrono::seconds retry_min{10};
  static constexpr std::chrono::minutes retry_max{10};

  // The list outlives the Subscriber, as the doubts do; identifiers in it may change, and hold for
  // what is asked then.
  Subscriber(const std::vector<Subscription>& wanted, SubscribeDoubts& doubts)
      : wanted_(wanted), doubts_(doubts) {}

  // A connection has begun: everything is to be asked for.
  void begin(const Limits& limits, Time now);

  // The list has become another one, and was `before`, while the connection lives: what the broker
  // has granted and is wanted as it was is not asked for again. Answers to earlier asks are none.
  void change(const std::vector<Subscription>& before, const Limits& limits, Time now);

  // A SUBSCRIBE that is to be sent now, and is noted as sent.
  struct Ask {
    std::size_t index = 0;  // into the list
    Qos qos = Qos::at_least_once;
  };
  std::vector<Ask> due(Time now);
  // Each answer makes the next one due.
  bool one_by_one() const { return doubts_.one_by_one(); }

  // The answer to the last ask of this one: the granted QoS, or the reason of 0x80 and above.
  // False: none is open.
  bool answered(std::size_t index, std::uint8_t code, const std::string& details, Time now);

  // The broker has closed the connection.
  void closed(Time now);

  // Every one has had an answer, or was waited for long enough; at QoS 1 too, where QoS 2 had none.
  bool settled() const { return awaited_ == 0; }
  // QoS 2 was asked for, and the broker does not know it, or does not answer to it.
  bool without_qos_2() const;

  // What has changed since the last call.
  std::vector<SubscriptionStatus> take_changes();

 private:
  using State = SubscriptionStatus::State;
  struct One {
    State state = State::asking;
    bool sent = false;    // and not answered
    bool awaited = true;  // by settled()
    bool qos_2_silent = false;
    Qos asked = Qos::at_least_once;
    std::uint32_t identifier = 0;  // asked for with it
    Time since;                    // sent, or to be sent from then on
    std::chrono::milliseconds wait{retry_min};
    std::string why;
    bool changed = false;
  };

  void ask_anew(std::size_t index, Time now);
  void fail(One& one, State state, std::string why, Time now);
  void change(One& one);
  void heard_of(One& one);

  bool alone(std::size_t index) const;  // whether it is to be asked for alone
  bool open(bool alone_only) const;     // whether one is, and not answered

  const std::vector<Subscription>& wanted_;
  SubscribeDoubts& doubts_;
  std::vector<One> all_;
  std::size_t awaited_ = 0;           // of them
  std::vector<std::size_t> changed_;  // likewise, by index
  Qos qos_max_ = Qos::exactly_once;
  Protocol protocol_ = Protocol::v5;
  Time heard_;  // the last answer, or the begin
  bool without_qos_2_ = false;
};

}  // namespace bascule
