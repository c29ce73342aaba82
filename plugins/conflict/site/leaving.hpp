// Edits on their way up: as they came, with what their authors had seen, and stamped in the
// centre's time once that is known.
#pragma once

#include <cstdint>
#include <string>

#include "conflict/record/hlc.hpp"
#include "conflict/site/visit.hpp"

namespace bascule::conflict {

// Sends the edit of this input up, or keeps it until the clock is measured. `hub`: whose version
// its base is.
void leave(Visit& visit, const Op& op, const std::string& hub);
// Sends what has waited for the clock, some at a time; then the report that was asked for.
void release(Visit& visit);

// The next stamp of this site: greater than all that it has sent, and than `seen`.
Hlc stamp_after(Visit& visit, const Hlc& seen, std::int64_t now_ms);

}  // namespace bascule::conflict
