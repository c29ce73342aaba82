#include "journal/store/table/message/held_table.hpp"

namespace bascule {
namespace {

HeldRow row_of(const Statement& row) {
  return {LaneSequence::of_key(row.number(0)), static_cast<int>(row.integer(1)), row.integer(2),
          std::string(row.blob(3)), std::string(row.blob(4))};
}

}  // namespace

bool HeldTable::contains(LaneSequence place) {
  Statement& row = database_.prepared("SELECT 1 FROM held WHERE id=?1");
  row.bind(place.key());
  const bool there = row.step();
  row.reset();
  return there;
}

bool HeldTable::add(const HeldRow& row) {
  if (contains(row.place)) return false;
  database_.prepared("INSERT INTO held VALUES(?1, ?2, ?3, ?4, ?5)")
      .run(row.place.key(), row.boot, row.captured_ms, Blob{row.topic}, Blob{row.record});
  return true;
}

std::optional<HeldTable::Taken> HeldTable::take(LaneSequence place) {
  Statement& row = database_.prepared("SELECT topic, length(record) FROM held WHERE id=?1");
  row.bind(place.key());
  const auto taken = row.first([](const Statement& found) {
    return Taken{std::string(found.blob(0)), found.number(1)};
  });
  if (!taken) return taken;
  database_.prepared("DELETE FROM held WHERE id=?1").run(place.key());
  database_.prepared("DELETE FROM latest WHERE lane=?1 AND topic=?2 AND sequence=?3")
      .run(place.lane, taken->topic, place.sequence);
  return taken;
}

std::vector<HeldRow> HeldTable::read(LaneId lane, std::string_view topic, std::uint64_t from,
                                     std::size_t bytes_max) {
  Statement& row = database_.prepared(
      "SELECT id, boot, captured_ms, topic, record FROM held"
      " WHERE topic=?1 AND id BETWEEN ?2 AND ?3 ORDER BY id");
  row.bind(Blob{topic}, LaneSequence{lane, from}.key(), last_key(lane));
  std::vector<HeldRow> rows;
  for (std::size_t bytes = 0; bytes < bytes_max && row.step();) {
    rows.push_back(row_of(row));
    bytes += rows.back().record.size();
  }
  row.reset();
  return rows;
}

std::optional<HeldRow> HeldTable::find(LaneSequence place) {
  Statement& row =
      database_.prepared("SELECT id, boot, captured_ms, topic, record FROM held WHERE id=?1");
  row.bind(place.key());
  return row.first(row_of);
}

std::optional<HeldRow> HeldTable::oldest(LaneId lane) {
  Statement& row = database_.prepared(
      "SELECT id, boot, captured_ms, topic, record FROM held WHERE id BETWEEN ?1 AND ?2"
      " ORDER BY id LIMIT 1");
  row.bind(first_key(lane), last_key(lane));
  return row.first(row_of);
}

void HeldTable::each(LaneId lane, const std::function<bool(const Head&)>& visit) {
  Statement& row = database_.prepared(
      "SELECT boot, captured_ms, length(record) FROM held WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
  row.bind(first_key(lane), last_key(lane));
  while (row.step() && visit({static_cast<int>(row.integer(0)), row.integer(1), row.number(2)})) {
  }
  row.reset();
}

std::vector<HeldTopic> HeldTable::topics() {
  Statement& row =
      database_.prepared("SELECT lane, topic, reason, messages, bytes, since_ms FROM held_topic");
  row.bind();
  return row.all([](const Statement& found) {
    return HeldTopic{static_cast<LaneId>(found.integer(0)),
                     std::string(found.blob(1)),
                     std::string(found.text(2)),
                     found.number(3),
                     found.number(4),
                     found.integer(5)};
  });
}

void HeldTable::save(const HeldTopic& topic) {
  database_.prepared("INSERT OR REPLACE INTO held_topic VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
      .run(topic.lane, Blob{topic.topic}, topic.reason, topic.messages, topic.bytes,
           topic.since_ms);
}

void HeldTable::erase(LaneId lane, std::string_view topic) {
  database_.prepared("DELETE FROM held_topic WHERE lane=?1 AND topic=?2").run(lane, Blob{topic});
}

}  // namespace bascule
