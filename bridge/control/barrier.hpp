// Who asks about the stages passes here, so that they can be taken away and made anew in between.
// Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace bascule {

class Barrier {
 public:
  // Inside while it lives. Waits while the barrier is closed; throws JournalTrouble, which is for
  // people, if that takes longer than `patience`.
  class Pass {
   public:
    explicit Pass(Barrier& barrier, std::chrono::milliseconds patience = std::chrono::seconds(20));
    ~Pass();
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    Barrier& barrier_;
  };

  // Lets nobody in any more, and waits until nobody is inside. Not from inside.
  void close();
  void open();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int inside_ = 0;
};

}  // namespace bascule
