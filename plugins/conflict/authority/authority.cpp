#include "conflict/authority/authority.hpp"

#include "conflict/authority/decide/batch.hpp"
#include "conflict/authority/decide/evaluate.hpp"
#include "conflict/authority/decide/questions.hpp"
#include "conflict/authority/reports.hpp"
#include "conflict/authority/resolve.hpp"
#include "conflict/authority/trim.hpp"
#include "conflict/authority/turn/tell_time.hpp"
#include "conflict/record/marks.hpp"

namespace bascule::conflict {

namespace {

// A device at the centre says nothing of what it has seen: that is what was there when its edit
// came. Of a deleted record nobody knows whether it has seen that, so that time decides.
void infer_base(Turn& turn, Op& op) {
  const bool matched = !turn.options.insert_match.empty();
  const auto key = matched ? turn.state.resolve_alias(op.key) : op.key;
  const auto record = turn.state.record(key).value_or(Record{});
  if (record.deleted) return;
  op.base = record.version;
  op.quality = BaseQuality::inferred;
  if (!op.prev.empty()) return;  // the device says on top of what it was made
  op.prev = turn.waiting.last_central(op.key).value_or("");
  op.guessed_prev = !op.prev.empty();
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
  auto reading = read_op(turn.options, turn.input, *captures, turn.hub);
  auto& op = reading.op;
  if (op.key.empty()) {
    turn.step.log(plugin::Level::warning, "a message does not say which record it is of");
    return turn.outbox.explain({{"verdict", "REFUSED"}, {"reason", op.wrong}});
  }
  if (!reading.marks.empty()) {
    acknowledge(turn, op.hlc.origin, mark_of(turn.hub, reading.marks).value_or(0));
  }
  op.central = !reading.stamped;
  if (op.central && op.blind()) infer_base(turn, op);
  if (!reading.stamped || turn.options.order == Order::arrival) {
    op.hlc = turn.stamp();
    op.u_ms = 0;
  }
  if (turn.options.batch_minute && op.wrong.empty()) return gather(turn, op);
  if (turn.options.waits && op.wrong.empty()) return await_reports(turn, op);
  evaluate(turn, std::move(op));
}

void release_due(Turn& turn) {
  for (const auto& id : turn.waiting.take_due(turn.now_ms)) {
    const auto parked = turn.waiting.parked(id);
    if (parked && parked->reason == "clock") {
      turn.released.push_back(unpark(turn, *parked, "its time has come"));
    }
  }
  evaluate_released(turn);
  plan_clock(turn);
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
      if (input.topic() == "late") take_late(turn);
      if (options.batch_minute && input.topic().starts_with("batch")) {
        run_batch(turn, input.topic() == "batch rest");
      }
      break;
    case plugin::Input::Kind::link:
      break;
  }
  plan_trim(turn);
  turn.outbox.flush(turn.state);
  turn.counters.flush();
}

}  // namespace bascule::conflict
