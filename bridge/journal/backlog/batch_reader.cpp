#include "journal/backlog/batch_reader.hpp"

#include <algorithm>

namespace bascule {

std::vector<BatchPtr> BatchReader::read(LaneId id, std::uint64_t from, std::size_t bytes_max) {
  std::vector<BatchPtr> batches;
  LaneState& lane = books_.state(id);
  std::size_t bytes = 0;
  tail_.passed(id, from);
  while (bytes < bytes_max) {
    BatchPtr batch = sound(lane, from);
    if (batch == nullptr) break;
    from = batch->last() + 1;
    bytes += batch->data.size();
    batches.push_back(std::move(batch));
  }
  return batches;
}

// The batch at or after `from`, once its checksums hold; rows that fail are salvaged until one
// does. What a hole or a damaged row has taken is written to the loss ledger.
BatchPtr BatchReader::sound(LaneState& lane, std::uint64_t from) {
  const std::uint64_t end = appender_.readable_end(lane);
  while (from < end) {
    if (BatchPtr batch = tail_.find(lane.id, from)) return batch;
    BatchPtr batch = transaction_.store().batches().read(lane.id, from);
    if (batch == nullptr) {
      books_.close_gap(lane, from, end - 1);
      return nullptr;
    }
    if (batch->first > from) books_.close_gap(lane, from, batch->first - 1);
    RecordReader reader(lane.id, batch->first, batch->chain, batch->data,
                        RecordReader::Check::checksums);
    std::uint32_t records = 0;
    while (reader.next()) ++records;
    if (reader.ok() && records == batch->count) return batch;
    transaction_.write().batches().salvage(
        lane.id, batch->first, "checksum of sequence " + std::to_string(reader.next_sequence()));
    transaction_.urge();
    // Its count is as doubtful as the rest of it: the hole that it leaves ends where the next row
    // begins.
    from = std::min(from, batch->first);
  }
  return nullptr;
}

std::uint64_t BatchReader::bytes_of(const LaneState& lane, const SequenceRange& range) {
  const std::uint64_t before = bytes_through(lane, range.first - 1);
  return std::max(bytes_through(lane, range.last), before) - before;
}

std::uint64_t BatchReader::bytes_through(const LaneState& lane, std::uint64_t sequence) {
  const BatchPtr batch = transaction_.store().batches().read(lane.id, sequence);
  if (batch == nullptr) return lane.appended_bytes;
  std::uint64_t bytes = batch->before_bytes;
  RecordReader reader(lane.id, batch->first, batch->chain, batch->data,
                      RecordReader::Check::lengths);
  while (const auto record = reader.next()) {
    if (record->sequence > sequence) break;
    bytes += record->size;
  }
  return bytes;
}

void BatchReader::committed(std::vector<BatchPtr> batches) {
  for (BatchPtr& batch : batches) tail_.push(std::move(batch));
}

void BatchReader::forget(LaneId lane, std::uint64_t first) { tail_.forget(lane, first); }

}  // namespace bascule
