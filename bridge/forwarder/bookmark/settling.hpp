// After the far broker has forgotten our session, it has forgotten those of who receives there,
// too; and perhaps where it has lost what it had accepted, for it may have saved before they were
// there. What is sent before they are back reaches nobody. So sending waits, once a connection,
// until they say that they are ready, or for as long as is set. Lives on a link's loop thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "link/loop.hpp"

namespace bascule {

class Settling {
 public:
  // `done` is called when the wait is over, but not after disconnected().
  Settling(Loop& loop, std::chrono::milliseconds longest, std::function<void()> done)
      : loop_(loop), longest_(longest), done_(std::move(done)) {}

  void connected() { waited_ = false; }
  void disconnected() { timer_.reset(); }

  // Whether sending has to wait now. `broker` is for the log.
  bool waits(bool forgotten, const std::string& broker);
  void ready();

 private:
  Loop& loop_;
  std::chrono::milliseconds longest_;
  std::function<void()> done_;
  bool waited_ = false;  // on this connection
  Loop::Timer timer_;    // null: nothing waits
};

}  // namespace bascule
