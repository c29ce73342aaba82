// How fast a link may publish, all together: the rate of its settings (LinkRate). A service that
// takes N messages a second may drop the next one without a word, so no second, wherever it begins,
// has more than N; and they are spread, so that a line that bunches them a little breaks no rule.
// Time is an argument, in ms of boot time. Lives on a link's loop thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>

#include "forwarder/lane/rate.hpp"
#include "link/settings.hpp"

namespace bascule {

class Pace {
 public:
  explicit Pace(const LinkRate& rate);

  bool limited() const { return rate_.messages_per_s > 0 || rate_.bytes_per_s > 0; }
  // ms until a message of so many bytes of topic and payload may go; 0: now. One of more bytes than
  // a second may have goes once nothing has gone for a second.
  std::int64_t wait_ms(std::uint64_t bytes, std::int64_t now_ms);
  // Whether it may go now; else `wait_ms` is lowered to when to ask again.
  bool lets(std::uint64_t bytes, std::int64_t now_ms, std::int64_t& wait_ms);
  void sent(std::uint64_t bytes, std::int64_t now_ms);

  // A round of sending begins, and ends; whether it holds messages back, as of the last round. The
  // last on any thread.
  void begin() { held_back_ = false; }
  void end() { holds_back_ = held_back_; }
  bool holds_back() const { return holds_back_; }

 private:
  // What went in one ms.
  struct Slot {
    std::int64_t ms = 0;
    std::uint64_t messages = 0, bytes = 0;
  };
  void forget(std::int64_t now_ms);
  bool fits(std::uint64_t messages, std::uint64_t bytes, std::uint64_t more) const;

  const LinkRate rate_;
  RateLimit spread_;
  std::deque<Slot> second_;                 // the last one
  std::uint64_t messages_ = 0, bytes_ = 0;  // in it
  bool held_back_ = false;                  // in this round
  std::atomic<bool> holds_back_ = false;
};

}  // namespace bascule
