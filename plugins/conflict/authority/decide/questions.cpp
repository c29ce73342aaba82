#include "conflict/authority/decide/questions.hpp"

#include <algorithm>
#include <optional>

#include "conflict/authority/decide/insert.hpp"
#include "sdk/json.hpp"

namespace bascule::conflict {

namespace {

Json as_seen(const Turn& turn, const Op& op) {
  const auto record = turn.state.record(op.key);
  if (op.blind() || op.base < 0 || !record) return nullptr;
  const auto later = turn.state.entries_after(*record, op.base).entries;
  const auto last_seen = later.empty() ? std::nullopt : turn.state.entry(later.front().before);
  const auto base = turn.state.version_by(turn.options, *record,
                                          last_seen ? last_seen->made_by : record->made_by);
  return base ? parse_json(base->json()) : Json();
}

Json as_it_stands(const Turn& turn, const Record& record) {
  return record.live() ? parse_json(render(turn.options, record)) : Json();
}

std::int64_t open(Turn& turn, const Case& it, const Json& data) {
  const auto number = turn.step.open_case(it.kind, it.key, data.dump());
  turn.cases.put(number, it);
  return number;
}

void close(Turn& turn, std::int64_t number, const std::string& outcome) {
  turn.step.close_case(number, Json{{"outcome", outcome}}.dump());
  turn.cases.erase(number);
}

Json about_unit(const Turn& turn, const Record& record, const Unit& unit, const Op& op) {
  auto values = Json::array();
  for (const auto& head : record.heads(unit)) {
    const auto& author = record.authors.at(head.author);
    values.push_back({{"op", std::string(author.op)},
                      {"value", parse_json(head.value)},
                      {"time_ms", author.stamp.ms},
                      {"u_ms", author.u_ms},
                      {"origin", author.origin()}});
  }
  const auto base = as_seen(turn, op);
  auto base_value = Json();
  const auto group = turn.options.groups.find(unit.name);
  if (group != turn.options.groups.end()) {
    for (const auto& member : group->second) {
      if (base.contains(member)) base_value[member] = base[member];
    }
  } else if (base.contains(unit.name)) {
    base_value = base[unit.name];
  }
  return {{"record", op.key},          {"version", record.version},        {"unit", unit.name},
          {"base", base_value},        {"stands", parse_json(unit.value)}, {"values", values},
          {"choices", {"take", "set"}}};
}

Json about_parked(const Turn& turn, const Parked& parked) {
  const auto& op = parked.op;
  const auto record = turn.state.record(op.key).value_or(Record{});
  Json data{{"record", op.key},
            {"version", record.version},
            {"incoming", parse_json(describe(op))},
            {"base", as_seen(turn, op)},
            {"stands", as_it_stands(turn, record)},
            {"choices", {"accept", "discard"}}};
  if (parked.violation.any()) {
    data["field"] = parked.violation.field;
    data["rule"] = parked.violation.rule;
  }
  return data;
}

Json about_insert(const Turn& turn, const Op& op, const std::vector<std::string>& near) {
  auto candidates = Json::array();
  for (const auto& key : near) {
    const auto candidate = turn.state.record(key);
    if (candidate) {
      candidates.push_back({{"record", key}, {"stands", as_it_stands(turn, *candidate)}});
    }
  }
  return {{"record", op.key},
          {"incoming", parse_json(describe(op))},
          {"candidates", candidates},
          {"choices", {"create", "merge", "discard"}}};
}

}  // namespace

void park(Turn& turn, const Op& op, Verdict verdict, const std::string& reason,
          const Violation& violation) {
  Parked parked{op, verdict, reason, 0, violation};
  parked.case_number = open(turn, {reason, op.key, op.id, ""}, about_parked(turn, parked));
  turn.waiting.put(parked);
  turn.state.put(op.id, Place{Place::At::parked, op.key, 0, 0, op.digest, op.prev});
  turn.outbox.verdict(parked);
}

void plan_clock(Turn& turn) { turn.step.wake_at("clock", turn.waiting.next_due().value_or(0)); }

Op unpark(Turn& turn, const Parked& parked, const std::string& outcome) {
  turn.waiting.erase(parked);
  if (parked.reason == "clock") {
    turn.waiting.wait_no_longer(parked.op.hlc.ms - turn.options.clock_guard_ms, parked.op.id);
    plan_clock(turn);
  }
  close(turn, parked.case_number, outcome);
  return parked.op;
}

void ask_about_fields(Turn& turn, Record& record, const Op& op,
                      const std::vector<std::string>& units) {
  bool changed = false;
  for (auto& unit : record.units) {
    const bool asked = std::find(units.begin(), units.end(), unit.name) != units.end();
    if (unit.case_number >= 0 && (asked || record.heads(unit).size() < 2)) {
      close(turn, unit.case_number, asked ? "asked again with another value" : op.id);
      record.ask(unit, -1);
      changed = true;
    }
    if (!asked) continue;
    record.ask(unit,
               open(turn, {"field", op.key, op.id, unit.name}, about_unit(turn, record, unit, op)));
    changed = true;
  }
  if (changed) turn.state.put(op.key, record);
}

std::vector<std::int64_t> open_questions(const Record& record) {
  std::vector<std::int64_t> numbers;
  for (const auto& unit : record.units) {
    if (unit.case_number >= 0) numbers.push_back(unit.case_number);
  }
  return numbers;
}

void close_questions(Turn& turn, const std::vector<std::int64_t>& numbers, const Record& record,
                     const std::string& outcome) {
  const auto open = open_questions(record);
  for (const auto number : numbers) {
    if (std::find(open.begin(), open.end(), number) == open.end()) close(turn, number, outcome);
  }
}

void ask_about_insert(Turn& turn, const Op& op, Record& record,
                      const std::vector<std::string>& near) {
  record.case_number = open(turn, {"unknown", op.key, op.id, ""}, about_insert(turn, op, near));
}

void ask_again(Turn& turn, std::int64_t number, const Case& it, const std::string& why) {
  close(turn, number, "asked again: " + why);
  if (auto parked = turn.waiting.parked(it.op); parked && it.unit.empty()) {
    auto data = about_parked(turn, *parked);
    data["refused"] = why;
    parked->case_number = open(turn, it, data);
    return turn.waiting.put(*parked);
  }
  const auto place = turn.state.place(it.op);
  const auto entry = place ? turn.state.entry(place->number) : std::nullopt;
  auto record = turn.state.record(it.key);
  if (!entry || !record) throw std::runtime_error("the state has lost what a case is about");
  if (auto* unit = it.unit.empty() ? nullptr : record->find(it.unit)) {
    auto data = about_unit(turn, *record, *unit, entry->op);
    data["refused"] = why;
    record->ask(*unit, open(turn, it, data));
  } else {
    auto data = about_insert(turn, entry->op, match_insert(turn, entry->op).near);
    data["refused"] = why;
    record->case_number = open(turn, it, data);
  }
  turn.state.put(it.key, *record);
}

}  // namespace bascule::conflict
