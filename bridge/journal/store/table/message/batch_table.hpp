// The messages: tables batch, latest and damaged of FORMAT.md, with the segments where large ones
// are. Journal's thread. Errors are DatabaseError.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/lane/record.hpp"
#include "journal/store/segment/segments.hpp"
#include "journal/store/sqlite/database.hpp"

namespace bascule {

// Messages of one lane that were committed together.
struct Batch {
  LaneId lane = 0;
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t chain = 0;  // checksum of the record before the first
  int boot = 0;
  std::int64_t captured_ms = 0;  // boot time in that boot
  std::uint64_t before_bytes = 0;
  std::string data;
  std::uint64_t last() const { return first + count - 1; }
};
using BatchPtr = std::shared_ptr<const Batch>;

// A row of `batch` without its data.
struct BatchHead {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::uint64_t bytes = 0;
  int boot = 0;
  std::int64_t captured_ms = 0;
  std::uint64_t before_bytes = 0;
  std::uint64_t last() const { return first + count - 1; }
};

class BatchTable {
 public:
  // Rows whose records have at least so much on average go into segments.
  static constexpr std::size_t segment_payload_bytes = 4 << 10;

  BatchTable(Database& database, Segments& segments) : database_(database), segments_(segments) {}

  // `in_order`: rows of its lane are erased in about the order in which they came, so that its
  // data may go into a segment.
  void insert(const Batch& batch, bool in_order = true);
  // The batch that holds `sequence`, or else the next one after it; nothing at the end of the lane.
  BatchPtr read(LaneId lane, std::uint64_t sequence);
  // Rows from the one that holds `from` on.
  std::vector<BatchHead> heads(LaneId lane, std::uint64_t from, int limit);
  // Rows that begin before `before`, the newest first.
  std::vector<BatchHead> heads_before(LaneId lane, std::uint64_t before, int limit);
  // The receipts of a row, in its order. Its messages are not read, and nothing is checked.
  std::vector<Receipt> receipts(LaneId lane, const BatchHead& head);
  BatchPtr newest(LaneId lane);
  void erase(LaneId lane, std::uint64_t first, std::uint64_t last);  // by first sequence
  // Likewise of a lane that keeps the latest, with what is noted of their topics.
  void erase_latest(LaneId lane, std::uint64_t first, std::uint64_t last);
  // Whether rows were erased since it was asked last.
  bool take_erased() { return std::exchange(erased_, false); }
  // Moves the row that begins with `first` to where damaged ones are kept.
  void salvage(LaneId lane, std::uint64_t first, const std::string& what);
  // Notes that `sequence` is the newest of its topic; returns the one that was until now.
  std::optional<std::uint64_t> replace_latest(LaneId lane, std::string_view topic,
                                              std::uint64_t sequence);

 private:
  BatchPtr batch_of(const Statement& row);

  Database& database_;
  Segments& segments_;
  bool erased_ = false;
};

}  // namespace bascule
