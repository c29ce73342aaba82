#include "clock.hpp"

#include <sys/timex.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>

namespace bascule {
namespace {

std::int64_t read_ms(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return std::int64_t{at.tv_sec} * 1000 + at.tv_nsec / 1'000'000;
}

}  // namespace

Now now() {
  timex state{};
  const int clock = adjtimex(&state);  // -1 where a sandbox forbids even to ask
  const bool synchronized = clock >= 0 && clock != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  return {read_ms(CLOCK_BOOTTIME), read_ms(CLOCK_REALTIME), synchronized};
}

std::int64_t boottime_ms() { return read_ms(CLOCK_BOOTTIME); }

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

void Timeline::enter(const std::string& id, const Now& at) {
  const auto known = std::find_if(boots_.begin(), boots_.end(), [&](const auto& entry) {
    return !id.empty() && entry.second.id == id;
  });
  if (known != boots_.end()) {
    current_ = known->first;
    adjust(at);
    return;
  }
  current_ = boots_.empty() ? 1 : boots_.rbegin()->first + 1;
  boots_[current_] = {id, at.wall_ms - at.boottime_ms, at.synchronized};
}

bool Timeline::adjust(const Now& at) {
  // An unsynchronized clock that jumps tells nothing new: the first offset of the boot stays.
  if (!at.synchronized) return false;
  Boot& boot = boots_.at(current_);
  const std::int64_t offset = at.wall_ms - at.boottime_ms;
  if (boot.synchronized && std::abs(offset - boot.offset_ms) <= 1000) return false;
  boot.offset_ms = offset;
  boot.synchronized = true;
  return true;
}

std::int64_t Timeline::wall_ms(int boot, std::int64_t boottime_ms) const {
  const auto found = boots_.find(boot);
  return boottime_ms + (found == boots_.end() ? 0 : found->second.offset_ms);
}

std::int64_t Timeline::age_ms(int boot, std::int64_t boottime_ms, const Now& at) const {
  if (boot == current_) return std::max<std::int64_t>(0, at.boottime_ms - boottime_ms);
  const auto then = boots_.find(boot);
  if (then == boots_.end() || !then->second.synchronized || !at.synchronized) {
    return at.boottime_ms;
  }
  return std::max(at.boottime_ms, at.wall_ms - wall_ms(boot, boottime_ms));
}

}  // namespace bascule
