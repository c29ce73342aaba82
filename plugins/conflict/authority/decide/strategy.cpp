#include "conflict/authority/decide/strategy.hpp"

#include <algorithm>
#include <utility>

#include "conflict/authority/decide/conclude.hpp"
#include "conflict/authority/decide/insert.hpp"
#include "conflict/authority/decide/lost.hpp"
#include "conflict/authority/decide/questions.hpp"
#include "conflict/merge/life.hpp"
#include "conflict/merge/merge.hpp"

namespace bascule::conflict {

namespace {

// The outcome of the version check.
struct Check {
  enum class Is { next, merge, reject, hold, ask } is = Is::next;
  std::string reason;
};

// Who names no version expects none; the hub's guess of what such an author had seen is no claim.
bool expects_nothing(const Op& op) {
  return op.blind() || (op.central && op.quality == BaseQuality::inferred);
}

// What the author expects is its base, with its own ops since. Whether these made a version does
// not matter: others' versions among them do.
Check check_version(const Turn& turn, const Op& op, const Record& record,
                    const Knowledge& knowledge) {
  using Is = Check::Is;
  if (expects_nothing(op)) return {};
  if (op.foreign() && !record.exists()) return {Is::ask, "resurrection"};
  if (op.base > record.version) return {Is::ask, "future_version"};
  if (knowledge.chained()) {
    if (!knowledge.misses_a_version()) return {};
  } else if (op.expects_none() && record.deleted) {
    const bool anew = op.kind == Kind::recreate || record.forgotten >= 0;
    return anew ? Check{} : Check{Is::reject, "deleted"};
  } else if (op.expects_none() && record.exists()) {
    return {Is::reject, "exists"};
  } else if (op.base == record.version && !op.foreign()) {
    return {};
  }
  switch (turn.options.on_stale) {
    case OnStale::merge:
      return {Is::merge, ""};
    case OnStale::hold:
      return {Is::hold, "stale"};
    case OnStale::reject:
      break;
  }
  return {Is::reject, "stale"};
}

// What all strategies refuse: a base that no version has. Empty: nothing.
std::string impossible_base(const Op& op, const Record& record) {
  if (op.foreign() && !record.exists()) return "resurrection";
  if (op.blind() || op.base <= record.version) return {};
  return record.exists() ? "future_version" : "resurrection";
}

bool must_wait(const Turn& turn, const std::vector<Pair>& pairs) {
  return turn.options.on_ambiguous != OnAmbiguous::accept &&
         std::any_of(pairs.begin(), pairs.end(), [](const Pair& pair) { return pair.ambiguous; });
}

// The verdict on fields that were merged.
void judge(const Turn& turn, const Knowledge& knowledge, const Merged& merged, bool hidden,
           Entry& entry) {
  entry.lost = merged.lost;
  const bool merges = turn.options.strategy != Strategy::last_writer_wins;
  if (!hidden && (merged.stands || merged.changed || entry.changes.empty())) {
    const bool mixed = merges && (!knowledge.unseen().empty() || !merged.lost.empty());
    entry.verdict = mixed ? Verdict::merge : Verdict::apply;
  } else if (!hidden && !merged.asked.empty()) {
    entry.verdict = Verdict::ask;
    entry.reason = "field";
  } else {
    entry.verdict = Verdict::superseded;
  }
}

Author author_of(const Op& op, const Knowledge& knowledge, const Record& record) {
  return {SharedText(op.id), knowledge.stamp(), record.version + 1,
          op.u_ms,           op.blind(),        op.central};
}

std::vector<std::string> units_of(const Entry& entry) {
  std::vector<std::string> units;
  for (const auto& change : entry.changes) units.push_back(change.unit);
  return units;
}

// Brings the op into the record, or not, and says so.
void carry_out(Turn& turn, const Op& op, const Knowledge& knowledge, Record& record, Entry entry) {
  if (op.kind != Kind::remove) entry.changes = changes_of(turn.options, knowledge, op);
  const auto pairs = pairs_of(turn.options, knowledge, op, entry.changes);
  // What its author saw deleted is rejected, whatever the clocks say.
  const bool refused = knowledge.deleted() && op.kind != Kind::recreate && !knowledge.forgot();
  if (!refused && must_wait(turn, pairs)) {
    const bool hold = turn.options.on_ambiguous == OnAmbiguous::hold;
    return park(turn, op, hold ? Verdict::hold : Verdict::ask, "ambiguous");
  }
  const auto asked = open_questions(record);
  const auto rivals = rivals_of(knowledge, op, entry.changes, record);
  auto fate = decide_life(turn.options, knowledge, op, record);
  entry.life = fate.life.value_or(knowledge.life());
  entry.stamp = knowledge.stamp();
  if (entry.reason.empty()) entry.reason = fate.reason;
  Merged merged;
  switch (fate.is) {
    case Fate::Is::rejected:
      entry.verdict = Verdict::reject;
      entry.changes.clear();
      return conclude(turn, record, std::move(entry));
    case Fate::Is::superseded:
      entry.verdict = Verdict::superseded;
      break;
    case Fate::Is::removed:
      entry.verdict = Verdict::apply;
      break;
    case Fate::Is::hidden:
    case Fate::Is::proceed:
      merged =
          merge(turn.options, knowledge, author_of(op, knowledge, record), entry.changes, record);
      if (const auto invalid = violation_in(turn.options, record, units_of(entry)); invalid.any()) {
        return park(turn, op, Verdict::ask, "invalid", invalid);
      }
      judge(turn, knowledge, merged, fate.is == Fate::Is::hidden, entry);
      // That the record lives again is a version, whatever becomes of the fields.
      if (fate.revived && entry.verdict != Verdict::apply) {
        entry.verdict = Verdict::merge;
        entry.reason = fate.reason;
      }
  }
  close_questions(turn, asked, record, op.id);
  for (const auto& pair : pairs) entry.ambiguous |= pair.ambiguous;
  const bool whole = fate.revived || fate.is == Fate::Is::removed;
  if (pairs.empty() && rivals.empty()) {
    conclude(turn, record, std::move(entry), whole);
  } else {
    conclude(turn, record, entry, whole);
    note_replaced(turn, rivals, entry, record);
    for (const auto& pair : pairs) turn.outbox.conflict(entry, pair, record);
  }
  ask_about_fields(turn, record, op, merged.asked);
}

// Finds the record that an op on an unknown key is of: a new one, or another (R37). True if it is
// another; the op and the record are those then.
bool find_record(Turn& turn, Op& op, Record& record, Entry& entry) {
  if (record.exists() || !(op.blind() || op.expects_none())) return false;
  if (op.kind == Kind::remove) return false;
  const auto match = match_insert(turn, op);
  if (match.is == Match::Is::part_of) {
    const auto key = std::exchange(op.key, match.record);
    op.base = -1;
    op.quality = BaseQuality::given;
    record = turn.state.record(op.key).value_or(Record{});
    const auto standing =
        gives_a_field(turn.options, op, record) ? Standing::merged : Standing::retired;
    entry.reason = word(standing);
    turn.state.put_alias(key, match.record, standing);
    turn.outbox.pending(key, standing, match.record);
    return true;
  }
  record.standing = match.standing;
  if (match.standing == Standing::unknown) ask_about_insert(turn, op, record, match.near);
  return false;
}

Check check(const Turn& turn, const Op& op, const Record& record, const Knowledge& knowledge) {
  if (turn.options.strategy == Strategy::expected_version) {
    return check_version(turn, op, record, knowledge);
  }
  const auto impossible = impossible_base(op, record);
  return {impossible.empty() ? Check::Is::merge : Check::Is::ask, impossible};
}

// Its site has the record from another hub: it is told of this one's. What such an author added to
// a sum nobody can say. False: a person is asked.
bool take_foreign(Turn& turn, const Op& op, const Record& record) {
  if (!op.foreign() || !record.exists()) return true;
  tell_again(turn, op.key, record);
  const bool adds = std::any_of(op.fields.begin(), op.fields.end(), [&](const auto& field) {
    return turn.options.rule_of(turn.options.unit_of(field.first)) == Rule::sum;
  });
  if (adds) park(turn, op, Verdict::ask, "foreign");
  return !adds;
}

}  // namespace

void apply_policy(Turn& turn, Op op) {
  auto record = turn.state.record(op.key).value_or(Record{});
  if (!take_foreign(turn, op, record)) return;
  const auto invalid = violation_of(turn.options, op, record);
  const bool makes = !record.exists() && (op.blind() || op.expects_none());
  if (makes && invalid.any()) return reject(turn, op, "invalid", invalid);
  Entry entry;
  const bool joined = find_record(turn, op, record, entry);
  Knowledge knowledge(turn.options, turn.state, turn.waiting, record, op);
  const auto checked = joined ? Check{Check::Is::merge, ""} : check(turn, op, record, knowledge);
  if (checked.is == Check::Is::ask) return park(turn, op, Verdict::ask, checked.reason);
  if (checked.is == Check::Is::hold) return park(turn, op, Verdict::hold, checked.reason);
  entry.op = op;
  if (joined) knowledge.join_life();
  if (checked.is == Check::Is::reject) {
    entry.verdict = Verdict::reject;
    entry.reason = checked.reason;
    entry.stamp = knowledge.stamp();
    return conclude(turn, record, std::move(entry));
  }
  if (checked.is == Check::Is::next) knowledge.let_through();
  if (!knowledge.known()) return park(turn, op, Verdict::ask, "trimmed");
  if (invalid.any()) return reject(turn, op, "invalid", invalid);
  carry_out(turn, op, knowledge, record, std::move(entry));
}

void apply_as_person(Turn& turn, const Op& op) {
  auto record = turn.state.record(op.key).value_or(Record{});
  Knowledge knowledge(turn.options, turn.state, turn.waiting, record, op);
  knowledge.see_everything();
  Entry entry;
  entry.op = op;
  carry_out(turn, op, knowledge, record, std::move(entry));
}

}  // namespace bascule::conflict
