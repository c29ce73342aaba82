#include "policy/watchdog.hpp"

#include <pthread.h>

#include <chrono>

namespace bascule {
namespace {

constexpr std::chrono::milliseconds look_every{100};

// Not boot time: a machine that sleeps in the middle of a step has not hung.
std::int64_t monotonic_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Watchdog::Watchdog(std::function<void(const std::string&)> bite) : bite_(std::move(bite)) {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "watchdog");
    watch();
  });
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Watchdog::begin(const std::string& policy, const char* direction, std::uint64_t number,
                     std::int64_t timeout_ms) {
  policy_.store(&policy, std::memory_order_relaxed);
  direction_.store(direction, std::memory_order_relaxed);
  number_.store(number, std::memory_order_relaxed);
  timeout_ms_.store(timeout_ms, std::memory_order_relaxed);
  deadline_ms_.store(monotonic_ms() + timeout_ms, std::memory_order_release);
}

void Watchdog::watch() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, look_every, [this] { return ending_; })) {
    std::int64_t deadline = deadline_ms_.load(std::memory_order_acquire);
    if (deadline == 0 || monotonic_ms() < deadline) continue;
    bite_("policy " + *policy_.load() + ": input " + direction_.load() + " " +
          std::to_string(number_.load()) + " is not decided after " +
          std::to_string(timeout_ms_.load()) + " ms");
    deadline_ms_.compare_exchange_strong(deadline, 0);  // once is enough
  }
}

}  // namespace bascule
