#include "journal/store/quarantine_table.hpp"

namespace bascule {
namespace {

constexpr int rows_max = 10'000;

QuarantineEntry read_entry(const Statement& row) {
  QuarantineEntry entry;
  entry.direction = static_cast<Direction>(row.integer(1));
  entry.lane = static_cast<LaneId>(row.integer(2));
  entry.sequence = row.number(3);
  entry.reason = row.text(4);
  entry.topic = row.blob(5);
  entry.properties = row.blob(6);
  entry.payload = row.blob(7);
  entry.size = row.number(8);
  return entry;
}

}  // namespace

void QuarantineTable::add(const QuarantineEntry& entry, std::int64_t at_ms) {
  database_
      .prepared(
          "INSERT INTO quarantine(direction, lane, sequence, at_ms, reason, topic, properties,"
          " payload, size) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
      .run(static_cast<int>(entry.direction), entry.lane, entry.sequence, at_ms, entry.reason,
           Blob{entry.topic}, Blob{entry.properties}, Blob{entry.payload}, entry.size);
  database_.prepared("DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?1")
      .run(rows_max);
}

std::vector<std::pair<std::int64_t, QuarantineEntry>> QuarantineTable::newest(int limit) {
  return database_
      .prepared(
          "SELECT at_ms, direction, lane, sequence, reason, topic, properties, payload, size"
          " FROM quarantine ORDER BY id DESC LIMIT ?1")
      .bind(limit)
      .all([](const Statement& row) { return std::pair(row.integer(0), read_entry(row)); });
}

}  // namespace bascule
