// A loop: one thread that runs posted tasks in order, and timers. All state of a stage that lives
// on a loop is touched on its thread only, and so needs no lock.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace bascule {

class Loop {
  struct Impl;

 public:
  explicit Loop(std::string thread_name);
  ~Loop();  // as stop()
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs `task` on the thread, after those posted before it. Any thread. A task must not throw.
  // After stop() tasks are dropped.
  void post(std::function<void()> task);

  // Runs `task` on the thread after `delay` on the monotonic clock, unless the handle is reset
  // before. The handle may be dropped on the loop's thread only.
  using Timer = std::shared_ptr<void>;
  [[nodiscard]] Timer after(std::chrono::milliseconds delay, std::function<void()> task);

  bool on_thread() const;

  // What other threads have been asked on behalf of someone who lives on this loop. Their answers
  // are posted to it, and are run while he is still interested: until forget(), which is for all
  // that was asked before it, or the end of this object. To be made, asked and destroyed on the
  // loop's thread.
  class Answers {
   public:
    explicit Answers(Loop& loop) : loop_(loop.impl_) {}

    // To be called once, on any thread, also when the loop is gone: then nothing happens.
    template <class Task>
    auto to(Task task) {
      return [loop = loop_, asked = std::weak_ptr(interest_),
              task = std::move(task)](auto... answer) mutable {
        const auto there = loop.lock();
        if (!there) return;
        post_to(*there, [asked = std::move(asked), task = std::move(task),
                         ... answer = std::move(answer)]() mutable {
          if (!asked.expired()) task(std::move(answer)...);
        });
      };
    }
    void forget() { interest_ = std::make_shared<bool>(); }

   private:
    // Weak: what waits in a loop that has ended may own one of these, and must not own the loop.
    std::weak_ptr<Impl> loop_;
    std::shared_ptr<bool> interest_ = std::make_shared<bool>();
  };

  // Ends the thread after the tasks already posted; timers are dropped. Not from the thread itself.
  void stop();

 private:
  friend struct LoopContext;  // loop_context.hpp
  static void post_to(Impl& impl, std::function<void()> task);

  std::shared_ptr<Impl> impl_;
};

}  // namespace bascule
