// When the next bookmark is written, once something has moved: as soon as nothing is on its way any
// more, so that nothing is in doubt while nothing happens, but a while after the last one, so that
// one stands for many messages, though for 1,000 of them at the most. Lives on a link's loop
// thread.
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
  // Cursors have moved: one is due, now or later. `idle`: nothing is on its way.
  void moved(bool idle);
  void later();    // after the delay, unless one is coming already
  void written();  // by somebody else
  void stop();

 private:
  void write();
  void wait();

  Loop& loop_;
  std::chrono::milliseconds delay_;
  std::function<void()> write_;
  Loop::Timer timer_;  // the delay after the last one, or after what is due
  bool due_ = false;
  std::uint64_t accepted_ = 0;  // since the last bookmark
};

}  // namespace bascule
