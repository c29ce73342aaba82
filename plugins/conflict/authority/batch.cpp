#include "conflict/authority/batch.hpp"

#include <algorithm>

#include "conflict/authority/evaluate.hpp"

namespace bascule::conflict {

namespace {

constexpr std::int64_t day_ms = 86'400'000;
// A larger batch is decided in portions, each of them a step: any cut gives the same end state.
constexpr std::size_t portion = 10'000;

std::int64_t run_after(const Options& options, std::int64_t now_ms) {
  const auto minute_ms = std::int64_t{*options.batch_minute} * 60'000;
  return ((now_ms - minute_ms) / day_ms + 1) * day_ms + minute_ms;
}

}  // namespace

namespace {

// Asks for the next run. A wake that is later than that was asked for by a clock that ran ahead.
void plan_run(Turn& turn) {
  const auto at = run_after(turn.options, turn.now_ms);
  const auto planned = turn.state.note("next run");
  const bool sooner = planned && Reader(*planned).integer() <= at;
  if (sooner && turn.waiting.has_queued()) return;
  turn.step.wake_at("batch", at);
  turn.state.put_note("next run", Writer().integer(at).take());
}

// Whether the day's run has been. A last run in the future was noted by a clock that ran ahead: it
// counts for as long as nobody knows which of the two is right.
bool has_run(Turn& turn, std::int64_t day) {
  const auto note = turn.state.note("last run");
  const auto last = note ? Reader(*note).integer() : day - 1;
  if (last <= day || !turn.input.clock_trusted()) return last >= day;
  turn.step.log(plugin::Level::warning, "the last run was noted " + std::to_string(last - day) +
                                            " days ahead; the clock is trusted now, so it runs");
  return false;
}

}  // namespace

void gather(Turn& turn, const Op& op) {
  const bool repeat = turn.state.place(op.id) || turn.state.is_forgotten(op.id);
  if (repeat) return evaluate(turn, op);
  plan_run(turn);
  turn.waiting.queue(op);
  turn.state.put(op.id, Place{Place::At::queued, op.key, 0, 0, op.digest});
  turn.outbox.explain({{"op", op.id}, {"verdict", "QUEUED"}});
}

// Selected by arrival, in the order of the authors' time; the clock cannot repeat a day's run.
void run_batch(Turn& turn, bool rest) {
  const auto day = (turn.now_ms - std::int64_t{*turn.options.batch_minute} * 60'000) / day_ms;
  if (!rest && has_run(turn, day)) {
    turn.step.wake_at("batch", run_after(turn.options, turn.now_ms));
    return turn.outbox.explain({{"verdict", "RUN"}, {"ops", 0}});
  }
  turn.state.put_note("last run", Writer().integer(day).take());
  auto ops = turn.waiting.take_queued(portion);
  if (turn.options.order == Order::author) {
    std::stable_sort(ops.begin(), ops.end(),
                     [](const Op& a, const Op& b) { return a.hlc < b.hlc; });
  }
  for (auto& op : ops) evaluate_again(turn, std::move(op));
  if (turn.waiting.has_queued()) turn.step.wake_at("batch rest", turn.now_ms);
  turn.outbox.explain({{"verdict", "RUN"}, {"ops", ops.size()}});
}

}  // namespace bascule::conflict
