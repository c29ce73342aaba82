#include "conflict/authority/person/reinstate.hpp"

#include <algorithm>
#include <set>

#include "conflict/authority/decide/evaluate.hpp"
#include "conflict/authority/decide/strategy.hpp"
#include "conflict/authority/person/person.hpp"
#include "sdk/json.hpp"

namespace bascule::conflict {

namespace {

// What the person names of it; empty: all.
std::set<std::string, std::less<>> names_in(const Json& about) {
  std::set<std::string, std::less<>> names;
  const auto fields = about.find("fields");
  if (fields == about.end() || !fields->is_array()) return names;
  for (const auto& name : *fields) {
    if (name.is_string()) names.insert(name.get<std::string>());
  }
  return names;
}

// The fields that are put back; what lost besides stays.
void take_fields(const Options& options, const std::vector<Loss>& losses,
                 std::set<std::string, std::less<>> names, Wanted& wanted) {
  auto& op = wanted.op;
  const bool all = names.empty();
  for (const auto& loss : losses) {
    auto rest = lost_fields(options, wanted.entry.op, loss);
    for (auto field = rest.begin(); field != rest.end();) {
      const bool named = names.erase(field->first) > 0;
      if (!all && !named) {
        ++field;
        continue;
      }
      op.fields.insert(*field);
      field = rest.erase(field);
    }
    std::set<std::string, std::less<>> units;
    for (const auto& [name, value] : rest) units.emplace(options.unit_of(name));
    for (const auto& unit : units) {
      wanted.remaining.push_back({unit, loss.why, loss.to, loss.at_ms});
    }
  }
  if (!names.empty()) wanted.refused = "`" + *names.begin() + "` has not lost";
}

}  // namespace

Fields lost_fields(const Options& options, const Op& op, const Loss& loss) {
  Fields fields;
  for (const auto& [name, value] : op.fields) {
    if (loss.unit == "*" || options.unit_of(name) == loss.unit) fields.emplace(name, value);
  }
  return fields;
}

bool stands_again(const Options& options, const Op& op, const Fields& fields,
                  const Record& record) {
  if (op.kind == Kind::remove) return !record.live();
  if (!record.live()) return false;
  const auto now = parse_json(render(options, record));
  return std::all_of(fields.begin(), fields.end(), [&](const auto& field) {
    const auto found = now.find(field.first);
    if (found == now.end()) return field.second == "null";
    return canonical_text(*found) == field.second;
  });
}

Wanted find_wanted(const Options& options, const State& state, const Losses& losses,
                   std::string_view about) {
  Wanted wanted;
  const auto json = parse_json(about);
  const bool numbered =
      json.is_object() && json.contains("number") && json["number"].is_number_unsigned();
  const auto number = numbered ? json["number"].get<std::uint64_t>() : 0;
  const auto lost = losses.find(number);
  const auto entry = state.entry(number);
  if (lost.empty() || !entry) {
    wanted.refused = "nothing has lost under the number " + std::to_string(number) +
                     "; 'bascule conflict losers' lists what has";
    return wanted;
  }
  wanted.entry = *entry;
  auto& op = wanted.op;
  op.key = state.resolve_alias(entry->op.key);
  op.part = entry->op.part;
  const auto record = state.record(op.key).value_or(Record{});
  if (entry->op.kind == Kind::remove) {
    op.kind = Kind::remove;
    if (!record.live()) wanted.refused = "the record is deleted already";
    return wanted;
  }
  op.kind = record.deleted ? Kind::recreate : Kind::patch;
  take_fields(options, lost, names_in(json), wanted);
  if (wanted.refused.empty() && (op.fields.empty() || op.fields.contains(""))) {
    wanted.refused = "it was no edit of fields (" + lost.front().why + "); read it in the history";
  }
  if (wanted.refused.empty()) wanted.refused = objection(options, op, record);
  return wanted;
}

void reinstate(Turn& turn) {
  auto wanted = find_wanted(turn.options, turn.state, turn.losses, turn.input.payload());
  if (!wanted.refused.empty()) {
    turn.step.log(plugin::Level::warning, "what lost is not put back: " + wanted.refused);
    return turn.outbox.explain({{"verdict", "REFUSED"}, {"reason", wanted.refused}});
  }
  const auto record = turn.state.record(wanted.op.key).value_or(Record{});
  auto op = op_of_person(turn, wanted.op.key, record);
  op.part = std::move(wanted.op.part);
  op.kind = wanted.op.kind;
  op.fields = std::move(wanted.op.fields);
  turn.losses.put(wanted.entry.number, wanted.remaining);
  wanted.entry.by = op.id;
  turn.state.put(wanted.entry);
  apply_as_person(turn, op);
  evaluate_released(turn);
}

}  // namespace bascule::conflict
