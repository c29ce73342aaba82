#include "link/loop.hpp"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>
#include <utility>

#include "link/loop_context.hpp"

namespace bascule {

namespace {

// The handle of a timer owns this; the wait in the io_context only looks whether it still exists.
struct TimerState {
  TimerState(std::shared_ptr<asio::io_context> context, std::function<void()> run)
      : io(std::move(context)), timer(*io), task(std::move(run)) {}

  std::shared_ptr<asio::io_context> io;  // a handle may outlive its loop
  asio::steady_timer timer;
  std::function<void()> task;
};

}  // namespace

struct Loop::Impl {
  std::shared_ptr<asio::io_context> io = std::make_shared<asio::io_context>(1);
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(*io);
  std::atomic<bool> stopped = false;
  std::thread thread;
};

Loop::Loop(std::string thread_name) : impl_(std::make_shared<Impl>()) {
  // Signals belong to the main thread: the new thread inherits a full mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  impl_->thread = std::thread([io = impl_->io] { io->run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  thread_name.resize(std::min<std::size_t>(thread_name.size(), 15));  // the kernel's limit
  pthread_setname_np(impl_->thread.native_handle(), thread_name.c_str());
}

Loop::~Loop() { stop(); }

void Loop::post(std::function<void()> task) { post_to(*impl_, std::move(task)); }

void Loop::post_to(Impl& impl, std::function<void()> task) {
  if (!impl.stopped) asio::post(*impl.io, std::move(task));
}

Loop::Timer Loop::after(std::chrono::milliseconds delay, std::function<void()> task) {
  auto state = std::make_shared<TimerState>(impl_->io, std::move(task));
  state->timer.expires_after(delay);
  state->timer.async_wait([weak = std::weak_ptr(state)](const boost::system::error_code& error) {
    auto alive = weak.lock();
    if (!alive || error) return;
    auto run = std::move(alive->task);
    alive.reset();  // the task may drop the handle, and expects that to be the last of it
    run();
  });
  return state;
}

bool Loop::on_thread() const { return std::this_thread::get_id() == impl_->thread.get_id(); }

void Loop::stop() {
  if (!impl_->thread.joinable()) return;
  asio::post(*impl_->io, [io = impl_->io.get()] { io->stop(); });
  impl_->stopped = true;
  impl_->thread.join();
}

std::shared_ptr<asio::io_context> LoopContext::of(Loop& loop) { return loop.impl_->io; }

}  // namespace bascule
