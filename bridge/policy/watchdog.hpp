// Ends the process when a step does not return: code that hangs cannot be ended otherwise. The
// attempt was counted before, so the next start knows what it was.
//
// begin() and end() are called by the one thread that runs steps; a thread of the watchdog's own
// looks a few times a second.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace bascule {

class Watchdog {
 public:
  // `bite` is called, on the watchdog's thread, with what hangs. It should not return.
  explicit Watchdog(std::function<void(const std::string& what)> bite);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // `policy` lives until end().
  void begin(const std::string& policy, const char* direction, std::uint64_t number,
             std::int64_t timeout_ms);
  void end() { deadline_ms_.store(0, std::memory_order_release); }

 private:
  void watch();

  std::function<void(const std::string&)> bite_;
  // Written before the deadline, read after it has passed.
  std::atomic<const std::string*> policy_ = nullptr;
  std::atomic<const char*> direction_ = "";
  std::atomic<std::uint64_t> number_ = 0;
  std::atomic<std::int64_t> timeout_ms_ = 0;
  std::atomic<std::int64_t> deadline_ms_ = 0;  // monotonic; 0: no step runs
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace bascule
