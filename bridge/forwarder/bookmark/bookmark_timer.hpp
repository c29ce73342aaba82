// When the next bookmark is written: a while after something has moved, so that one stands for
// many messages, but never more than 1,000 of them. Lives on a link's loop thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "link/loop.hpp"

namespace bascule {

class BookmarkTimer {
 public:
  BookmarkTimer(Loop& loop, std::chrono::milliseconds delay, std::function<void()> write)
      : loop_(loop), delay_(delay), write_(std::move(write)) {}

  void accepted() { ++accepted_; }  // a message, by the far broker
  // Cursors have moved: one is due, now or later.
  void moved();
  void later();  // after the delay, unless one is coming already
  void stop() { timer_.reset(); }

 private:
  void write();

  Loop& loop_;
  std::chrono::milliseconds delay_;
  std::function<void()> write_;
  Loop::Timer timer_;
  std::uint64_t accepted_ = 0;  // since the last bookmark
};

}  // namespace bascule
