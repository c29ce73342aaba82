#include "conflict/authority/decide/conclude.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "conflict/authority/decide/insert.hpp"
#include "conflict/authority/decide/lost.hpp"
#include "conflict/authority/decide/questions.hpp"

namespace bascule::conflict {

namespace {

std::vector<std::string> parts_changed(const Options& options, const Record& record,
                                       const Entry& entry, bool whole) {
  if (!options.parts()) return {""};
  std::set<std::string> parts;
  if (whole) {
    for (const auto& [part, version] : record.part_versions) parts.insert(part);
    // Of a part that was written while the record was deleted nobody has heard.
    for (auto& part : parts_of(options, record)) parts.insert(std::move(part));
  }
  for (const auto& change : entry.changes) {
    const auto group = options.groups.find(change.unit);
    const auto& field = group == options.groups.end() ? change.unit : group->second.front();
    parts.insert(field.substr(0, field.find('/')));
  }
  return {parts.begin(), parts.end()};
}

void new_version(Turn& turn, Record& record, Entry& entry, bool whole) {
  if (record.made_by != 0) entry.undo = undo_of(turn.options, record);
  ++record.version;
  record.newest = std::max({record.newest, record.newest_lost, entry.stamp});
  record.newest_lost = {};
  const auto parts = parts_changed(turn.options, record, entry, whole);
  for (const auto& part : parts) {
    if (!part.empty()) record.part_versions[part] = record.version;
  }
  record.made_by = entry.number;
  record.stored = {record.made_by, record.life, record.deleted, record.newest, {}};
  turn.outbox.record(entry.op.key, record, entry.op.id, parts);
}

void release_waiting(Turn& turn, const std::string& op) {
  for (const auto& waiting : turn.waiting.take_waiting(op)) {
    const auto parked = turn.waiting.parked(waiting);
    if (parked) turn.released.push_back(unpark(turn, *parked, "its prev was decided"));
  }
}

}  // namespace

void tell_again(Turn& turn, const std::string& key, const Record& record) {
  const auto maker = turn.state.entry(record.made_by);
  std::vector<std::string> parts{""};
  if (turn.options.parts()) {
    parts.clear();
    for (const auto& [part, version] : record.part_versions) parts.push_back(part);
  }
  turn.outbox.record(key, record, maker ? maker->op.id : "", parts);
}

void reject(Turn& turn, const Op& op, const std::string& reason, const Violation& violation) {
  auto record = turn.state.record(op.key).value_or(Record{});
  Entry entry;
  entry.op = op;
  entry.verdict = Verdict::reject;
  entry.reason = reason;
  entry.violation = violation;
  entry.stamp = op.hlc;
  conclude(turn, record, std::move(entry));
}

void conclude(Turn& turn, Record& record, Entry entry, bool whole) {
  const bool decided = entry.verdict == Verdict::apply || entry.verdict == Verdict::merge;
  // Who has seen the person's op has seen the one that it accepts.
  const bool accepted = entry.verdict == Verdict::superseded && entry.reason == "resolved";
  const auto person = accepted ? turn.state.place(entry.by) : std::nullopt;
  entry.from = person ? person->from : record.version + 1;
  entry.before = record.last;
  entry.number = turn.state.next_number();
  if (!decided && !whole && !record.deleted && !record.stored.fields.empty()) {
    throw std::logic_error("a record changes without a new version");
  }
  if (decided || whole) {
    new_version(turn, record, entry, whole);
    // Nobody is told that it stands before a person has said which record it is.
    if (record.standing == Standing::unknown) {
      entry.verdict = Verdict::ask;
      entry.reason = "unknown";
    }
  }
  entry.version = record.version;
  entry.made_by = record.made_by;
  // What is rejected is no part of the record: nobody's edit can meet it.
  if (entry.verdict != Verdict::reject) {
    if (!decided && !whole && !accepted)
      record.newest_lost = std::max(record.newest_lost, entry.stamp);
    record.last = entry.number;
    record.last_from = std::max(record.last_from, entry.from);
    if (!record.deleted) record.forgotten_by = 0;
    index_record(turn, entry.op.key, record);
    turn.state.put(entry.op.key, record);
  }
  turn.state.put(entry);
  turn.state.put(entry.op.id, Place{Place::At::decided, entry.op.key, entry.from, entry.number,
                                    entry.op.digest});
  note_lost(turn, record, entry);
  turn.outbox.verdict(turn.state, record, entry);
  turn.outbox.history(entry, record);
  release_waiting(turn, entry.op.id);
}

}  // namespace bascule::conflict
