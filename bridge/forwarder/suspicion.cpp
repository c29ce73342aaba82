#include "forwarder/suspicion.hpp"

#include <algorithm>

namespace bascule {
namespace {

// A broker that closes over a message does it as fast as it would acknowledge.
constexpr std::int64_t delay_ms_max = 5'000;
constexpr std::int64_t delay_ms_min = 10;  // for scheduling
constexpr std::int64_t steady_factor = 10;
constexpr std::int64_t wait_factor = 2 * steady_factor;  // the next closure may take longer
// Above this a window hides nothing any more.
constexpr std::uint32_t window_careful_max = 1'000;

}  // namespace

void Suspicion::connected(std::int64_t now_ms) {
  up_ms_ = now_ms;
  sent_ms_ = -1;
}

std::int64_t Suspicion::wait_ms(std::int64_t now_ms) const {
  if (window_ != 1) return 0;
  return std::max<std::int64_t>(0, up_ms_ + wait_factor * delay_ms_ - now_ms);
}

void Suspicion::sent(std::int64_t now_ms) { sent_ms_ = now_ms; }

void Suspicion::settled(std::uint64_t tag) {
  if (tag == suspect_) suspect_ = 0, strikes_ = 0;
  if (const auto first = firsts_.find(LaneSequence::of_key(tag).lane); first != firsts_.end()) {
    if (first->second.tag == tag) firsts_.erase(first);
  }
  if (careful() && ++window_ > window_careful_max) window_ = everything;
}

void Suspicion::closed(std::span<const std::uint64_t> lost, bool alone, std::int64_t now_ms) {
  if (lost.empty() || sent_ms_ < 0) return;
  delay_ms_ = std::max(delay_ms_min, now_ms - sent_ms_);
  const bool soon = delay_ms_ <= delay_ms_max;
  if (alone && soon && sent_ms_ - up_ms_ >= steady_factor * delay_ms_) strike(lost.front());
  delay_ms_ = std::min(delay_ms_, delay_ms_max);

  std::map<LaneId, std::uint64_t> firsts;
  for (const std::uint64_t tag : lost) firsts.emplace(LaneSequence::of_key(tag).lane, tag);
  bool stuck = false;
  for (const auto& [lane, tag] : firsts) {
    First& first = firsts_[lane];
    if (first.tag != tag) first = {tag, 0};
    stuck = ++first.closures >= closures_max || stuck;
  }
  if (stuck || careful()) window_ = 1;
}

void Suspicion::strike(std::uint64_t tag) {
  if (tag != suspect_) suspect_ = tag, strikes_ = 0;
  if (++strikes_ >= closures_max) delay_ms_ = 0;
}

void Suspicion::disconnected(bool by_broker) {
  if (strikes_ >= closures_max) return;
  const bool unsteady = careful() && sent_ms_ < 0;  // it did not even hold with nothing sent
  if (unsteady) firsts_.clear(), window_ = everything;
  if (unsteady || !by_broker) suspect_ = 0, strikes_ = 0;
}

}  // namespace bascule
