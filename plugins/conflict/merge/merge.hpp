// Brings an op's fields into a record.
#pragma once

#include <string>
#include <vector>

#include "conflict/merge/knowledge.hpp"

namespace bascule::conflict {

// A decided op that was concurrent, and where the two meet.
struct Pair {
  const Entry* stored;
  std::vector<std::string> units;  // "*": the record as a whole
  bool ambiguous = false;          // nearer in time than the clocks are sure
};

// Why an op's fields can be of no record ("not_an_integer"); empty: they can.
std::string unfit(const Options& options, const Op& op);
// The units that an op writes, whole.
std::vector<Change> changes_of(const Options& options, const Knowledge& knowledge, const Op& op);

// The concurrent ops that are to be reported, as `detect` has it.
std::vector<Pair> pairs_of(const Options& options, const Knowledge& knowledge, const Op& op,
                           const std::vector<Change>& changes);

struct Merged {
  bool stands = false;             // something of it does
  bool changed = false;            // the record has other values than before
  std::vector<std::string> lost;   // units of which it does not
  std::vector<std::string> asked;  // units that now wait for a person
};

Merged merge(const Options& options, const Knowledge& knowledge, Author by,
             const std::vector<Change>& changes, Record& record);

}  // namespace bascule::conflict
