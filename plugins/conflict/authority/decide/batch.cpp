#include "conflict/authority/decide/batch.hpp"

#include <algorithm>
#include <vector>

#include "conflict/authority/decide/evaluate.hpp"
#include "sdk/time_zone.hpp"

namespace bascule::conflict {

namespace {

// A larger batch is decided in portions, each of them a step: any cut gives the same end state.
constexpr std::size_t portion = 10'000;

// When the run of that day is, by the zone's clocks.
std::int64_t run_ms(const Options& options, std::int64_t day) {
  return options.zone.utc_s(day, *options.batch_minute) * 1'000;
}

// The day whose run was the last before this moment, or is now.
std::int64_t day_of_run(const Options& options, std::int64_t now_ms) {
  const auto day = options.zone.day_of(now_ms / 1'000);
  return run_ms(options, day) <= now_ms ? day : day - 1;
}

std::int64_t run_after(const Options& options, std::int64_t now_ms) {
  return run_ms(options, day_of_run(options, now_ms) + 1);
}

// An op on a key that no record has yet: matched, it may become part of another record.
bool is_insert(const Turn& turn, const Op& op) {
  return !turn.state.record(turn.state.resolve_alias(op.key));
}

// In the order of their authors' time. Inserts that match come before them, as they arrived: so the
// same one survives as if each had been decided at once.
void put_in_order(const Turn& turn, std::vector<Op>& ops) {
  auto others = ops.begin();
  if (!turn.options.insert_match.empty()) {
    others = std::stable_partition(ops.begin(), ops.end(),
                                   [&](const Op& op) { return is_insert(turn, op); });
  }
  if (turn.options.order != Order::author) return;
  std::stable_sort(others, ops.end(), [](const Op& a, const Op& b) { return a.hlc < b.hlc; });
}

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

void note_unreconciled(Turn& turn, const Op& op) {
  const bool matches = !turn.options.insert_match.empty() && !op.central;
  if (!matches || op.kind == Kind::remove || !is_insert(turn, op)) return;
  turn.state.put(op.key, State::Other{Standing::unreconciled, ""});
  turn.outbox.pending(op.key, Standing::unreconciled, "", fields_text(op.fields));
}

void begin_matching(Turn& turn, const Op& op) {
  const auto other = turn.state.other(op.key);
  if (!other || other->standing != Standing::unreconciled) return;
  turn.state.erase_other(op.key);
  turn.outbox.pending(op.key, Standing::reconciled, "");
}

void gather(Turn& turn, const Op& op) {
  const bool repeat = turn.state.place(op.id) || turn.state.is_forgotten(op.id);
  if (repeat) return evaluate(turn, op);
  plan_run(turn);
  turn.waiting.queue(op);
  note_unreconciled(turn, op);
  turn.state.put(op.id, Place{Place::At::queued, op.key, 0, 0, op.digest, op.prev});
  turn.outbox.explain({{"op", op.id}, {"verdict", "QUEUED"}});
}

// Selected by arrival, in the order of the authors' time; the clock cannot repeat a day's run.
void run_batch(Turn& turn, bool rest) {
  const auto day = day_of_run(turn.options, turn.now_ms);
  if (!rest && has_run(turn, day)) {
    turn.step.wake_at("batch", run_after(turn.options, turn.now_ms));
    return turn.outbox.explain({{"verdict", "RUN"}, {"ops", 0}});
  }
  turn.state.put_note("last run", Writer().integer(day).take());
  auto ops = turn.waiting.take_queued(portion);
  put_in_order(turn, ops);
  for (auto& op : ops) {
    begin_matching(turn, op);
    evaluate_again(turn, std::move(op));
  }
  if (turn.waiting.has_queued()) turn.step.wake_at("batch rest", turn.now_ms);
  turn.outbox.explain({{"verdict", "RUN"}, {"ops", ops.size()}});
}

}  // namespace bascule::conflict
