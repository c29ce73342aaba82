// A loop: one thread that runs posted tasks in order, and timers. All state of a stage that lives
// on a loop is touched on its thread only, and so needs no lock.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace bascule {

class Loop {
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

  // Ends the thread after the tasks already posted; timers are dropped. Not from the thread itself.
  void stop();

 private:
  friend struct LoopContext;  // loop_context.hpp
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bascule
