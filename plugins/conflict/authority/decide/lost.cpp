#include "conflict/authority/decide/lost.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "conflict/options/options.hpp"

namespace bascule::conflict {

namespace {

// The head whose value stands; null: that is of none of them, or of several.
const Head* standing(const Record& record, const Unit& unit) {
  const auto& heads = record.heads(unit);
  const auto found = std::find_if(heads.rbegin(), heads.rend(),
                                  [&](const Head& head) { return head.value == unit.value; });
  return found == heads.rend() ? nullptr : &*found;
}

std::string standing_op(const Record& record, const std::string& name) {
  const auto* unit = record.find(name);
  const auto* head = unit != nullptr ? standing(record, *unit) : nullptr;
  return head != nullptr ? std::string(record.authors.at(head->author).op) : std::string();
}

std::string maker_of(const Turn& turn, const Record& record) {
  const auto maker = turn.state.entry(record.made_by);
  return maker ? maker->op.id : std::string();
}

bool contains(const std::vector<std::string>& units, const std::string& unit) {
  return std::find(units.begin(), units.end(), unit) != units.end();
}

// What several have written is in the value that stands.
bool gathers(Rule rule) { return rule == Rule::sum || rule == Rule::unite; }

void note_units(Turn& turn, const Record& record, const Entry& entry) {
  for (const auto& unit : entry.lost) {
    const auto rule = turn.options.rule_of(unit);
    if (rule == Rule::ask) continue;  // a person is asked
    const auto why = entry.reason.empty() ? std::string(word(rule)) : entry.reason;
    turn.losses.add(entry.number, {unit, why, standing_op(record, unit), turn.now_ms});
  }
}

}  // namespace

void note_lost(Turn& turn, const Record& record, const Entry& entry) {
  switch (entry.verdict) {
    case Verdict::reject:
      return turn.losses.add(entry.number, {"*", entry.reason, entry.by, turn.now_ms});
    case Verdict::superseded:
      // What a person has accepted stands, by another name.
      if (entry.reason == "resolved") return;
      if (entry.reason.empty()) return note_units(turn, record, entry);
      return turn.losses.add(entry.number,
                             {"*", entry.reason, maker_of(turn, record), turn.now_ms});
    case Verdict::apply:
    case Verdict::merge:
      return note_units(turn, record, entry);
    case Verdict::hold:
    case Verdict::ask:
      break;  // a person is asked
  }
}

std::vector<Rival> rivals_of(const Knowledge& knowledge, const Op& op,
                             const std::vector<Change>& changes, const Record& record) {
  std::vector<Rival> rivals;
  const auto& met = knowledge.met();
  if (met.empty()) return rivals;
  const auto look = [&](const Unit& unit) {
    const auto* head = standing(record, unit);
    if (head == nullptr) return;
    const auto& author = record.authors.at(head->author);
    const auto entry = std::find_if(met.begin(), met.end(),
                                    [&](const Entry& one) { return author.op == one.op.id; });
    if (entry == met.end() || entry->number == 0) return;
    rivals.push_back({unit.name, entry->number, std::string(head->value)});
  };
  if (op.kind == Kind::remove) {
    for (const auto& unit : record.units) look(unit);
  } else {
    for (const auto& change : changes) {
      if (const auto* unit = record.find(change.unit)) look(*unit);
    }
  }
  return rivals;
}

void note_replaced(Turn& turn, const std::vector<Rival>& rivals, const Entry& entry,
                   const Record& record) {
  if (entry.verdict != Verdict::apply && entry.verdict != Verdict::merge) return;
  for (const auto& [unit, number, value] : rivals) {
    const auto rule = turn.options.rule_of(unit);
    const auto* now = record.find(unit);
    const bool stands = !record.deleted && now != nullptr && now->value == std::string_view(value);
    if (stands || (!record.deleted && (gathers(rule) || contains(entry.lost, unit)))) continue;
    const std::string why(record.deleted ? "deleted" : word(rule));
    turn.losses.add(number, {unit, why, entry.op.id, turn.now_ms});
  }
}

void note_decided(Turn& turn, const Record& before, const std::string& name, const Op& decision) {
  const auto* unit = before.find(name);
  const auto after = turn.state.record(decision.key);
  const auto* now = after ? after->find(name) : nullptr;
  if (unit == nullptr || now == nullptr) return;
  for (const auto& head : before.heads(*unit)) {
    const auto& author = before.authors.at(head.author);
    const auto place = turn.state.place(author.op);
    if (!place || place->number == 0 || head.value == now->value) continue;
    turn.losses.add(place->number, {name, "case", decision.id, turn.now_ms});
  }
}

}  // namespace bascule::conflict
