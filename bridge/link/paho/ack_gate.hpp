// Where the thread that reads from a broker waits until what it delivered may be acknowledged.
// The gate is open while deliveries may be handed in; closing it sends the waiting thread home
// empty-handed. One reading thread; the other calls from any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace bascule {

class AckGate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = !ended_;
  }

  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
    changed_.notify_all();
  }

  // Closes for good, and returns when the reading thread is out.
  void end() {
    std::unique_lock lock(mutex_);
    ended_ = true;
    open_ = false;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !inside_; });
  }

  void acknowledge(std::uint64_t tag) {
    const std::lock_guard lock(mutex_);
    if (tag <= acknowledged_) return;
    acknowledged_ = tag;
    changed_.notify_all();
  }

  // The reading thread: goes in, which is refused while the gate is closed; waits until everything
  // up to `tag` is acknowledged (true) or the gate is closed (false); goes out.
  bool enter() {
    const std::lock_guard lock(mutex_);
    inside_ = open_;
    return inside_;
  }

  bool wait(std::uint64_t tag) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return acknowledged_ >= tag || !open_; });
    return acknowledged_ >= tag;
  }

  // A delivery is inside: it waits for its acknowledgement, most likely.
  bool occupied() {
    const std::lock_guard lock(mutex_);
    return inside_;
  }

  void leave() {
    const std::lock_guard lock(mutex_);
    inside_ = false;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t acknowledged_ = 0;
  bool open_ = false;
  bool ended_ = false;
  bool inside_ = false;
};

}  // namespace bascule
