// What is told of an outage, however often it is tried again: that it began; that it still lasts,
// after one, two, four, … 60 minutes; and that it is over, with how long it was. What is well for
// less than `calm_ms`, again and again, is out all the time. Pure; one owner. Times are ms of boot
// time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace bascule {

class OutageNews {
 public:
  static constexpr std::int64_t first_still_ms = 60'000, longest_still_ms = 3'600'000;

  enum class Kind : std::uint8_t { began, still, over };
  struct News {
    Kind kind = Kind::began;
    std::int64_t lasted_ms = 0;
    std::uint64_t times = 0;  // that it failed
  };

  explicit OutageNews(std::int64_t calm_ms) : calm_ms_(calm_ms) {}

  std::optional<News> failed(std::int64_t now_ms) {
    ++times_;
    well_ms_ = 0;
    if (began_ms_ != 0) return std::nullopt;
    began_ms_ = now_ms;
    next_still_ms_ = now_ms + first_still_ms;
    return News{Kind::began, 0, times_};
  }

  void well(std::int64_t now_ms) {
    if (began_ms_ != 0 && well_ms_ == 0) well_ms_ = now_ms;
  }

  // From time to time.
  std::optional<News> tick(std::int64_t now_ms) {
    if (began_ms_ == 0) return std::nullopt;
    if (well_ms_ != 0 && now_ms - well_ms_ >= calm_ms_) {
      const std::int64_t lasted_ms = well_ms_ - std::exchange(began_ms_, 0);
      return News{Kind::over, lasted_ms, std::exchange(times_, 0)};
    }
    if (now_ms < next_still_ms_) return std::nullopt;
    const std::int64_t lasted_ms = now_ms - began_ms_;
    next_still_ms_ = now_ms + std::clamp(lasted_ms, first_still_ms, longest_still_ms);
    return News{Kind::still, lasted_ms, times_};
  }

 private:
  std::int64_t calm_ms_;
  std::int64_t began_ms_ = 0;  // 0: there is none
  std::int64_t well_ms_ = 0;   // since when; 0: it is not
  std::int64_t next_still_ms_ = 0;
  std::uint64_t times_ = 0;
};

}  // namespace bascule
