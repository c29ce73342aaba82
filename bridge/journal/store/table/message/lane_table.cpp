#include "journal/store/table/message/lane_table.hpp"

#include <utility>

namespace bascule {
namespace {

// So many ranges beyond the cursor fit in the lane's row, which is written with each commit that
// changes the lane.
constexpr std::size_t ranges_in_row = 32;

LaneState read_lane(const Statement& row) {
  LaneState lane;
  lane.id = static_cast<LaneId>(row.integer(0));
  lane.direction = static_cast<Direction>(row.integer(1));
  lane.name = row.text(2);
  lane.next = row.number(3);
  lane.cursor = row.number(4);
  lane.done = SequenceSet::decode(row.blob(5));
  for (int fate = 0; fate < 4; ++fate) lane.fates[fate] = row.number(6 + fate);
  lane.resolved_bytes = row.number(10);
  lane.confirmed = row.number(11);
  lane.replay_next = row.number(12);
  lane.replay_last = row.number(13);
  lane.claims = Claims::decode(row.blob(14));
  lane.unconfirmed = row.number(15);
  lane.answered = SequenceSet::decode(row.blob(16));
  lane.crossed = CrossingTimes::decode(row.blob(17));
  lane.replay_skips = SequenceSet::decode(row.blob(18));
  return lane;
}

}  // namespace

std::vector<LaneState> LaneTable::load() {
  std::vector<LaneState> lanes = load_rows();
  for (LaneState& lane : lanes) load_done(lane);
  return lanes;
}

std::vector<LaneState> LaneTable::load_rows() {
  return database_
      .prepared(
          "SELECT id, direction, name, next, cursor, done, forwarded, expired, evicted,"
          " quarantined, resolved_bytes, confirmed, replay_next, replay_last, claims,"
          " unconfirmed, answered, crossed, replay_skips"
          " FROM lane ORDER BY id")
      .bind()
      .all(read_lane);
}

void LaneTable::load_done(LaneState& lane) {
  const SequenceSet apart = resolved_.load(lane.id, lane.cursor);
  if (apart.empty()) return;
  lane.done_apart = true;
  lane.done_lately = lane.done;
  for (const SequenceRange& range : apart.ranges()) lane.done.add(range.first, range.last);
}

// What of `done` goes into the lane's row. Of many ranges that is what came last; once that is too
// much, it joins the others in their table.
const SequenceSet& LaneTable::save_done(LaneState& lane) {
  lane.done_lately.forget_to(lane.cursor);
  if (!lane.done_apart && lane.done.count() <= ranges_in_row) {
    lane.done_lately = {};
    return lane.done;
  }
  if (!lane.done_apart || lane.done_lately.count() > ranges_in_row) {
    resolved_.save(lane.id, lane.done, lane.done_apart ? lane.done_lately : lane.done);
    lane.done_lately = {};
  }
  lane.done_apart = !lane.done.empty();
  if (lane.done_apart) {
    resolved_.forget_to(lane.id, lane.cursor);
  } else {
    resolved_.forget(lane.id);
  }
  return lane.done_lately;
}

LaneId LaneTable::add(Direction direction, const std::string& name) {
  database_
      .prepared(
          "INSERT INTO lane(direction, name, next, cursor, done, forwarded, expired, evicted,"
          " quarantined, resolved_bytes, confirmed, replay_next, replay_last)"
          " VALUES(?1, ?2, 1, 0, x'', 0, 0, 0, 0, 0, 0, 0, 0)")
      .run(static_cast<int>(direction), name);
  return static_cast<LaneId>(database_.integer("SELECT last_insert_rowid()"));
}

void LaneTable::save(LaneState& lane) {
  const std::string done = save_done(lane).encode();
  const std::string claims = lane.claims.encode();
  const std::string answered = lane.answered.encode();
  const std::string crossed = lane.crossed.encode();
  const std::string skips = lane.replay_skips.encode();
  database_
      .prepared(
          "UPDATE lane SET next=?2, cursor=?3, done=?4, forwarded=?5, expired=?6, evicted=?7,"
          " quarantined=?8, resolved_bytes=?9, confirmed=?10, replay_next=?11, replay_last=?12,"
          " claims=?13, unconfirmed=?14, answered=?15, crossed=?16, replay_skips=?17 WHERE id=?1")
      .run(lane.id, lane.next, lane.cursor, Blob{done}, lane.fates[0], lane.fates[1], lane.fates[2],
           lane.fates[3], lane.resolved_bytes, lane.confirmed, lane.replay_next, lane.replay_last,
           Blob{claims}, lane.unconfirmed, Blob{answered}, Blob{crossed}, Blob{skips});
  lane.dirty = lane.ahead = false;
}

Tally LaneTable::tally(Direction direction) {
  return database_
      .prepared("SELECT unrouted, repeats, refused, emitted FROM tally WHERE direction=?1")
      .bind(static_cast<int>(direction))
      .first([](const Statement& row) {
        return Tally{row.number(0), row.number(1), row.number(2), row.number(3)};
      })
      .value_or(Tally{});
}

void LaneTable::save_tally(Direction direction, const Tally& tally) {
  database_.prepared("INSERT OR REPLACE INTO tally VALUES(?1, ?2, ?3, ?4, ?5)")
      .run(static_cast<int>(direction), tally.unrouted, tally.repeats, tally.refused,
           tally.emitted);
}

}  // namespace bascule
