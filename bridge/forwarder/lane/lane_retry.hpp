// The messages of one lane that the far broker has refused for now. They are sent again in order,
// before anything newer of their lane: after a while that grows with each round, first one alone,
// then one more with each that is accepted. Time is an argument, in ms of boot time; lives on a
// link's loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>

#include "forwarder/lane/lane_reader.hpp"

namespace bascule {

class LaneRetry {
 public:
  // Refused, once more. What was on its way together is one round.
  void add(LaneItem item, std::string reason, std::int64_t now_ms);

  bool empty() const { return items_.empty(); }
  const LaneItem& front() const { return items_.front(); }
  LaneItem take();  // the front
  // The front, which shall not go again: what is behind it may at once.
  LaneItem set_aside();

  // Whether the lane may have one more in flight, and how long it sends nothing.
  bool room(std::size_t in_flight) const { return in_flight < window_; }
  std::int64_t wait_ms(std::int64_t now_ms) const;
  void accepted();  // one of the lane

  // The connection is over: the journal has them all. How long to wait is not forgotten.
  void clear() { items_.clear(); }

  // For people: why the lane waits, and how often messages had to go again. Empty: it does not.
  const std::string& reason() const { return reason_; }
  std::uint64_t refused() const { return refused_; }

  static constexpr std::int64_t delay_ms_min = 1'000;
  static constexpr std::int64_t delay_ms_max = 60'000;

 private:
  static constexpr auto everything = std::numeric_limits<std::size_t>::max();

  std::deque<LaneItem> items_;  // by sequence
  std::string reason_;
  std::size_t window_ = everything;
  std::int64_t delay_ms_ = 0;  // after the last refusal; 0: something was accepted since
  std::int64_t at_ms_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace bascule
