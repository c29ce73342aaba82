// The end of an op: its record, its history, what is sent, and who has waited for it.
#pragma once

#include <string>

#include "conflict/authority/turn/turn.hpp"

namespace bascule::conflict {

// Writes down an op's verdict and what it made of the record, and tells everybody. `whole`: the
// record has come to life or lost it.
void conclude(Turn& turn, Record& record, Entry entry, bool whole = false);
// Sends a record once more, as it is.
void tell_again(Turn& turn, const std::string& key, const Record& record);
// REJECT: the op has no effect on its record.
void reject(Turn& turn, const Op& op, const std::string& reason, const Violation& violation = {});

}  // namespace bascule::conflict
