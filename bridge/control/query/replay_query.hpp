// The question what of a lane has crossed and is still stored: what can be sent again.
//
//   GET /v1/journal/crossed
//        direction, lane (default), from and to (sequences), since_ms and until_ms (wall time of
//        journaling), topic (a filter)
//        {"ranges": [[first, last], …], "messages": n, "bytes": n, "first_stored": the oldest that
//         the lane has, "first_stored_ms": when that was journaled, 0: nothing is stored, "last":
//         the highest that has had its fate, "next": what to pass as `from` to look on; missing
//         at the end}
//
// What was given up, and what is held or quarantined, has not crossed. Each answer reads a bounded
// number of bytes.
#pragma once

#include <nlohmann/json.hpp>

#include "control/query/query.hpp"
#include "journal/core.hpp"

namespace bascule {

inline constexpr const char* crossed_question = "/v1/journal/crossed";

// On the thread that owns the journal. Throws std::invalid_argument for a question that is wrong.
nlohmann::json crossed_answer(JournalCore& core, const Query& query);

}  // namespace bascule
