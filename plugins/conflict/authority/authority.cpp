#include "conflict/authority/authority.hpp"

#include <algorithm>

#include "conflict/authority/tell_time.hpp"
#include "conflict/authority/trim.hpp"
#include "conflict/authority/turn.hpp"

namespace bascule::conflict {

namespace {

constexpr std::int64_t day_ms = 86'400'000;
// A larger batch is decided in portions, each of them a step: any cut gives the same end state.
constexpr std::size_t portion = 10'000;

std::int64_t run_after(const Options& options, std::int64_t now_ms) {
  const auto minute_ms = std::int64_t{*options.batch_minute} * 60'000;
  return ((now_ms - minute_ms) / day_ms + 1) * day_ms + minute_ms;
}

void gather(Turn& turn, const Op& op) {
  const bool repeat = turn.state.place(op.id) || turn.state.is_forgotten(op.id);
  if (repeat) return evaluate(turn, op);
  if (!turn.state.has_queued()) turn.step.wake_at("batch", run_after(turn.options, turn.now_ms));
  turn.state.queue(op);
  turn.state.put(op.id, Place{Place::At::queued, op.key, 0, 0, op.digest});
  turn.outbox.explain({{"op", op.id}, {"verdict", "QUEUED"}});
}

void take(Turn& turn) {
  if (!turn.options.topics.clock.empty()) {
    if (const auto who = turn.options.topics.clock.match(turn.input.topic())) {
      return tell_time(turn.options, turn.step, turn.input, *who);
    }
  }
  if (!turn.options.topics.mark.empty()) {
    if (const auto who = turn.options.topics.mark.match(turn.input.topic())) {
      return take_mark(turn, who->at("origin"));
    }
  }
  const auto captures = turn.options.record.match(turn.input.topic());
  if (!captures) {
    turn.step.log(plugin::Level::warning, "not the topic of a record");
    return turn.outbox.explain({{"verdict", "REFUSED"}, {"reason", "topic"}});
  }
  auto reading = read_op(turn.options, turn.input, *captures);
  auto& op = reading.op;
  if (op.key.empty()) {
    turn.step.log(plugin::Level::warning, "a message does not say which record it is of");
    return turn.outbox.explain({{"verdict", "REFUSED"}, {"reason", op.wrong}});
  }
  if (reading.mark) acknowledge(turn, op.hlc.origin, *reading.mark);
  op.central = !reading.stamped;
  if (!reading.stamped || turn.options.order == Order::arrival) {
    op.hlc = stamp_here(turn);
    op.u_ms = 0;
  }
  if (turn.options.batch_minute && op.wrong.empty()) return gather(turn, op);
  evaluate(turn, std::move(op));
}

// Selected by arrival, in the order of the authors' time; the clock cannot repeat a day's run.
void run_batch(Turn& turn, bool rest) {
  const auto day = (turn.now_ms - std::int64_t{*turn.options.batch_minute} * 60'000) / day_ms;
  const auto last = turn.state.note("last run");
  if (!rest && last && Reader(*last).integer() >= day) {
    turn.step.wake_at("batch", run_after(turn.options, turn.now_ms));
    return turn.outbox.explain({{"verdict", "RUN"}, {"ops", 0}});
  }
  turn.state.put_note("last run", Writer().integer(day).take());
  auto ops = turn.state.take_queued(portion);
  if (turn.options.order == Order::author) {
    std::stable_sort(ops.begin(), ops.end(),
                     [](const Op& a, const Op& b) { return a.hlc < b.hlc; });
  }
  for (auto& op : ops) evaluate_again(turn, std::move(op));
  if (turn.state.has_queued()) turn.step.wake_at("batch rest", turn.now_ms);
  turn.outbox.explain({{"verdict", "RUN"}, {"ops", ops.size()}});
}

void release_due(Turn& turn) {
  for (const auto& id : turn.state.take_due(turn.now_ms)) {
    const auto parked = turn.state.parked(id);
    if (parked && parked->reason == "clock") {
      turn.released.push_back(unpark(turn, *parked, "its time has come"));
    }
  }
  evaluate_released(turn);
  if (const auto next = turn.state.next_due()) turn.step.wake_at("clock", *next);
}

}  // namespace

void decide_at_authority(const Options& options, plugin::Step& step, const plugin::Input& input) {
  Turn turn(options, step, input);
  switch (input.kind()) {
    case plugin::Input::Kind::message:
      take(turn);
      break;
    case plugin::Input::Kind::resolution:
      resolve(turn);
      break;
    case plugin::Input::Kind::wake:
      if (input.topic() == "clock") release_due(turn);
      if (input.topic() == "trim") trim(turn);
      if (options.batch_minute && input.topic().starts_with("batch")) {
        run_batch(turn, input.topic() == "batch rest");
      }
      break;
    case plugin::Input::Kind::link:
      break;
  }
  plan_trim(turn);
  turn.outbox.flush(turn.state);
  turn.state.flush();
}

}  // namespace bascule::conflict
