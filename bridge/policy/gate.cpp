#include "policy/gate.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <limits>

#include "text/units.hpp"

namespace bascule {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();

std::tm local(std::int64_t wall_ms) {
  const auto seconds = static_cast<std::time_t>(wall_ms / 1'000);
  std::tm time{};
  ::localtime_r(&seconds, &time);
  return time;
}

std::string date(const std::tm& time) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02d", time.tm_year + 1900, time.tm_mon + 1,
                time.tm_mday);
  return text.data();
}

}  // namespace

std::string due_day(std::int64_t wall_ms, int minute) {
  std::tm time = local(wall_ms);
  if (time.tm_hour * 60 + time.tm_min >= minute) return date(time);
  // Noon of the day before: far from any change of the clocks.
  time.tm_mday -= 1;
  time.tm_hour = 12;
  time.tm_min = 0;
  time.tm_isdst = -1;
  const std::time_t before = ::mktime(&time);
  return date(local(std::int64_t{before} * 1'000));
}

void GateKeeper::opened(JournalCore& core, PolicyId policy) {
  policy_ = policy;
  line_up_ = false;
  run_ = core.store().policies().daily_run(policy).value_or(DailyRun{});
}

std::uint64_t GateKeeper::limit(JournalCore& core, const Now& at) {
  switch (gate_.kind) {
    case Gate::Kind::at_once:
      return all;
    case Gate::Kind::caught_up:
      return line_up_ ? all : 0;
    case Gate::Kind::daily:
      break;
  }
  const LaneState& lane = core.lanes().at(policy_ - 1U);
  const std::string day = due_day(at.wall_ms, gate_.minute);
  // A run of the far future was one of a clock that was wrong.
  const bool wrong = at.synchronized && run_.day > due_day(at.wall_ms + 2 * day_ms, gate_.minute);
  if (run_.day.empty()) {
    run_ = {day, 0};  // a policy that is new has missed nothing
    core.change().policies().save_daily_run(policy_, run_);
  } else if (day > run_.day || wrong) {
    run_ = {day, lane.next - 1};
    core.change().policies().save_daily_run(policy_, run_);
  }
  return run_.last;
}

std::string GateKeeper::waits_for() const {
  if (gate_.kind == Gate::Kind::caught_up && !line_up_) return "until caught up with central";
  if (gate_.kind != Gate::Kind::daily) return {};
  return "until " + time_of_day_text(gate_.minute);
}

}  // namespace bascule
