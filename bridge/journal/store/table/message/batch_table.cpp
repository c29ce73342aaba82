#include "journal/store/table/message/batch_table.hpp"

#include <algorithm>

#include "clock.hpp"
#include "journal/store/sqlite/gather_vfs.hpp"

namespace bascule {
namespace {

// The rows of a lane that was made later come first, but in a journal from before version 6: what
// is appended behind all other rows needs no room made between them, and the lanes that carry most
// are those that are there from the beginning.
class Keys {
 public:
  explicit Keys(const Database& database)
      : turned_(database.log_path().ends_with(sector_log_suffix)) {}

  std::uint64_t of(LaneId lane, std::uint64_t sequence) const {
    return LaneSequence{turn(lane), sequence}.key();
  }
  std::uint64_t first(LaneId lane) const { return first_key(turn(lane)); }
  std::uint64_t last(LaneId lane) const { return last_key(turn(lane)); }
  LaneSequence place(std::uint64_t key) const {
    const LaneSequence turned = LaneSequence::of_key(key);
    return {turn(turned.lane), turned.sequence};
  }

 private:
  static constexpr LaneId lane_max = 32'767;
  LaneId turn(LaneId lane) const { return turned_ ? static_cast<LaneId>(lane_max - lane) : lane; }

  bool turned_;
};

// As much at once as is likely to hold the head of a record that is looked for.
constexpr std::size_t heads_bytes = 16 << 10;

// Nothing: the data is in the row.
std::optional<Segments::Place> place_of(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return Segments::Place{row.number(column), row.number(column + 1)};
}

}  // namespace

// Of all columns, in the order of the schema.
BatchPtr BatchTable::batch_of(const Statement& row) {
  auto batch = std::make_shared<Batch>();
  const LaneSequence place = Keys(database_).place(row.number(0));
  batch->lane = place.lane;
  batch->first = place.sequence;
  batch->count = static_cast<std::uint32_t>(row.integer(1));
  batch->boot = static_cast<int>(row.integer(2));
  batch->captured_ms = row.integer(3);
  batch->chain = static_cast<std::uint32_t>(row.integer(4));
  batch->before_bytes = row.number(5);
  if (const auto apart = place_of(row, 7)) {
    batch->data.resize(segments_.there(*apart, row.number(9)));
    segments_.read(*apart, batch->data.data(), batch->data.size());
  } else {
    batch->data = row.blob(6);
  }
  return batch;
}

namespace {

// The receipts of `bytes` of records, of which `read` gives a part.
template <typename Read>
std::vector<Receipt> receipts_in(std::uint64_t bytes, const Read& read) {
  std::vector<Receipt> receipts;
  std::string some;
  std::uint64_t begin = 0;  // of `some`
  for (std::uint64_t at = 0; at + record_header_bytes <= bytes;) {
    if (at + record_header_bytes > begin + some.size()) {
      begin = at;
      some.resize(std::min<std::uint64_t>(heads_bytes, bytes - at));
      read(some.data(), some.size(), at);
    }
    const RecordHead record =
        read_record_head(std::string_view(some).substr(at - begin, record_header_bytes));
    if (record.size < record_header_bytes) break;
    receipts.push_back(record.receipt);
    at += record.size;
  }
  return receipts;
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

void BatchTable::insert(const Batch& batch, bool in_order) {
  const std::uint64_t key = Keys(database_).of(batch.lane, batch.first);
  if (!in_order || batch.data.size() < batch.count * std::uint64_t{segment_payload_bytes}) {
    database_.prepared("INSERT INTO batch VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, NULL, NULL)")
        .run(key, batch.count, batch.boot, batch.captured_ms, batch.chain, batch.before_bytes,
             Blob{batch.data});
    return;
  }
  const Segments::Place place = segments_.append(key, batch.data);
  database_.prepared("INSERT INTO batch VALUES(?1, ?2, ?3, ?4, ?5, ?6, x'', ?7, ?8, ?9)")
      .run(key, batch.count, batch.boot, batch.captured_ms, batch.chain, batch.before_bytes,
           place.segment, place.at, std::uint64_t{batch.data.size()});
}

BatchPtr BatchTable::read(LaneId lane, std::uint64_t sequence) {
  const Keys keys(database_);
  const std::uint64_t key = keys.of(lane, sequence);
  // The row that begins at or before the sequence, if it reaches it; else the next row.
  Statement& before =
      database_.prepared("SELECT * FROM batch WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1");
  const auto holding = before.bind(keys.first(lane), key).first([&](const Statement& row) {
    return row.number(0) + row.number(1) > key ? batch_of(row) : nullptr;
  });
  if (holding && *holding != nullptr) return *holding;
  return database_.prepared("SELECT * FROM batch WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT 1")
      .bind(key, keys.last(lane))
      .first([&](const Statement& row) { return batch_of(row); })
      .value_or(nullptr);
}

BatchPtr BatchTable::newest(LaneId lane) {
  const Keys keys(database_);
  return database_
      .prepared("SELECT * FROM batch WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1")
      .bind(keys.first(lane), keys.last(lane))
      .first([&](const Statement& row) { return batch_of(row); })
      .value_or(nullptr);
}

std::vector<BatchHead> BatchTable::heads(LaneId lane, std::uint64_t from, int limit) {
  const Keys keys(database_);
  // One more, for the first may end before `from`.
  auto heads = database_
                   .prepared(
                       "SELECT id, count, ifnull(bytes, length(data)), boot, captured_ms, "
                       "before_bytes FROM batch"
                       " WHERE id <= ?2 AND id >="
                       " ifnull((SELECT max(id) FROM batch WHERE id BETWEEN ?4 AND ?1), ?1)"
                       " ORDER BY id LIMIT ?3")
                   .bind(keys.of(lane, from), keys.last(lane), limit + 1, keys.first(lane))
                   .all(read_head);
  if (!heads.empty() && heads.front().last() < from) heads.erase(heads.begin());
  if (heads.size() > static_cast<std::size_t>(limit)) heads.pop_back();
  return heads;
}

std::vector<BatchHead> BatchTable::heads_before(LaneId lane, std::uint64_t before, int limit) {
  const Keys keys(database_);
  return database_
      .prepared(
          "SELECT id, count, ifnull(bytes, length(data)), boot, captured_ms, before_bytes FROM "
          "batch"
          " WHERE id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3")
      .bind(keys.first(lane), keys.of(lane, before), limit)
      .all(read_head);
}

std::vector<Receipt> BatchTable::receipts(LaneId lane, const BatchHead& head) {
  const std::uint64_t key = Keys(database_).of(lane, head.first);
  const auto place = database_.prepared("SELECT segment, place FROM batch WHERE id=?1")
                         .bind(key)
                         .first([](const Statement& row) { return place_of(row, 0); });
  if (place && *place) {
    return receipts_in(segments_.there(**place, head.bytes),
                       [&](char* out, std::size_t count, std::size_t at) {
                         segments_.read({(*place)->segment, (*place)->at + at}, out, count);
                       });
  }
  BlobReader blob = database_.blobs("batch", "data");
  blob.open(static_cast<std::int64_t>(key));
  return receipts_in(blob.size(), [&](char* out, std::size_t count, std::size_t at) {
    blob.read(out, count, at);
  });
}

void BatchTable::erase(LaneId lane, std::uint64_t first, std::uint64_t last) {
  erased_ = true;
  const Keys keys(database_);
  database_.prepared("DELETE FROM batch WHERE id BETWEEN ?1 AND ?2")
      .run(keys.of(lane, first), keys.of(lane, last));
  segments_.erased(keys.of(lane, first), keys.of(lane, last));
}

void BatchTable::erase_latest(LaneId lane, std::uint64_t first, std::uint64_t last) {
  const Keys keys(database_);
  database_.prepared("SELECT * FROM batch WHERE id BETWEEN ?1 AND ?2")
      .bind(keys.of(lane, first), keys.of(lane, last))
      .each([&](const Statement& row) {
        const BatchPtr batch = batch_of(row);
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
  const auto batch = database_.prepared("SELECT * FROM batch WHERE id = ?1")
                         .bind(Keys(database_).of(lane, first))
                         .first([&](const Statement& row) { return batch_of(row); });
  // Found on the way to others, and not by itself: its number has changed in the page.
  if (!batch) {
    throw DatabaseError::contradiction("the journal is damaged: a row of its messages, from " +
                                       std::to_string(first) + " on, is not where its number says");
  }
  database_.prepared("INSERT INTO damaged VALUES(?1, ?2, ?3, ?4)")
      .run(LaneSequence{lane, first}.key(), Blob{(*batch)->data}, what, now().wall_ms);
  erase(lane, first, first);
  // A key out of its order is found on the way from others and not by itself: it would come again
  // and again.
  if (database_.changes() == 0) {
    throw DatabaseError::contradiction("the journal is damaged: a row of its messages, from " +
                                       std::to_string(first) + " on, is out of its order");
  }
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
