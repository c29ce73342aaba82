// The way out of the journal: batches of a lane, from memory while a reader keeps up. Rows whose
// checksums fail are salvaged and skipped. Journal's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "journal/backlog/appender.hpp"
#include "journal/backlog/tail.hpp"
#include "journal/books/books.hpp"
#include "journal/books/transaction.hpp"

namespace bascule {

class BatchReader {
 public:
  BatchReader(Transaction& transaction, Books& books, const Appender& appender)
      : transaction_(transaction), books_(books), appender_(appender), tail_(tail_bytes_max) {}

  // Up to about `bytes_max` of the lane from `from` on, at least one batch if there is one; the
  // first may begin before `from`. Empty: nothing is there yet. What a damaged row or a hole has
  // taken is written to the loss ledger.
  std::vector<BatchPtr> read(LaneId lane, std::uint64_t from, std::size_t bytes_max);
  // What the messages of the range take.
  std::uint64_t bytes_of(const LaneState& lane, const SequenceRange& range);

  void committed(std::vector<BatchPtr> batches);  // they can be read
  void forget(LaneId lane, std::uint64_t first);  // the batch that begins so was given up
  void clear() { tail_.clear(); }

 private:
  static constexpr std::size_t tail_bytes_max = 8 << 20;

  BatchPtr sound(LaneState& lane, std::uint64_t from);
  std::uint64_t bytes_through(const LaneState& lane, std::uint64_t sequence);

  Transaction& transaction_;
  Books& books_;
  const Appender& appender_;
  Tail tail_;
};

}  // namespace bascule
