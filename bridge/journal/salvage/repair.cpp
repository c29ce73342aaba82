#include "journal/salvage/repair.hpp"

#include <algorithm>
#include <set>

#include "clock.hpp"
#include "journal/store/table/message/lane_table.hpp"
#include "journal/store/table/message/loss_ledger.hpp"
#include "journal/store/table/meta_table.hpp"

namespace bascule {
namespace {

constexpr const char* counted_anew = R"sql(
INSERT INTO quarantine_size SELECT count(*),
  coalesce(sum(128 + length(topic) + length(properties) + length(payload)), 0) FROM quarantine;
INSERT OR IGNORE INTO held_topic
  SELECT id >> 48, topic, 'it was refused before the journal was damaged', 0, 0, 0
  FROM held GROUP BY id >> 48, topic;
UPDATE held_topic SET
  messages=(SELECT count(*) FROM held WHERE topic=held_topic.topic AND id>>48=held_topic.lane),
  bytes=(SELECT coalesce(sum(length(record)), 0) FROM held
         WHERE topic=held_topic.topic AND id>>48=held_topic.lane);
DELETE FROM held_topic WHERE messages=0;
INSERT OR IGNORE INTO segment SELECT DISTINCT segment FROM batch WHERE segment IS NOT NULL;
DELETE FROM segment WHERE id NOT IN (SELECT segment FROM batch WHERE segment IS NOT NULL);
)sql";

class Repair {
 public:
  Repair(Database& database, const Damage& damage, bool turned)
      : database_(database), damage_(damage), turned_(turned) {}

  Repairs run() {
    database_.execute(counted_anew);
    for (const LaneState& lane : LaneTable(database_).load()) known_.insert(lane.id);
    LaneId last = known_.empty() ? LaneId{0} : *known_.rbegin();
    for (const auto& [lane, name] : damage_.names) last = std::max(last, lane);
    for (const LaneId lane : lanes_with_messages()) last = std::max(last, lane);
    for (LaneId lane = 1; lane <= last; ++lane) {
      if (!known_.contains(lane)) make(lane);
      extend(lane);
    }
    account_for_missing();
    repairs_.last = last;
    repairs_.more = !damage_.lost_batches.empty();
    return std::move(repairs_);
  }

 private:
  struct Stored {
    std::uint64_t first = 0, end = 0, before_bytes = 0;  // none: first is 0
  };

  std::vector<LaneId> lanes_with_messages() {
    return database_.prepared("SELECT DISTINCT 32767 - (id >> 48) FROM batch")
        .bind()
        .all([](const Statement& row) { return static_cast<LaneId>(row.integer(0)); });
  }

  Stored stored(LaneId lane) {
    const auto low = batch_id_of({lane, 0});
    const auto high = batch_id_of({lane, LaneSequence::sequence_max});
    Stored stored;
    database_
        .prepared(
            "SELECT id, before_bytes FROM batch WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 1")
        .bind(low, high)
        .each([&](const Statement& row) {
          stored.first = place_of_batch(row.integer(0)).sequence;
          stored.before_bytes = row.number(1);
        });
    database_
        .prepared("SELECT id, count FROM batch WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1")
        .bind(low, high)
        .each([&](const Statement& row) {
          stored.end = place_of_batch(row.integer(0)).sequence + row.number(1);
        });
    return stored;
  }

  std::int64_t key(LaneId lane, std::uint64_t sequence) const {
    const LaneSequence place{lane, sequence};
    return turned_ ? batch_id_of(place) : static_cast<std::int64_t>(place.key());
  }

  // Whether rows of these messages may have been where nothing could be read.
  bool may_be_lost(LaneId lane, std::uint64_t from, std::uint64_t to) const {
    return std::ranges::any_of(damage_.lost_batches, [&](const Trees::Keys& keys) {
      return from <= to && keys.low < key(lane, to) && keys.high >= key(lane, from);
    });
  }

  std::optional<int> direction_of_rules(LaneId lane) {
    return database_.prepared("SELECT direction FROM rule WHERE lane=?1 LIMIT 1")
        .bind(lane)
        .first([](const Statement& row) { return static_cast<int>(row.integer(0)); });
  }

