// Rules on what may be in a record (option validate): the last step before it is sent.
#pragma once

#include <string>
#include <vector>

namespace bascule::conflict {

struct Op;
struct Options;
struct Record;
// Which rule of which field does not hold, in the words of the options; empty: all hold.
struct Violation {
  std::string field;
  std::string rule;
  bool any() const { return !field.empty(); }
};

// Of the fields that an op writes, also those that it leaves out of a record that it makes.
Violation violation_of(const Options& options, const Op& op, const Record& record);
// Of a record that these units were merged into.
Violation violation_in(const Options& options, const Record& record,
                       const std::vector<std::string>& units);

}  // namespace bascule::conflict
