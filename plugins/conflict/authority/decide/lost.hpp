// Notes what loses (losses.hpp), so that a person can have it back (R38).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conflict/authority/turn/turn.hpp"
#include "conflict/merge/knowledge.hpp"

namespace bascule::conflict {

// Of an op that has its verdict: what of it does not stand.
void note_lost(Turn& turn, const Record& record, const Entry& entry);

// A value that stands, of an author whom the op at hand has not seen.
struct Rival {
  std::string unit;
  std::uint64_t number = 0;  // the entry that wrote it
  std::string value;
};
// Before the op changes the record: those that it may take the place of.
std::vector<Rival> rivals_of(const Knowledge& knowledge, const Op& op,
                             const std::vector<Change>& changes, const Record& record);
// Afterwards: those of which it has taken the place.
void note_replaced(Turn& turn, const std::vector<Rival>& rivals, const Entry& entry,
                   const Record& record);

// A person has decided between the values of a field: all but the one that stands now have lost.
// `before`: the record with all of them.
void note_decided(Turn& turn, const Record& before, const std::string& unit, const Op& decision);

}  // namespace bascule::conflict
