#include "forwarder/lane/lane_retry.hpp"

#include <algorithm>
#include <utility>

namespace bascule {
namespace {

// Above this a window hides nothing any more.
constexpr std::size_t window_max = 1'000;

}  // namespace

void LaneRetry::add(LaneItem item, std::string reason, std::int64_t now_ms) {
  const std::uint64_t sequence = item.record.sequence;
  const auto place = std::upper_bound(
      items_.begin(), items_.end(), sequence,
      [](std::uint64_t value, const LaneItem& other) { return value < other.record.sequence; });
  items_.insert(place, std::move(item));
  ++refused_;
  reason_ = std::move(reason);
  if (now_ms >= at_ms_) {  // not of the round that waits already
    delay_ms_ = std::clamp(delay_ms_ * 2, delay_ms_min, delay_ms_max);
    at_ms_ = now_ms + delay_ms_;
  }
  be_careful(now_ms);
}

void LaneRetry::be_careful(std::int64_t now_ms) {
  if (now_ms >= careful_until_ms_) {
    const bool again = now_ms - careful_until_ms_ < careful_ms_max;
    careful_ms_ = again ? std::clamp(careful_ms_ * 2, careful_ms_min, careful_ms_max)  //
                        : careful_ms_min;
  }
  careful_until_ms_ = now_ms + careful_ms_;
  careful_ = true;
  window_ = 1;
}

LaneItem LaneRetry::take() {
  LaneItem item = std::move(items_.front());
  items_.pop_front();
  return item;
}

LaneItem LaneRetry::set_aside() {
  delay_ms_ = at_ms_ = 0;
  LaneItem item = take();
  if (items_.empty()) reason_.clear();
  return item;
}

std::int64_t LaneRetry::wait_ms(std::int64_t now_ms) const {
  return std::max<std::int64_t>(0, at_ms_ - now_ms);
}

void LaneRetry::accepted(std::int64_t now_ms) {
  if (window_ == everything) return;
  delay_ms_ = 0;
  careful_ = now_ms < careful_until_ms_;
  if (!careful_ && ++window_ >= window_max) window_ = everything;
  if (items_.empty()) reason_.clear();
}

void LaneRetry::went(const Record& record) {
  for (const LaneItem& item : items_) {
    if (item.record.sequence > record.sequence) return;
    if (item.record.message.topic != record.message.topic) continue;
    ++reordered_;
    untold_ = {std::string(record.message.topic), reason_, untold_.messages + 1};
    return;
  }
}

}  // namespace bascule
