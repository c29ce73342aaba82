#include "forwarder/lane/rate.hpp"

#include <algorithm>
#include <cmath>

namespace bascule {
namespace {

constexpr double usual_burst_ms = 1'000;

}  // namespace

RateLimit::RateLimit(Rate rate)
    : RateLimit(static_cast<double>(rate.messages_per_s), static_cast<double>(rate.bytes_per_s),
                usual_burst_ms) {}

RateLimit::RateLimit(double messages_per_s, double bytes_per_s, double burst_ms)
    : burst_ms_(burst_ms) {
  bytes_.per_ms = bytes_per_s / 1'000;
  messages_.per_ms = messages_per_s / 1'000;
}

void RateLimit::refill(std::int64_t now_ms) {
  const double passed = filled_ms_ < 0 ? burst_ms_ : static_cast<double>(now_ms - filled_ms_);
  filled_ms_ = now_ms;
  for (Bucket* bucket : {&bytes_, &messages_}) {
    bucket->tokens = std::min(bucket->per_ms * burst_ms_, bucket->tokens + bucket->per_ms * passed);
  }
}

std::int64_t RateLimit::wait_ms(std::uint64_t bytes, std::int64_t now_ms) {
  refill(now_ms);
  double wait = 0;
  const auto need = [&](const Bucket& bucket, double tokens) {
    if (bucket.per_ms <= 0) return;
    const double wanted = std::min(tokens, bucket.per_ms * burst_ms_);
    wait = std::max(wait, (wanted - bucket.tokens) / bucket.per_ms);
  };
  need(bytes_, static_cast<double>(bytes));
  need(messages_, 1);
  return wait <= 0 ? 0 : static_cast<std::int64_t>(std::ceil(wait));
}

void RateLimit::take(std::uint64_t bytes) {
  bytes_.tokens -= static_cast<double>(bytes);
  messages_.tokens -= 1;
}

std::int64_t closed_for_ms(const Hours& hours, const std::tm& local) {
  const int minute = local.tm_hour * 60 + local.tm_min;
  const bool open = hours.from_min <= hours.to_min
                        ? minute >= hours.from_min && minute < hours.to_min
                        : minute >= hours.from_min || minute < hours.to_min;
  if (open) return 0;
  const int minutes = (hours.from_min - minute + 24 * 60) % (24 * 60);
  return (std::int64_t{minutes} * 60 - local.tm_sec) * 1'000;
}

}  // namespace bascule
