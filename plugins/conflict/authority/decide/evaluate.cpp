#include "conflict/authority/decide/evaluate.hpp"

#include "conflict/authority/decide/conclude.hpp"
#include "conflict/authority/decide/questions.hpp"
#include "conflict/authority/decide/strategy.hpp"
#include "conflict/merge/merge.hpp"

namespace bascule::conflict {

namespace {

std::string hex(std::uint64_t number) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (auto i = text.size(); i-- > 0; number >>= 4) text[i] = digits[number & 15];
  return text;
}

// True if the op has been here; then it gets the verdict of the first time.
bool answer_repeat(Turn& turn, const Op& op, const Place& place) {
  if (place.digest != op.digest) return false;
  if (place.at == Place::At::decided) {
    const auto entry = turn.state.entry(place.number);
    if (!entry) throw std::runtime_error("the state has lost the history of " + op.id);
    const auto record = turn.state.record(entry->op.key).value_or(Record{});
    turn.outbox.verdict(turn.state, record, *entry);
  } else if (const auto parked = turn.waiting.parked(op.id)) {
    turn.outbox.verdict(*parked);
  } else {
    turn.outbox.explain({{"op", op.id}, {"verdict", "QUEUED"}});
  }
  return true;
}

// What is edited at the centre has seen the edits there before it, and is not made on top of them:
// those that were rejected or wait do not matter to it.
void skip_undecided(const Turn& turn, Op& op) {
  while (!op.prev.empty()) {
    const auto place = turn.state.place(op.prev);
    if (!place) return op.prev.clear();
    if (place->at != Place::At::decided) {
      const auto parked = turn.waiting.parked(op.prev);
      op.prev = parked ? parked->op.prev : "";
      continue;
    }
    const auto prev = turn.state.entry(place->number);
    if (!prev || prev->verdict != Verdict::reject) return;
    op.prev = prev->op.prev;
  }
}

// False if the op cannot go on: it waits for its prev, or is rejected with it.
bool follow_prev(Turn& turn, Op& op) {
  if (op.guessed_prev) skip_undecided(turn, op);
  if (op.prev.empty()) return true;
  const auto place = turn.state.place(op.prev);
  if (!place && turn.state.is_forgotten(op.prev)) return true;  // decided long ago
  if (!place || place->at != Place::At::decided) {
    turn.waiting.wait(op.prev, op.id);
    park(turn, op, Verdict::hold, "prev");
    return false;
  }
  const auto prev = turn.state.entry(place->number);
  if (!prev) throw std::runtime_error("the state has lost the history of " + op.prev);
  if (prev->verdict == Verdict::reject) {
    reject(turn, op, "dependent");
    return false;
  }
  // Who says what came before, says what it had seen.
  if (op.blind() && !prev->op.blind() && prev->op.key == op.key) {
    op.base = prev->op.base;
    op.quality = prev->op.quality;
  }
  return true;
}

bool early(const Turn& turn, const Op& op) {
  return op.hlc.ms > turn.now_ms + turn.options.clock_guard_ms;
}

void evaluate_new(Turn& turn, Op op) {
  if (!op.wrong.empty()) return reject(turn, op, op.wrong);
  // Only what is matched gets another key.
  const bool matched = !turn.options.insert_match.empty();
  const auto record = matched ? turn.state.resolve_alias(op.key) : op.key;
  if (record != op.key) {
    const bool inferred = op.central && op.quality == BaseQuality::inferred;  // of this very record
    op.key = record;
    // Its author numbered versions of a record that is no more.
    if (!inferred) {
      op.base = -1;
      op.quality = BaseQuality::given;
    }
  }
  if (!follow_prev(turn, op)) return;
  if (early(turn, op)) {
    turn.waiting.wait_until(op.hlc.ms - turn.options.clock_guard_ms, op.id);
    park(turn, op, Verdict::hold, "clock");
    plan_clock(turn);
    return;
  }
  if (turn.state.clock() < op.hlc) turn.state.put_clock(op.hlc);
  const auto wrong = unfit(turn.options, op);
  if (!wrong.empty()) return reject(turn, op, wrong);
  apply_policy(turn, std::move(op));
}

}  // namespace

void evaluate(Turn& turn, Op op) {
  auto place = turn.state.place(op.id);
  if (place && answer_repeat(turn, op, *place)) return;
  if (place) {
    // The same id with another payload: an op of its own, that a person has to look at.
    op.id += '~' + hex(op.digest);
    place = turn.state.place(op.id);
    if (place && answer_repeat(turn, op, *place)) return;
    park(turn, op, Verdict::ask, "payload");
    return;
  }
  // Whether it has been here nobody knows any more; it must not be applied twice.
  if (turn.state.is_forgotten(op.id)) return park(turn, op, Verdict::ask, "repeat");
  evaluate_new(turn, std::move(op));
  evaluate_released(turn);
}

void evaluate_again(Turn& turn, Op op) {
  evaluate_new(turn, std::move(op));
  evaluate_released(turn);
}

void evaluate_released(Turn& turn) {
  while (!turn.released.empty()) {
    auto op = std::move(turn.released.front());
    turn.released.pop_front();
    evaluate_new(turn, std::move(op));
  }
}

}  // namespace bascule::conflict
