#include "control/barrier.hpp"

#include "journal/journal.hpp"

namespace bascule {

Barrier::Pass::Pass(Barrier& barrier, std::chrono::milliseconds patience) : barrier_(barrier) {
  std::unique_lock lock(barrier_.mutex_);
  if (!barrier_.changed_.wait_for(lock, patience, [this] { return barrier_.open_; })) {
    throw JournalTrouble("the bridge is starting, or taking over a changed file; ask again");
  }
  ++barrier_.inside_;
}

Barrier::Pass::~Pass() {
  const std::lock_guard lock(barrier_.mutex_);
  --barrier_.inside_;
  barrier_.changed_.notify_all();
}

void Barrier::close() {
  std::unique_lock lock(mutex_);
  open_ = false;
  changed_.wait(lock, [this] { return inside_ == 0; });
}

void Barrier::open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

}  // namespace bascule
