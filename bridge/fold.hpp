// Folds what would be said again and again: the first time is said at once, later ones once a
// minute, with how many there were. Pure; one thread.
#pragma once

#include <cstdint>

namespace bascule {

class Fold {
 public:
  static constexpr std::int64_t pause_ms = 60'000;

  // One more, at this boot time. How many to tell of now; 0: it is too early, they are kept.
  std::uint64_t add(std::int64_t now_ms) {
    ++untold_;
    if (told_ms_ != 0 && now_ms - told_ms_ < pause_ms) return 0;
    told_ms_ = now_ms;
    const std::uint64_t count = untold_;
    untold_ = 0;
    return count;
  }

 private:
  std::uint64_t untold_ = 0;
  std::int64_t told_ms_ = 0;  // 0: never
};

}  // namespace bascule
