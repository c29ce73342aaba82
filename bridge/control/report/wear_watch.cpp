#include "control/report/wear_watch.hpp"

#include "doctor/wear.hpp"

namespace bascule {

std::optional<unsigned> WearWatch::used_percent(std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  if (!asked_ms_ || now_ms - *asked_ms_ >= every_ms) {
    used_percent_ = life_used_percent(folder_, sys_);
    asked_ms_ = now_ms;
  }
  return used_percent_;
}

}  // namespace bascule
