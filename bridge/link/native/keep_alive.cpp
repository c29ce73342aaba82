#include "link/native/keep_alive.hpp"

#include <algorithm>
#include <utility>

namespace bascule {

void KeepAlive::begin(Duration keep_alive, Time now) {
  *this = {};
  half_ = keep_alive / 2;
  heard_ = sent_ = moved_ = ping_base_ = now;
}

void KeepAlive::pinged(std::uint64_t last_serial, Time now) {
  ping_ = ping_base_ = sent_ = now;
  ping_serial_ = last_serial;
  ping_arrived_.reset();
}

std::optional<KeepAlive::Duration> KeepAlive::answered(Time now) {
  const auto ping = std::exchange(ping_, std::nullopt);
  if (!ping) return std::nullopt;
  seen_through_ = ping_serial_;
  return now - *ping;
}

KeepAlive::Verdict KeepAlive::tick(const Progress& progress, const std::optional<Waiting>& oldest,
                                   Time now) {
  if (progress.bytes != std::exchange(bytes_, progress.bytes)) moved_ = now;
  if (ping_ && !ping_arrived_ && progress.all) ping_arrived_ = now;
  if (ping_) {
    const auto last_sign = ping_arrived_ ? *ping_arrived_ : std::max(*ping_, moved_);
    if (now - std::max(last_sign, heard_) > half_) return Verdict::dead_line;
  }
  if (oldest && oldest->serial <= seen_through_) {
    if (oldest->serial != std::exchange(overdue_, oldest->serial)) overdue_since_ = now;
    if (now - overdue_since_ > half_) return Verdict::never_acknowledged;
  }
  return ping_due(oldest, now) ? Verdict::ping_due : Verdict::fine;
}

bool KeepAlive::ping_due(const std::optional<Waiting>& oldest, Time now) const {
  if (ping_) return false;
  if (now - sent_ >= half_ || now - heard_ >= half_) return true;
  return oldest && now - std::max(oldest->since, ping_base_) >= half_;
}

}  // namespace bascule
