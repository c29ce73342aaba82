#include "journal/store/table/message/batch_table.hpp"

#include "clock.hpp"

namespace bascule {
namespace {

BatchPtr read_batch(const Statement& row) {
  auto batch = std::make_shared<Batch>();
  const LaneSequence place = LaneSequence::of_key(row.number(0));
  batch->lane = place.lane;
  batch->first = place.sequence;
  batch->count = static_cast<std::uint32_t>(row.integer(1));
  batch->boot = static_cast<int>(row.integer(2));
  batch->captured_ms = row.integer(3);
  batch->chain = static_cast<std::uint32_t>(row.integer(4));
  batch->before_bytes = row.number(5);
  batch->data = row.blob(6);
  return batch;
}

BatchHead read_head(const Statement& row) {
  return {LaneSequence::of_key(row.number(0)).sequence,
          static_cast<std::uint32_t>(row.integer(1)),
          row.number(2),
          static_cast<int>(row.integer(3)),
          row.integer(4),
          row.number(5)};
}

}  // namespace

void BatchTable::insert(const Batch& batch) {
  database_.prepared("INSERT INTO batch VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")
      .run(LaneSequence{batch.lane, batch.first}.key(), batch.count, batch.boot, batch.captured_ms,
           batch.chain, batch.before_bytes, Blob{batch.data});
}

BatchPtr BatchTable::read(LaneId lane, std::uint64_t sequence) {
  const std::uint64_t key = LaneSequence{lane, sequence}.key();
  // The row that begins at or before the sequence, if it reaches it; else the next row.
  Statement& before = database_.prepared(
      "SELECT id, count, boot, captured_ms, chain, before_bytes, data FROM batch"
      " WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1");
  const auto holding = before.bind(first_key(lane), key).first([&](const Statement& row) {
    return row.number(0) + row.number(1) > key ? read_batch(row) : nullptr;
  });
  if (holding && *holding != nullptr) return *holding;
  return database_
      .prepared(
          "SELECT id, count, boot, captured_ms, chain, before_bytes, data FROM batch"
          " WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT 1")
      .bind(key, last_key(lane))
      .first(read_batch)
      .value_or(nullptr);
}

BatchPtr BatchTable::newest(LaneId lane) {
  return database_
      .prepared(
          "SELECT id, count, boot, captured_ms, chain, before_bytes, data FROM batch"
          " WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1")
      .bind(first_key(lane), last_key(lane))
      .first(read_batch)
      .value_or(nullptr);
}

std::vector<BatchHead> BatchTable::heads(LaneId lane, std::uint64_t from, int limit) {
  // One more, for the first may end before `from`.
  auto heads = database_
                   .prepared(
                       "SELECT id, count, length(data), boot, captured_ms, before_bytes FROM batch"
                       " WHERE id <= ?2 AND id >="
                       " ifnull((SELECT max(id) FROM batch WHERE id BETWEEN ?4 AND ?1), ?1)"
                       " ORDER BY id LIMIT ?3")
                   .bind(LaneSequence{lane, from}.key(), last_key(lane), limit + 1, first_key(lane))
                   .all(read_head);
  if (!heads.empty() && heads.front().last() < from) heads.erase(heads.begin());
  if (heads.size() > static_cast<std::size_t>(limit)) heads.pop_back();
  return heads;
}

std::vector<BatchHead> BatchTable::heads_before(LaneId lane, std::uint64_t before, int limit) {
  return database_
      .prepared(
          "SELECT id, count, length(data), boot, captured_ms, before_bytes FROM batch"
          " WHERE id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3")
      .bind(first_key(lane), LaneSequence{lane, before}.key(), limit)
      .all(read_head);
}

std::vector<Receipt> BatchTable::receipts(LaneId lane, const BatchHead& head) {
  std::vector<Receipt> receipts;
  BlobReader blob = database_.blobs("batch", "data");
  blob.open(static_cast<std::int64_t>(LaneSequence{lane, head.first}.key()));
  char header[record_header_bytes];
  for (std::size_t at = 0; at + sizeof header <= blob.size();) {
    blob.read(header, sizeof header, at);
    const RecordHead record = read_record_head({header, sizeof header});
    if (record.size < sizeof header) break;
    receipts.push_back(record.receipt);
    at += record.size;
  }
  return receipts;
}

void BatchTable::erase(LaneId lane, std::uint64_t first, std::uint64_t last) {
  database_.prepared("DELETE FROM batch WHERE id BETWEEN ?1 AND ?2")
      .run(LaneSequence{lane, first}.key(), LaneSequence{lane, last}.key());
}

void BatchTable::erase_latest(LaneId lane, std::uint64_t first, std::uint64_t last) {
  database_
      .prepared(
          "SELECT id, count, boot, captured_ms, chain, before_bytes, data FROM batch"
          " WHERE id BETWEEN ?1 AND ?2")
      .bind(LaneSequence{lane, first}.key(), LaneSequence{lane, last}.key())
      .each([&](const Statement& row) {
        const BatchPtr batch = read_batch(row);
        RecordReader reader(lane, batch->first, batch->chain, batch->data,
                            RecordReader::Check::lengths);
        // A held message waits still, and a newer one shall find it.
        while (const auto record = reader.next()) {
          database_
              .prepared(
                  "DELETE FROM latest WHERE lane=?1 AND topic=?2 AND sequence=?3"
                  " AND NOT EXISTS (SELECT 1 FROM held WHERE id=?4)")
              .run(lane, record->message.topic, record->sequence,
                   LaneSequence{lane, record->sequence}.key());
        }
      });
  erase(lane, first, last);
}

void BatchTable::salvage(LaneId lane, std::uint64_t first, const std::string& what) {
  database_.prepared("INSERT INTO damaged SELECT id, data, ?2, ?3 FROM batch WHERE id = ?1")
      .run(LaneSequence{lane, first}.key(), what, now().wall_ms);
  erase(lane, first, first);
}

std::optional<std::uint64_t> BatchTable::replace_latest(LaneId lane, std::string_view topic,
                                                        std::uint64_t sequence) {
  const auto older = database_.prepared("SELECT sequence FROM latest WHERE lane=?1 AND topic=?2")
                         .bind(lane, topic)
                         .first([](const Statement& row) { return row.number(0); });
  database_.prepared("INSERT OR REPLACE INTO latest VALUES(?1, ?2, ?3)").run(lane, topic, sequence);
  return older;
}

}  // namespace bascule
