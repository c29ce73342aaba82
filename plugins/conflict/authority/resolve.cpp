#include "conflict/authority/resolve.hpp"

#include <algorithm>

#include "conflict/authority/decide/conclude.hpp"
#include "conflict/authority/decide/evaluate.hpp"
#include "conflict/authority/decide/insert.hpp"
#include "conflict/authority/decide/lost.hpp"
#include "conflict/authority/decide/questions.hpp"
#include "conflict/authority/decide/strategy.hpp"
#include "conflict/authority/person/person.hpp"
#include "conflict/authority/person/reinstate.hpp"
#include "conflict/authority/reports.hpp"
#include "conflict/authority/trim.hpp"
#include "conflict/merge/merge.hpp"
#include "sdk/json.hpp"
#include "sdk/number.hpp"

namespace bascule::conflict {

namespace {

// What a person has decided: one of the choices, and what it needs to know besides.
struct Resolution {
  std::string choice;
  Json data = Json::object();

  std::string text(const char* name) const {
    const auto found = data.find(name);
    return found != data.end() && found->is_string() ? found->get<std::string>() : "";
  }
};

Resolution read_resolution(std::string_view payload) {
  Resolution decision;
  const auto json = parse_json(payload);
  if (!json.is_object()) return decision;
  if (json.contains("choose") && json["choose"].is_string()) decision.choice = json["choose"];
  if (json.contains("data") && json["data"].is_object()) decision.data = json["data"];
  return decision;
}

// Which case of what is decided.
struct Answered {
  std::int64_t number;
  Case it;
  Resolution decision;
};

// The bridge takes one decision per case, so the question is put again.
void refuse(Turn& turn, const Answered& answered, const std::string& why) {
  turn.step.log(plugin::Level::warning, "a decision of a case was refused: " + why);
  ask_again(turn, answered.number, answered.it, why);
  turn.outbox.explain({{"verdict", "REFUSED"}, {"reason", why}});
}

void set_fields(const Options& options, const std::string& unit, const Json& value, Op& op) {
  const auto group = options.groups.find(unit);
  if (group == options.groups.end()) {
    op.fields[unit] = value.dump();
    return;
  }
  for (const auto& member : group->second) {
    op.fields[member] = value.contains(member) ? value[member].dump() : "null";
  }
}

void resolve_field(Turn& turn, const Answered& answered) {
  const auto& [number, it, decision] = answered;
  auto record = turn.state.record(it.key).value_or(Record{});
  const auto* unit = record.find(it.unit);
  if (unit == nullptr) throw std::runtime_error("the state has lost the field of a case");
  auto op = op_of_person(turn, it.key, record);
  if (decision.choice == "take") {
    const auto taken = decision.text("op");
    for (const auto& head : record.heads(*unit)) {
      if (record.authors.at(head.author).op != taken) continue;
      set_fields(turn.options, it.unit, parse_json(head.value), op);
    }
    if (op.fields.empty()) return refuse(turn, answered, "`op` is none of the values' ops");
  } else if (decision.choice == "set" && decision.data.contains("value")) {
    set_fields(turn.options, it.unit, decision.data["value"], op);
  } else {
    return refuse(turn, answered, "choose take (with `op`) or set (with `value`)");
  }
  const auto wrong = objection(turn.options, op, record);
  if (!wrong.empty()) return refuse(turn, answered, wrong);
  apply_as_person(turn, op);
  note_decided(turn, record, it.unit, op);
  evaluate_released(turn);
}

// What was parked gets its end: SUPERSEDED by the person's op, or REJECT.
void settle_parked(Turn& turn, const Op& op, Verdict verdict, const std::string& reason,
                   const std::string& by) {
  Entry entry;
  entry.op = op;
  entry.op.key = turn.state.resolve_alias(op.key);
  auto record = turn.state.record(entry.op.key).value_or(Record{});
  entry.verdict = verdict;
  entry.reason = reason;
  // What stands of one that was accepted has the person's stamp: its own moves nothing that
  // follows.
  if (verdict == Verdict::reject) entry.stamp = op.hlc;
  entry.life = record.life;
  entry.by = by;
  conclude(turn, record, std::move(entry));
}

// The person has seen what there is now: of a deleted record the edit makes it anew; what would
// make a record anew that is there writes its fields.
Kind kind_now(const Op& op, const Record& record) {
  if (op.kind == Kind::remove) return op.kind;
  if (record.deleted) return Kind::recreate;
  return op.kind == Kind::recreate && record.exists() ? Kind::patch : op.kind;
}

void resolve_parked(Turn& turn, const Parked& parked, const Answered& answered) {
  const auto& choice = answered.decision.choice;
  if (choice != "accept" && choice != "discard") {
    return refuse(turn, answered, "choose accept or discard");
  }
  if (choice == "discard") {
    const auto parked_op = unpark(turn, parked, choice);
    settle_parked(turn, parked_op, Verdict::reject, "discarded", id_of(turn.input));
    return evaluate_released(turn);
  }
  // It may have been matched since.
  const auto key = turn.state.resolve_alias(parked.op.key);
  const auto record = turn.state.record(key).value_or(Record{});
  auto op = op_of_person(turn, key, record);
  op.part = parked.op.part;
  op.kind = kind_now(parked.op, record);
  op.fields = parked.op.fields;
  op.prev = parked.op.prev;
  const auto wrong = objection(turn.options, op, record);
  if (!wrong.empty()) return refuse(turn, answered, wrong);
  const auto parked_op = unpark(turn, parked, choice);
  apply_as_person(turn, op);
  settle_parked(turn, parked_op, Verdict::superseded, "resolved", op.id);
  evaluate_released(turn);
}

// The ops of an insert that was unknown get the verdict that they waited for.
void answer_all(Turn& turn, const Record& record, Verdict verdict, const std::string& reason) {
  for (auto entry : turn.state.entries_after(record, -1).entries) {
    if (entry.verdict != Verdict::ask || entry.reason != "unknown") continue;
    entry.verdict = verdict;
    entry.reason = reason;
    entry.by = id_of(turn.input);
    turn.state.put(entry);
    note_lost(turn, record, entry);
    turn.outbox.verdict(turn.state, record, entry);
    turn.outbox.history(entry, record);
  }
}

// The history of an insert that is part of another record goes there (R37), as what lost to it: its
// ops have been decided there now, and the record has new numbers for them.
void repoint(Turn& turn, const Record& insert, const std::string& target) {
  auto record = turn.state.record(target).value_or(Record{});
  for (auto entry : turn.state.entries_after(insert, -1).entries) {
    turn.state.erase_entry(entry.number);
    const auto losses = turn.losses.find(entry.number);
    if (!losses.empty()) turn.losses.put(entry.number, {});
    entry.op.key = target;
    entry.verdict = Verdict::superseded;
    entry.reason = "merged";
    entry.by = id_of(turn.input);
    entry.version = record.version;
    entry.from = record.version + 1;
    entry.before = record.last;
    entry.made_by = record.made_by;
    entry.life = record.life;
    entry.undo.reset();
    entry.number = record.last = turn.state.next_number();
    record.last_from = std::max(record.last_from, entry.from);
    record.newest_lost = std::max(record.newest_lost, entry.stamp);
    turn.state.put(entry);
    if (!losses.empty()) turn.losses.put(entry.number, losses);
    turn.state.put(entry.op.id,
                   Place{Place::At::decided, target, entry.from, entry.number, entry.op.digest});
    turn.outbox.verdict(turn.state, record, entry);
    turn.outbox.history(entry, record);
  }
  turn.state.put(target, record);
}

// Nobody is asked any more which of the values of its fields stands.
void close_fields(Turn& turn, const Record& record, const std::string& outcome) {
  for (const auto& unit : record.units) {
    if (unit.case_number < 0) continue;
    turn.step.close_case(unit.case_number, Json{{"outcome", outcome}}.dump());
    turn.cases.erase(unit.case_number);
  }
}

void end_insert(Turn& turn, const std::string& key, Record& record, Standing standing) {
  record.standing = standing;
  record.case_number = -1;
  record.deleted = standing != Standing::reconciled;
  turn.outbox.pending(key, standing, "");
}

void merge_insert(Turn& turn, const std::string& key, Record& insert, const std::string& target) {
  close_fields(turn, insert, "merge");
  const auto fields = stored_version(turn.options, insert).fields;
  const auto onto = turn.state.record(target).value_or(Record{});
  auto op = op_of_person(turn, target, onto);
  op.fields = fields;
  const auto standing =
      gives_a_field(turn.options, op, onto) ? Standing::merged : Standing::retired;
  insert.deleted = true;
  index_record(turn, key, insert);
  repoint(turn, insert, target);
  turn.state.erase_record(key);
  turn.state.put_alias(key, target, standing);
  turn.outbox.pending(key, standing, target);
  const auto record = turn.state.record(target).value_or(Record{});
  op.base = record.version;
  apply_as_person(turn, op);
}

void resolve_insert(Turn& turn, const Answered& answered) {
  const auto& [number, it, decision] = answered;
  auto record = turn.state.record(it.key).value_or(Record{});
  const auto& choice = decision.choice;
  const auto target = decision.text("record");
  if (choice == "merge") {
    const auto onto = turn.state.record(target);
    if (!onto || !onto->live() || target == it.key) {
      return refuse(turn, answered, "`record` must be another record that is there");
    }
  } else if (choice != "create" && choice != "discard") {
    return refuse(turn, answered, "choose create, merge (with `record`) or discard");
  }
  turn.step.close_case(number, Json{{"outcome", choice}}.dump());
  turn.cases.erase(number);
  if (choice == "merge") return merge_insert(turn, it.key, record, target);
  end_insert(turn, it.key, record, choice == "create" ? Standing::reconciled : Standing::retired);
  if (choice == "discard") close_fields(turn, record, choice);
  index_record(turn, it.key, record);
  turn.state.put(it.key, record);
  if (choice == "create") {
    answer_all(turn, record, Verdict::apply, "created");
    std::vector<std::string> parts{""};
    if (turn.options.parts()) parts = parts_of(turn.options, record);
    turn.outbox.record(it.key, record, id_of(turn.input), parts);
  } else {
    answer_all(turn, record, Verdict::reject, "discarded");
  }
}

}  // namespace

void resolve(Turn& turn) {
  if (turn.input.topic() == "reinstate") return reinstate(turn);
  const auto number = whole_number(turn.input.topic()).value_or(-1);
  const auto it = turn.cases.find(number);
  // Two decisions may cross: that of the field has settled the case of another value.
  if (!it) return turn.outbox.explain({{"verdict", "REFUSED"}, {"reason", "no such case"}});
  const Answered answered{number, *it, read_resolution(turn.input.payload())};
  if (it->kind == "field") return resolve_field(turn, answered);
  if (it->kind == "unknown") return resolve_insert(turn, answered);
  if (it->kind == "unreported") {
    return resolve_late(turn, number, it->key, answered.decision.choice == "decide");
  }
  if (it->kind == "silent") {
    return resolve_silent(turn, number, it->key, answered.decision.choice == "drop");
  }
  const auto parked = turn.waiting.parked(it->op);
  if (!parked) throw std::runtime_error("the state has lost a parked op");
  resolve_parked(turn, *parked, answered);
}

}  // namespace bascule::conflict
