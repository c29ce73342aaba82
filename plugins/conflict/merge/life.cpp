#include "conflict/merge/life.hpp"

#include <algorithm>

namespace bascule::conflict {

namespace {

using Is = Fate::Is;

void begin_life(Record& record, std::uint64_t life) {
  record.life = life;
  record.deleted = false;
  record.newest_update = {};
  record.newest_delete = {};
  record.clear();
}

// On top of this op its author has deleted the record, or else written to it, and that is decided.
bool followed_by(const Knowledge& knowledge, const Record& record, bool delete_of_it) {
  return std::any_of(knowledge.later().begin(), knowledge.later().end(), [&](const Entry& entry) {
    const bool counts = entry.reason != "updated" && entry.reason != "resolved";
    return counts && entry.life == record.life && (entry.op.kind == Kind::remove) == delete_of_it;
  });
}

// An update, or a recreate of what somebody else has recreated.
Fate update(const Options& options, const Knowledge& knowledge, Record& record) {
  const auto& stamp = knowledge.stamp();
  record.newest_update = std::max(record.newest_update, stamp);
  if (!record.deleted) return {};
  if (options.deletes == Deletes::delete_wins) return {Is::superseded, "deleted", false, {}};
  // Its values are there if somebody else's update makes the record live again.
  const bool later = options.deletes == Deletes::author_time && stamp < record.newest_delete;
  if (later || followed_by(knowledge, record, true)) return {Is::hidden, "deleted", false, {}};
  record.deleted = false;
  return {Is::proceed, "", true, {}};
}

bool update_unseen(const Knowledge& knowledge, const Op& op, const Record& record) {
  if (op.blind()) return knowledge.stamp() < record.newest_update;
  return std::any_of(knowledge.unseen().begin(), knowledge.unseen().end(), [&](const Entry& entry) {
    return entry.op.kind != Kind::remove && entry.life == record.life;
  });
}

Fate remove(const Options& options, const Knowledge& knowledge, const Op& op, Record& record) {
  if (knowledge.deleted()) return {Is::rejected, "deleted", false, {}};
  if (!record.exists()) return {Is::rejected, "absent", false, {}};
  if (knowledge.life() < record.life) return {Is::superseded, "deleted", false, {}};
  if (followed_by(knowledge, record, false)) return {Is::superseded, "updated", false, {}};
  const auto& stamp = knowledge.stamp();
  const bool was_deleted = record.deleted;
  record.newest_delete = std::max(record.newest_delete, stamp);
  bool stands = true;
  if (options.deletes == Deletes::author_time) stands = record.newest_update < stamp;
  if (options.deletes == Deletes::update_wins) stands = !update_unseen(knowledge, op, record);
  if (!stands) return {Is::superseded, "updated", false, {}};
  if (was_deleted) return {Is::superseded, "deleted", false, {}};
  record.deleted = true;
  if (options.deletes == Deletes::delete_wins) record.clear();
  return {Is::removed, "", false, {}};
}

Fate recreate(const Options& options, const Knowledge& knowledge, Record& record) {
  if (!record.exists()) return {};
  // Who has not seen the record at all, and asks for it anew, means the deleted one.
  const bool anew = knowledge.deleted() || (knowledge.absent() && record.deleted);
  if (!anew) return {Is::rejected, "exists", false, {}};
  const auto life = (knowledge.deleted() ? knowledge.life() : record.life) + 1;
  if (life < record.life) return {Is::superseded, "deleted", false, life};
  // One that another has begun is not begun again.
  const bool begins = life > record.life;
  if (begins) begin_life(record, life);
  auto fate = update(options, knowledge, record);
  fate.revived = fate.revived || begins;
  fate.life = life;
  return fate;
}

}  // namespace

Fate decide_life(const Options& options, const Knowledge& knowledge, const Op& op, Record& record) {
  if (op.kind == Kind::remove) return remove(options, knowledge, op, record);
  const bool anew = knowledge.deleted() && knowledge.forgot();
  if (op.kind == Kind::recreate || anew) return recreate(options, knowledge, record);
  if (knowledge.deleted()) return {Is::rejected, "deleted", false, {}};
  if (knowledge.life() < record.life) return {Is::superseded, "deleted", false, {}};
  return update(options, knowledge, record);
}

}  // namespace bascule::conflict
