// Makes a journal of the rows that were taken into it: what they need and is not there, as far as
// it follows from the rest. The database is the caller's alone. Throws DatabaseError.
#pragma once

#include <string>

#include "journal/salvage/recovery.hpp"

namespace bascule {

struct Repairs {
  std::vector<LaneId> forgotten;  // lanes of which nobody knows any more what of them has crossed
  std::vector<LaneId> nameless;   // and those of which not even that they are known by
  std::vector<LaneId> open;       // lanes at whose end messages may be missing
  LaneId last = 0;                // none is known beyond it …
  bool more = false;              // … but there may be some
};

// `turned`: how the damaged journal numbered its rows of messages, see FORMAT.md, `batch.id`.
Repairs repair(Database& database, const Damage& damage, const std::string& bridge_id, bool turned);

}  // namespace bascule
