// Back-off between attempts to connect: exponential with full jitter and a cap. Only a connection
// that has been up for a while counts as a success, so a line that flaps, or two bridges that take
// one session from each other, slow down too. Time and randomness are arguments; one thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace bascule {

class Backoff {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::milliseconds;

  Backoff(Duration min, Duration max, Duration stable = std::chrono::seconds(60))
      : min_(min), max_(max), stable_(stable), ceiling_(min) {}

  // The connection came up; it ended, or an attempt failed.
  void up(Time now) { up_since_ = now; }
  void down(Time now) {
    if (up_since_ && now - *up_since_ >= stable_) ceiling_ = min_;
    up_since_.reset();
  }

  // How long to wait before the next attempt: evenly spread from nothing up to a ceiling, which
  // starts at min and doubles with each call up to max. `random` is in [0, 1).
  Duration next(double random) {
    const Duration delay(
        static_cast<Duration::rep>(random * static_cast<double>(ceiling_.count())));
    ceiling_ = std::min(ceiling_ * 2, max_);
    return delay;
  }

  void reset() { ceiling_ = min_; }  // someone asked for a connection now

 private:
  Duration min_;
  Duration max_;
  Duration stable_;
  Duration ceiling_;
  std::optional<Time> up_since_;
};

}  // namespace bascule
