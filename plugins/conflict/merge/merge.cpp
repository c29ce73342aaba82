#include "conflict/merge/merge.hpp"

#include <algorithm>

#include "conflict/merge/rules.hpp"
#include "sdk/json.hpp"

namespace bascule::conflict {

namespace {

bool earlier(const Author& a, const Author& b) {
  return a.stamp == b.stamp ? a.op < b.op : a.stamp < b.stamp;
}

// A group is written whole: what the op does not name is as its author saw it.
std::string whole_group(const Options& options, const Knowledge& knowledge, const Op& op,
                        const std::string& group) {
  const auto& members = options.groups.find(group)->second;
  const bool all = std::all_of(members.begin(), members.end(),
                               [&](const auto& name) { return op.fields.contains(name); });
  auto value = all ? Json::object() : parse_json(knowledge.group_value(group));
  if (!value.is_object()) value = Json::object();
  for (const auto& member : members) {
    const auto field = op.fields.find(member);
    if (field == op.fields.end()) continue;
    if (field->second == "null") {
      value.erase(member);
    } else {
      value[member] = parse_json(field->second);
    }
  }
  return value.dump();
}

void add(Record& record, Unit& unit, std::int64_t delta) {
  const auto now = parse_json(unit.value);
  const auto sum =
      static_cast<std::uint64_t>(now.is_number_integer() ? now.get<std::int64_t>() : 0);
  const auto total = static_cast<std::int64_t>(sum + static_cast<std::uint64_t>(delta));
  record.set(unit, SharedText(std::to_string(total)));
}

// True if the value is among the heads afterwards: nobody who has seen it has replaced it.
bool insert_head(const Knowledge& knowledge, std::size_t author, const std::string& value,
                 Record& record, Unit& unit) {
  if (knowledge.replaced(unit.name)) return false;
  auto& heads = record.heads(unit);
  const auto by = [&](const Head& head) -> const Author& { return record.authors.at(head.author); };
  std::erase_if(heads, [&](const Head& head) { return knowledge.saw(by(head)); });
  const auto& writer = record.authors.at(author);
  const bool replaced = std::any_of(heads.begin(), heads.end(), [&](const Head& head) {
    return by(head).blind && writer.stamp < by(head).stamp;
  });
  if (replaced) return false;
  const auto at = std::find_if(heads.begin(), heads.end(),
                               [&](const Head& head) { return earlier(writer, by(head)); });
  heads.insert(at, {author, SharedText(value)});
  return true;
}

void merge_unit(const Options& options, const Knowledge& knowledge, std::size_t author,
                const Change& change, Record& record, Merged& merged) {
  auto& unit = record.at(change.unit);
  const auto rule = options.rule_of(unit.name);
  const auto before = unit.value;
  bool stands = true;
  if (rule == Rule::sum) {
    add(record, unit, change.delta);
  } else if (!insert_head(knowledge, author, change.value, record, unit)) {
    stands = false;
  } else {
    auto winner = settle(rule, record, unit);
    auto& heads = record.heads(unit);
    if (rule == Rule::ask && heads.size() > 1) {
      stands = false;
      merged.asked.push_back(unit.name);
    } else if (winner.head >= 0) {
      stands = heads[static_cast<std::size_t>(winner.head)].author == author;
    }
    record.set(unit, std::move(winner.value));
    // Of the newest alone the greatest stamp can ever stand again.
    if (rule == Rule::newest) heads.erase(heads.begin(), heads.end() - 1);
  }
  merged.changed |= unit.value != before;
  merged.stands |= stands;
  if (!stands) merged.lost.push_back(unit.name);
}

}  // namespace

std::string unfit(const Options& options, const Op& op) {
  for (const auto& [name, value] : op.fields) {
    const auto unit = options.unit_of(name);
    if (options.groups.contains(unit)) {
      // No field of this name could be told from the group.
      if (!options.group_of.contains(name)) return "names_a_group";
      continue;
    }
    auto wrong = misfit(options.rule_of(unit), value);
    if (!wrong.empty()) return wrong;
  }
  return {};
}

std::vector<Change> changes_of(const Options& options, const Knowledge& knowledge, const Op& op) {
  std::vector<Change> changes;
  for (const auto& [name, value] : op.fields) {
    const std::string unit(options.unit_of(name));
    if (options.groups.contains(unit)) {
      const bool done = std::any_of(changes.begin(), changes.end(),
                                    [&](const Change& change) { return change.unit == unit; });
      if (!done) changes.push_back({unit, whole_group(options, knowledge, op, unit), 0});
      continue;
    }
    Change change{unit, value, 0};
    if (options.rule_of(unit) == Rule::sum) {
      // What was made on top of it, and counts already, has added its part, too.
      if (!knowledge.replaced(unit)) {
        change.delta = parse_json(value).get<std::int64_t>() - knowledge.sum_value(unit);
      }
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

std::vector<Pair> pairs_of(const Options& options, const Knowledge& knowledge, const Op& op,
                           const std::vector<Change>& changes) {
  std::vector<Pair> pairs;
  if (options.detect == Detect::none) return pairs;
  for (const auto& entry : knowledge.met()) {
    Pair pair{&entry, {}, false};
    bool timed = false;
    const bool removes = op.kind == Kind::remove;
    const bool removed = entry.op.kind == Kind::remove;
    if (removes && removed) continue;
    for (const auto& change : changes) {
      for (const auto& other : entry.changes) {
        if (change.unit != other.unit) continue;
        pair.units.push_back(change.unit);
        timed |= by_time(options.rule_of(change.unit));
      }
    }
    if (removes != removed) pair.units = {"*"};
    if (removes != removed) timed = options.deletes == Deletes::author_time;
    if (pair.units.empty() && options.detect == Detect::record) pair.units = {"*"};
    if (pair.units.empty()) continue;
    const auto apart = op.hlc.ms - entry.op.hlc.ms;
    pair.ambiguous = timed && options.order == Order::author &&
                     (apart < 0 ? -apart : apart) <= op.u_ms + entry.op.u_ms;
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

Merged merge(const Options& options, const Knowledge& knowledge, Author by,
             const std::vector<Change>& changes, Record& record) {
  const auto author = record.authors.add(std::move(by));
  Merged merged;
  for (const auto& change : changes) {
    merge_unit(options, knowledge, author, change, record, merged);
  }
  return merged;
}

}  // namespace bascule::conflict
