// When the next bookmark is written, once something has moved: as soon as nothing is on its way any
// more, so that nothing is in doubt while nothing happens, but a while after the last one, so that
// one stands for many messages, though for 1,000 of them at the most; but never closer to the last
// one than the link's settings say. Lives on a link's loop thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "link/loop.hpp"

namespace bascule {

class BookmarkTimer {
 public:
  // `apart`: two of them are at least so far apart; 0: no matter.
  BookmarkTimer(Loop& loop, std::chrono::milliseconds delay, std::chrono::milliseconds apart,
                std::function<void()> write)
      : loop_(loop), delay_(delay), apart_(apart), write_(std::move(write)) {}

  void accepted() { ++accepted_; }  // a message, by the far broker
  // Cursors have moved: one is due, now or later. `idle`: nothing is on its way.
  void moved(bool idle);
  void later();    // after the delay, unless one is coming already
  void again();    // could not be written: after the delay
  void written();  // by somebody else
  bool due() const { return due_; }
  void stop();

 private:
  void write();
  void wait(std::chrono::milliseconds delay);

  Loop& loop_;
  const std::chrono::milliseconds delay_, apart_;
  std::function<void()> write_;
  Loop::Timer timer_;  // the delay after the last one, or after what is due
  bool due_ = false;
  bool too_soon_ = false;       // for another one, until the timer's end
  std::uint64_t accepted_ = 0;  // since the last bookmark
};

}  // namespace bascule
