// Time. Everything that waits uses boot time, which neither jumps nor stops while the machine
// sleeps; wall time is only for people and for other machines.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace bascule {

struct Now {
  std::int64_t boottime_ms = 0;  // CLOCK_BOOTTIME
  std::int64_t wall_ms = 0;      // ms since 1970 UTC
  bool synchronized = false;     // the kernel says that a time source keeps the wall clock right
};

Now now();
std::int64_t boottime_ms();  // the first of the three, without asking the kernel for more

// Changes with every boot of the machine; empty where the kernel gives none.
std::string boot_id();

// One boot of the machine: boot time + offset = wall time.
struct Boot {
  std::string id;
  std::int64_t offset_ms = 0;
  bool synchronized = false;
};

// Places moments that were noted as (boot number, boot time) in wall time, and tells their age,
// over restarts and jumps of the wall clock. One owner.
class Timeline {
 public:
  // Recalls a boot of the past.
  void add(int number, Boot boot) { boots_[number] = std::move(boot); }

  // Enters the boot that runs now, a known one or a new one, and takes its offset from `at`. An
  // offset that was taken with a synchronized clock is only replaced by another such one.
  void enter(const std::string& id, const Now& at);

  // Takes the offset again; true if it moved by over a second or became synchronized.
  bool adjust(const Now& at);

  int current() const { return current_; }
  const Boot& boot(int number) const { return boots_.at(number); }

  // ms since 1970 UTC, as well as it is known.
  std::int64_t wall_ms(int boot, std::int64_t boottime_ms) const;

  // How long ago it was, or a lower bound: of a moment in an earlier boot, where one of the two
  // clocks was not synchronized, nobody knows more than that it is older than this boot.
  std::int64_t age_ms(int boot, std::int64_t boottime_ms, const Now& at) const;

 private:
  std::map<int, Boot> boots_;
  int current_ = 0;
};

}  // namespace bascule
