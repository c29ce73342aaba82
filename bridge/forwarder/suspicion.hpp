// Finds the message over which a broker closes the connection, so that it is not sent for ever:
// some brokers answer a topic or a QoS that they do not like in no other way. Pure; time is an
// argument, in ms; one thread.
//
// Whatever may be such a message is the first of its lane to be without an outcome when the broker
// closes. After three closures in a row with the same first one, messages go one at a time, and
// then more again with each that is accepted, so that the culprit is soon alone on the wire. It is
// condemned after three closures that came while it was alone.
//
// A line that breaks must never look like that. Only what the broker closes counts, only shortly
// after the message was sent, and only if the connection had held ten times as long before, idle
// or with other messages; for that the suspect waits. A line that breaks at random passes this test
// once in thirty times at the most, three times in a row in less than one of 20,000, and any
// connection that ends otherwise starts the count again.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>

#include "journal/lane/lane_sequence.hpp"

namespace bascule {

class Suspicion {
 public:
  static constexpr int closures_max = 3;

  void connected(std::int64_t now_ms);

  // Whether messages go a few at a time.
  bool careful() const { return window_ != everything; }

  // How many messages may be on their way, and how long nothing may be sent yet.
  std::uint32_t window() const { return window_; }
  std::int64_t wait_ms(std::int64_t now_ms) const;

  // Tags are keys of LaneSequence.
  void sent(std::int64_t now_ms);
  void settled(std::uint64_t tag);  // accepted, refused or quarantined

  // The broker closed, and these were on their way, first the one that was sent first. `alone`: the
  // one that is in `lost` was, with nothing of the bridge's own beside it.
  void closed(std::span<const std::uint64_t> lost, bool alone, std::int64_t now_ms);

  // The connection is over, whoever ended it; after closed(). `by_broker` tells who.
  void disconnected(bool by_broker);

  bool condemned(std::uint64_t tag) const { return tag == suspect_ && strikes_ >= closures_max; }

 private:
  struct First {
    std::uint64_t tag = 0;
    int closures = 0;
  };
  static constexpr auto everything = std::numeric_limits<std::uint32_t>::max();

  void strike(std::uint64_t tag);

  std::map<LaneId, First> firsts_;
  std::uint32_t window_ = everything;
  std::uint64_t suspect_ = 0;  // 0: none
  int strikes_ = 0;            // closures that it was alone for
  std::int64_t up_ms_ = 0;
  std::int64_t sent_ms_ = -1;  // the last one; -1: none on this connection
  std::int64_t delay_ms_ = 0;  // from the last one sent to the closure, the last time
};

}  // namespace bascule