  // Its row is gone. What is stored waits: the far broker's bookmark says what of it has crossed.
  // What was before it has crossed, unless it may be among what is lost.
  void make(LaneId lane) {
    const Stored there = stored(lane);
    std::optional<std::pair<Direction, std::string>> known;
    if (const auto name = damage_.names.find(lane); name != damage_.names.end()) {
      known = name->second;
    } else if (lane == 1) {  // the first that any journal makes
      known = {Direction::up, "default"};
    }
    const std::optional<int> direction =
        known ? std::optional(static_cast<int>(known->first)) : direction_of_rules(lane);
    std::uint64_t crossed = there.first == 0 ? 0 : there.first - 1;
    const bool cut = std::ranges::any_of(damage_.cut_batches, [&](const LaneSequence& place) {
      return place.lane == lane && place.sequence <= crossed;
    });
    if (cut || may_be_lost(lane, 1, crossed)) crossed = 0;
    std::uint64_t given_up = 0;
    if (!direction && there.first != 0) {  // nobody may guess where it is to go
      given_up = there.end - there.first;
      crossed = there.first - 1;
      LossLedger(database_).add(
          {lane, there.first, there.end - 1, given_up, 0, "damaged", now().wall_ms});
    }
    database_
        .prepared(
            "INSERT INTO lane(id, direction, name, next, cursor, done, forwarded, expired, evicted,"
            " quarantined, resolved_bytes, confirmed, replay_next, replay_last)"
            " VALUES(?1, ?2, ?3, ?4, ?5, x'', ?6, 0, ?7, 0, ?8, 0, 0, 0)")
        .run(lane, direction.value_or(0),
             known ? known->second : "salvaged-" + std::to_string(lane),
             std::max<std::uint64_t>(there.end, 1), crossed + given_up, crossed, given_up,
             there.before_bytes);
    repairs_.forgotten.push_back(lane);
    if (!direction) repairs_.nameless.push_back(lane);
  }

  // Numbers that were given are not given again, and what had them is missed.
  void extend(LaneId lane) {
    const Stored there = stored(lane);
    std::uint64_t next = there.end;
    if (const auto end = damage_.ends.find(lane); end != damage_.ends.end()) {
      next = std::max(next, end->second);
    }
    for (const Trees::Keys& keys : damage_.lost_batches) {
      if (keys.high < key(lane, 1) || keys.high > key(lane, LaneSequence::sequence_max)) continue;
      next = std::max(next, place_of_batch(keys.high).sequence + 1);
    }
    database_.prepared("UPDATE lane SET next=max(next, ?2) WHERE id=?1").run(lane, next);
    // The last row that is lost may have had any number of messages.
    if (may_be_lost(lane, std::max<std::uint64_t>(there.end, 1), LaneSequence::sequence_max)) {
      repairs_.open.push_back(lane);
    }
  }

  // Messages that were held, and are not there any more: how many says the lane, and no more.
  void account_for_missing() {
    for (const LaneState& lane : LaneTable(database_).load()) {
      const auto held = database_.prepared("SELECT sum(messages) FROM held_topic WHERE lane=?1")
                            .bind(lane.id)
                            .first([](const Statement& row) { return row.number(0); });
      std::uint64_t fated = held.value_or(0);
      for (const std::uint64_t count : lane.fates) fated += count;
      const std::uint64_t resolved = lane.cursor + lane.done.size();
      if (fated >= resolved) continue;
      const std::uint64_t missing = resolved - fated;
      LossLedger(database_).add({lane.id, 1, lane.done.empty() ? lane.cursor : lane.done.highest(),
                                 missing, 0, "damaged", now().wall_ms});
      database_.prepared("UPDATE lane SET evicted=evicted+?2 WHERE id=?1").run(lane.id, missing);
    }
  }

  Database& database_;
  const Damage& damage_;
  bool turned_;
  std::set<LaneId> known_;
  Repairs repairs_;
};

}  // namespace

Repairs repair(Database& database, const Damage& damage, const std::string& bridge_id,
               bool turned) {
  database.execute("BEGIN IMMEDIATE");
  MetaTable meta(database);
  if (meta.epoch().empty())
    meta.found(meta.bridge().empty() ? bridge_id : meta.bridge(), now().wall_ms);
  Repairs repairs = Repair(database, damage, turned).run();
  database.execute("COMMIT");
  return repairs;
}

}  // namespace bascule
