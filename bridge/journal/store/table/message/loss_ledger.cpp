#include "journal/store/table/message/loss_ledger.hpp"

#include <utility>

namespace bascule {

void LossLedger::add(const Loss& loss) {
  // What a newer value replaced is scattered over the lane: one row holds it all.
  database_
      .prepared(
          "UPDATE loss SET first=min(first, ?3), last=max(last, ?4), count=count+?5,"
          " bytes=bytes+?6, at_ms=?7"
          " WHERE id=(SELECT max(id) FROM loss WHERE lane=?1) AND reason=?2"
          " AND (last=?3-1 OR reason='superseded')")
      .run(loss.lane, loss.reason, loss.first, loss.last, loss.count, loss.bytes, loss.at_ms);
  if (database_.changes() > 0) return;
  database_
      .prepared(
          "INSERT INTO loss(lane, first, last, count, bytes, reason, at_ms)"
          " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")
      .run(loss.lane, loss.first, loss.last, loss.count, loss.bytes, loss.reason, loss.at_ms);
  join_oldest();
}

// Ids are given in order. What may still be sent again is never joined: its numbers have no holes.
void LossLedger::join_oldest() {
  const auto pair =
      database_
          .prepared(
              "SELECT o.id, (SELECT p.id FROM loss p WHERE p.lane=o.lane AND p.id>o.id"
              " AND p.reason=o.reason ORDER BY p.id LIMIT 1) AS newer FROM loss o"
              " WHERE o.id<=(SELECT max(id) FROM loss)-?1"
              " AND o.reason NOT IN ('not_resent', 'beyond_history') AND newer IS NOT NULL"
              " ORDER BY o.id LIMIT 1")
          .bind(rows_max)
          .first([](const Statement& row) {
            return std::pair{row.integer(0), row.integer(1)};
          });
  if (!pair) return;
  database_
      .prepared(
          "UPDATE loss SET first=min(loss.first, o.first), last=max(loss.last, o.last),"
          " count=loss.count+o.count, bytes=loss.bytes+o.bytes"
          " FROM (SELECT first, last, count, bytes FROM loss WHERE id=?2) AS o WHERE loss.id=?1")
      .run(pair->second, pair->first);
  database_.prepared("DELETE FROM loss WHERE id=?1").run(pair->first);
}

std::vector<Loss> LossLedger::newest(int limit) {
  return database_
      .prepared(
          "SELECT lane, first, last, count, bytes, reason, at_ms FROM loss"
          " WHERE reason<>'requeued' ORDER BY id DESC LIMIT ?1")
      .bind(limit)
      .all([](const Statement& row) {
        return Loss{static_cast<LaneId>(row.integer(0)),
                    row.number(1),
                    row.number(2),
                    row.number(3),
                    row.number(4),
                    std::string(row.text(5)),
                    row.integer(6)};
      });
}

std::optional<std::string> LossLedger::reason(LaneSequence place) {
  // Rows overlap only where a broker forgot: that is within the next few.
  return database_
      .prepared(
          "SELECT reason FROM (SELECT first, reason FROM loss WHERE lane=?1 AND last>=?2"
          " AND reason<>'superseded' ORDER BY last LIMIT 64) WHERE first<=?2 LIMIT 1")
      .bind(place.lane, place.sequence)
      .first([](const Statement& row) { return std::string(row.text(0)); });
}

std::uint64_t LossLedger::messages() {
  return static_cast<std::uint64_t>(
      database_.integer("SELECT sum(count) FROM loss WHERE reason NOT IN"
                        " ('superseded', 'requeued', 'not_resent', 'beyond_history')"));
}

std::int64_t LossLedger::last_ms() {
  return database_.integer(
      "SELECT max(at_ms) FROM loss WHERE reason NOT IN"
      " ('superseded', 'requeued', 'not_resent', 'beyond_history', 'dropped')");
}

void LossLedger::requeued(LaneSequence place, std::uint64_t bytes, std::int64_t at_ms) {
  add({place.lane, place.sequence, place.sequence, 1, bytes, "requeued", at_ms});
}

std::uint64_t LossLedger::not_resent() {
  return static_cast<std::uint64_t>(
      database_.integer("SELECT sum(count) FROM loss"
                        " WHERE reason IN ('not_resent', 'beyond_history')"));
}

SequenceSet LossLedger::unsent(LaneId lane) {
  SequenceSet unsent;
  const auto rows = database_
                        .prepared(
                            "SELECT first, last FROM loss"
                            " WHERE lane=?1 AND reason IN ('not_resent', 'beyond_history')")
                        .bind(lane)
                        .all([](const Statement& row) {
                          return SequenceRange{row.number(0), row.number(1)};
                        });
  for (const SequenceRange& range : rows) unsent.add(range.first, range.last);
  return unsent;
}

// Rows of this kind have no holes: what is left of one has as many messages as numbers.
void LossLedger::take_back(LaneId lane, SequenceRange range) {
  database_
      .prepared(
          "INSERT INTO loss(lane, first, last, count, bytes, reason, at_ms)"
          " SELECT lane, ?3+1, last, last-?3, 0, reason, at_ms FROM loss"
          " WHERE lane=?1 AND reason IN ('not_resent', 'beyond_history') AND first<=?3 AND last>?3")
      .run(lane, range.first, range.last);
  database_
      .prepared(
          "UPDATE loss SET last=?2-1, count=?2-first, bytes=0"
          " WHERE lane=?1 AND reason IN ('not_resent', 'beyond_history') AND first<?2"
          " AND last>=?2 AND first<=?3")
      .run(lane, range.first, range.last);
  database_
      .prepared(
          "DELETE FROM loss WHERE lane=?1 AND reason IN ('not_resent', 'beyond_history')"
          " AND first>=?2 AND first<=?3")
      .run(lane, range.first, range.last);
}

}  // namespace bascule
