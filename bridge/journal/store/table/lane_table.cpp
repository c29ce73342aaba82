#include "journal/store/table/lane_table.hpp"

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
  database_.prepared("SELECT id, last FROM resolved WHERE id BETWEEN ?1 AND ?2")
      .bind(LaneSequence{lane.id, lane.cursor + 1}.key(), last_key(lane.id))
      .each([&](const Statement& row) {
        if (!std::exchange(lane.done_apart, true)) lane.done_lately = lane.done;
        lane.done.add(LaneSequence::of_key(row.number(0)).sequence, row.number(1));
      });
}

// What of `done` goes into the lane's row. Of many ranges that is what came last; once that is too
// much, it joins the others in their table, where it costs as many rows as ranges have changed.
const SequenceSet& LaneTable::save_done(LaneState& lane) {
  lane.done_lately.forget_to(lane.cursor);
  if (!lane.done_apart && lane.done.count() <= ranges_in_row) {
    lane.done_lately = {};
    return lane.done;
  }
  if (!lane.done_apart || lane.done_lately.count() > ranges_in_row) {
    const SequenceSet& news = lane.done_apart ? lane.done_lately : lane.done;
    std::uint64_t saved = lane.cursor;
    for (const SequenceRange& range : news.ranges()) {
      if (range.last <= saved) continue;
      const auto whole = lane.done.range_of(range.last);
      if (!whole) continue;
      saved = whole->last;
      erase_done(lane.id, whole->first, whole->last);
      database_.prepared("INSERT INTO resolved VALUES(?1, ?2)")
          .run(LaneSequence{lane.id, whole->first}.key(), whole->last);
    }
    lane.done_lately = {};
  }
  erase_done(lane.id, 0, lane.cursor);
  lane.done_apart = !lane.done.empty();
  return lane.done_lately;
}

void LaneTable::erase_done(LaneId lane, std::uint64_t first, std::uint64_t last) {
  database_.prepared("DELETE FROM resolved WHERE id BETWEEN ?1 AND ?2")
      .run(LaneSequence{lane, first}.key(), LaneSequence{lane, last}.key());
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
  lane.dirty = false;
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
