// What of a lane is resolved beyond its cursor, where that is many ranges: table resolved of
// FORMAT.md. A bit for each sequence, so that a million of them with any holes are in some 35
// pages: these stay in SQLite's cache, and a checkpoint writes each of them once. Journal's thread.
// Errors are DatabaseError.
#pragma once

#include <cstdint>
#include <string_view>

#include "journal/lane/lane_sequence.hpp"
#include "journal/lane/sequence_set.hpp"
#include "journal/store/sqlite/database.hpp"

namespace bascule {

class ResolvedTable {
 public:
  explicit ResolvedTable(Database& database) : database_(database) {}

  // What the rows say is resolved beyond `cursor`.
  SequenceSet load(LaneId lane, std::uint64_t cursor);
  // `done` is all that is resolved beyond the cursor; `news` of it may not be in the rows yet.
  void save(LaneId lane, const SequenceSet& done, const SequenceSet& news);
  // What is not above `cursor` is of no use any more.
  void forget_to(LaneId lane, std::uint64_t cursor);
  void forget(LaneId lane) { erase(lane, 0, LaneSequence::sequence_max); }

 private:
  // What is in the block of the news, and all of the blocks behind it that need no bits; returns
  // the next block.
  std::uint64_t add(LaneId lane, const SequenceSet& done, std::uint64_t block,
                    const SequenceRange& news);
  void insert(LaneId lane, std::uint64_t block, std::uint64_t blocks, std::string_view bits);
  void erase(LaneId lane, std::uint64_t first, std::uint64_t last);  // by first sequence

  Database& database_;
};

}  // namespace bascule
