// How fast a lane drains while something waits in it, from a look about once a second. A stretch in
// which it emptied tells only that it was at least so fast. Pure; one owner.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

namespace bascule {

class DrainRate {
 public:
  // What has crossed so far, and what waits; ms of boot time.
  void look(std::int64_t now_ms, std::uint64_t crossed, std::uint64_t waiting) {
    const std::int64_t span_ms = now_ms - std::exchange(looked_ms_, now_ms);
    const std::uint64_t more = crossed - std::min(crossed, std::exchange(crossed_, crossed));
    const std::uint64_t waited = std::exchange(waiting_, waiting);
    if (waited == 0 || more == 0 || span_ms <= 0 || span_ms > longest_ms) return;
    const double per_s = static_cast<double>(more) * 1'000 / static_cast<double>(span_ms);
    if (waiting == 0) {
      per_s_ = std::max(per_s_, per_s);
    } else {
      per_s_ = per_s_ == 0 ? per_s : per_s_ * 0.7 + per_s * 0.3;
    }
  }

  double per_s() const { return per_s_; }  // 0: nothing is known

 private:
  static constexpr std::int64_t longest_ms = 10'000;  // else it was not looked at

  std::int64_t looked_ms_ = 0;
  std::uint64_t crossed_ = 0, waiting_ = 0;
  double per_s_ = 0;
};

}  // namespace bascule
