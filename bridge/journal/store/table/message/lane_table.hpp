// What the books are kept in: tables lane and tally of FORMAT.md. Journal's thread.
// Errors are DatabaseError.
#pragma once

#include <string>
#include <vector>

#include "journal/lane/lane_state.hpp"
#include "journal/store/sqlite/database.hpp"
#include "journal/store/table/message/resolved_table.hpp"

namespace bascule {

// Deliveries that made no journal entry, per direction; and what policies added.
struct Tally {
  std::uint64_t unrouted = 0, repeats = 0, refused = 0;
  std::uint64_t emitted = 0;  // the other way round: journal entries that nobody delivered
};

class LaneTable {
 public:
  explicit LaneTable(Database& database) : database_(database), resolved_(database) {}

  std::vector<LaneState> load();  // without what is in no column of theirs
  LaneId add(Direction direction, const std::string& name);
  void save(LaneState& lane);

  Tally tally(Direction direction);
  void save_tally(Direction direction, const Tally& tally);

 private:
  std::vector<LaneState> load_rows();
  void load_done(LaneState& lane);
  const SequenceSet& save_done(LaneState& lane);

  Database& database_;
  ResolvedTable resolved_;
};

}  // namespace bascule
