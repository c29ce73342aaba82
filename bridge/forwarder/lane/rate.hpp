// Token buckets and opening hours: when a lane may send. Time is an argument, in ms of boot time.
#pragma once

#include <cstdint>
#include <ctime>

#include "message/lane.hpp"

namespace bascule {

// Lets `rate` pass on average, with bursts of one second's worth, or of so many ms. A message
// larger than the burst passes when the bucket is full and leaves it in debt.
class RateLimit {
 public:
  explicit RateLimit(Rate rate);
  RateLimit(double messages_per_s, double bytes_per_s, double burst_ms);

  // ms until `bytes` may go; 0: now.
  std::int64_t wait_ms(std::uint64_t bytes, std::int64_t now_ms);
  void take(std::uint64_t bytes);

 private:
  struct Bucket {
    double per_ms = 0;  // 0: no limit
    double tokens = 0;
  };
  void refill(std::int64_t now_ms);

  Bucket bytes_;
  Bucket messages_;
  double burst_ms_;
  std::int64_t filled_ms_ = -1;
};

// ms until the hours open; 0: open now. `local` is the local wall clock.
std::int64_t closed_for_ms(const Hours& hours, const std::tm& local);

}  // namespace bascule
