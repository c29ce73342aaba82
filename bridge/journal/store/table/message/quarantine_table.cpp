#include "journal/store/table/message/quarantine_table.hpp"

namespace bascule {
namespace {

// What a row takes besides its topic, properties and payload, about.
constexpr std::int64_t row_bytes = 128;

std::int64_t bytes_of(const QuarantineEntry& entry) {
  return row_bytes + static_cast<std::int64_t>(entry.topic.size() + entry.properties.size() +
                                               entry.payload.size());
}

// As bytes 8 and 9 of a record: QoS, retain, and what kind of input it is.
int flags_of(const QuarantineEntry& entry) {
  return static_cast<int>(entry.qos) | (entry.retain ? 4 : 0) | static_cast<int>(entry.kind) << 8;
}

QuarantineEntry read_entry(const Statement& row) {
  QuarantineEntry entry;
  entry.number = row.integer(0);
  entry.at_ms = row.integer(1);
  entry.direction = static_cast<Direction>(row.integer(2));
  entry.lane = static_cast<LaneId>(row.integer(3));
  entry.sequence = row.number(4);
  entry.reason = row.text(5);
  entry.topic = row.blob(6);
  entry.properties = row.blob(7);
  entry.payload = row.blob(8);
  entry.size = row.number(9);
  const auto flags = row.number(10);
  entry.qos = static_cast<Qos>(flags & 3U);
  entry.retain = (flags & 4U) != 0;
  entry.kind = static_cast<InputKind>(flags >> 8 & 0x7FU);
  return entry;
}

}  // namespace

void QuarantineTable::add(const QuarantineEntry& entry, std::int64_t at_ms) {
  database_
      .prepared(
          "INSERT INTO quarantine(id, direction, lane, sequence, at_ms, reason, topic, properties,"
          " payload, size, flags) VALUES(1 + max(coalesce((SELECT max(id) FROM quarantine), 0),"
          " coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key='quarantine_last'), 0)),"
          " ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
      .run(static_cast<int>(entry.direction), entry.lane, entry.sequence, at_ms, entry.reason,
           Blob{entry.topic}, Blob{entry.properties}, Blob{entry.payload}, entry.size,
           flags_of(entry));
  count(1, bytes_of(entry));
}

std::vector<QuarantineEntry> QuarantineTable::after(std::int64_t number, int limit) {
  return database_
      .prepared(
          "SELECT id, at_ms, direction, lane, sequence, reason, topic, properties, payload, size,"
          " flags FROM quarantine WHERE id > ?1 ORDER BY id LIMIT ?2")
      .bind(number, limit)
      .all(read_entry);
}

std::vector<QuarantineEntry> QuarantineTable::before(std::int64_t number, int limit) {
  return database_
      .prepared(
          "SELECT id, at_ms, direction, lane, sequence, reason, topic, properties, payload, size,"
          " flags FROM quarantine WHERE id < ?1 ORDER BY id DESC LIMIT ?2")
      .bind(number, limit)
      .all(read_entry);
}

std::optional<QuarantineEntry> QuarantineTable::find(std::int64_t number) {
  auto found = after(number - 1, 1);
  if (found.empty() || found.front().number != number) return std::nullopt;
  return std::move(found.front());
}

bool QuarantineTable::given(std::int64_t number) {
  const auto last = database_
                        .prepared(
                            "SELECT max(coalesce((SELECT max(id) FROM quarantine), 0),"
                            " coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE "
                            "key='quarantine_last'), 0))")
                        .bind()
                        .first([](const Statement& row) { return row.integer(0); });
  return number > 0 && number <= last.value_or(0);
}

std::optional<std::string> QuarantineTable::reason(LaneSequence place) {
  return database_
      .prepared("SELECT reason FROM quarantine WHERE lane=?1 AND sequence=?2 ORDER BY id DESC")
      .bind(place.lane, place.sequence)
      .first([](const Statement& row) { return std::string(row.text(0)); });
}

void QuarantineTable::erase(std::int64_t number) {
  const auto entry = find(number);
  if (!entry) return;
  // Only of the highest the table itself would give the number once more.
  database_
      .prepared(
          "INSERT INTO meta(key, value) SELECT 'quarantine_last', CAST(?1 AS TEXT)"
          " WHERE ?1=(SELECT max(id) FROM quarantine)"
          " ON CONFLICT(key) DO UPDATE SET value=excluded.value")
      .run(number);
  database_.prepared("DELETE FROM quarantine WHERE id=?1").run(number);
  count(-1, -bytes_of(*entry));
}

QuarantineTable::Size QuarantineTable::size() {
  return database_.prepared("SELECT messages, bytes FROM quarantine_size")
      .bind()
      .first([](const Statement& row) {
        return Size{row.number(0), row.number(1)};
      })
      .value_or(Size{});
}

void QuarantineTable::count(std::int64_t messages, std::int64_t bytes) {
  database_.prepared("UPDATE quarantine_size SET messages=messages+?1, bytes=bytes+?2")
      .run(messages, bytes);
}

}  // namespace bascule
