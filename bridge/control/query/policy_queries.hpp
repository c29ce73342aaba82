// The questions about policies and their cases. The journal holds the answers, so that they can be
// had without a daemon, too (what a policy itself is asked, /v1/policies/ask with policy, what and
// about, and what a person wants it to do, /v1/policies/request, are the daemon's alone):
//
//   /v1/policies/explain  policy, direction (up), number
//                         {"policy", "direction", "number", "journaled_ms", "clock_trusted",
//                          "topic", "kind", "state" (waiting, decided or quarantined),
//                          "after" (inputs of the other direction decided before it),
//                          "emitted": [{direction, lane, first, last}], "verdict": {…} or null}
//   /v1/policies/inputs   see replay/policy_inputs.hpp
//   /v1/cases             all (absent: open ones only), before (a number; the newest)
//                         {"cases": [case]}, newest first; a thousand at the most
//   /v1/cases/show        number
//                         a case: {"number", "policy", "kind", "subject", "state" (open, decided or
//                          closed), "opened_ms", "data", "decision", "decided_by", "decided_ms",
//                          "outcome", "closed_ms"}; what has not come yet is null
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "control/query/query.hpp"
#include "journal/core.hpp"

namespace bascule {

inline constexpr const char* policy_questions[] = {"/v1/policies/explain", "/v1/policies/inputs",
                                                   "/v1/cases", "/v1/cases/show"};

// As journal_query(), which asks here.
nlohmann::json policy_query(JournalCore& core, std::string_view what, const Query& query);

}  // namespace bascule
