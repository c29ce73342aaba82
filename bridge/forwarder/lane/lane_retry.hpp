// The messages of one lane that the far broker has refused for now. They are sent again in order,
// before anything newer of their lane, after a while that grows with each round.
//
// A broker with a quota may refuse one message and accept those behind it. So from the first
// refusal on the lane is *careful*: it has one message on its way at a time, and no other order is
// lost than that of what was on its way at the first. It stays so until nothing has been refused
// for a minute; where it is refused again within an hour after that, for twice as long as before,
// up to an hour. Then it has one more on its way with each that is accepted.
//
// Time is an argument, in ms of boot time; lives on a link's loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <utility>

#include "forwarder/lane/lane_reader.hpp"

namespace bascule {

class LaneRetry {
 public:
  // Refused, once more. What was on its way together is one round.
  void add(LaneItem item, std::string reason, std::int64_t now_ms);
  // Refused for now was one that somebody else keeps.
  void be_careful(std::int64_t now_ms);

  bool empty() const { return items_.empty(); }
  const LaneItem& front() const { return items_.front(); }
  LaneItem take();  // the front
  // The front, which shall not go again: what is behind it may at once.
  LaneItem set_aside();

  // Whether the lane may have one more in flight, and how long it sends nothing.
  bool room(std::size_t in_flight) const { return in_flight < window_; }
  std::int64_t wait_ms(std::int64_t now_ms) const;
  bool careful() const { return careful_; }
  void accepted(std::int64_t now_ms);  // one of the lane
  // It was this one, in the lane's order: it may have overtaken one of its topic that waits here.
  void went(const Record& record);

  // The connection is over: the journal has them all. How long to wait is not forgotten.
  void clear() { items_.clear(); }

  // For people: why the lane waits, and how often messages had to go again. Empty: it does not.
  const std::string& reason() const { return reason_; }
  std::uint64_t refused() const { return refused_; }
  // How many have overtaken an older one of their topic; and those of them since the last call of
  // take_reordered(), with the last one's topic.
  std::uint64_t reordered() const { return reordered_; }
  struct Reordered {
    std::string topic;
    std::string reason;  // of the refusal
    std::uint64_t messages = 0;
  };
  std::uint64_t untold() const { return untold_.messages; }
  Reordered take_reordered() { return std::exchange(untold_, {}); }

  static constexpr std::int64_t delay_ms_min = 1'000;
  static constexpr std::int64_t delay_ms_max = 60'000;
  static constexpr std::int64_t careful_ms_min = 60'000;
  static constexpr std::int64_t careful_ms_max = 3'600'000;

 private:
  static constexpr auto everything = std::numeric_limits<std::size_t>::max();

  std::deque<LaneItem> items_;  // by sequence
  std::string reason_;
  std::size_t window_ = everything;
  std::int64_t delay_ms_ = 0;  // after the last refusal; 0: something was accepted since
  std::int64_t at_ms_ = 0;
  bool careful_ = false;
  std::int64_t careful_ms_ = 0;  // after a refusal, as of the last one
  std::int64_t careful_until_ms_ = 0;
  std::uint64_t refused_ = 0, reordered_ = 0;
  Reordered untold_;
};

}  // namespace bascule
