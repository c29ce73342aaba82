// What a file would mean for what waits, asked of the journal before it is used.
//
//   /v1/journal/changes   file (JSON, as changes_of() makes it of a configuration)
//                         {"discards": [text], "orphans": [text]}
//                         discards: what tighter limits would give up; a start is refused over it
#pragma once

#include <nlohmann/json.hpp>

#include "changes.hpp"
#include "control/query/query.hpp"

namespace bascule {

inline constexpr const char* changes_question = "/v1/journal/changes";

// On the thread that owns the journal. Throws std::invalid_argument for a question that is wrong.
nlohmann::json changes_answer(JournalCore& core, const Query& query);
Query changes_of(const BridgeConfig& config);

}  // namespace bascule
