// The questions about what is quarantined, and what can be done with it.
//
//   GET /v1/journal/quarantine
//        number (one of them), or direction, lane, topic (a filter), reason (a part of it); before
//        (a number; the newest), count (100), payload_max (bytes of each payload; all)
//        {"messages": [{number, direction, lane (empty: it never had one), sequence, at_ms, reason,
//         topic, topic_base64, qos, retain, bytes, kept_bytes, payload_base64, properties}],
//         newest first, "next": what to pass as `before` for what is older; missing at the end,
//         "total": {"messages", "bytes"}, of all that is quarantined}
//   POST /v1/journal/quarantine/requeue and …/drop
//        number, direction, lane, topic, reason as above, or all; after, until (numbers); into (a
//        lane, for requeue)
//        {"done": n, "skipped": [{"number", "why"}], "next": {"after", "until"}, for the rest}
//        Oldest first. What is requeued goes to the end of its lane, as a new message; what never
//        had one goes where its route says now; all of it into the lane `into`, if one is given.
//
// Each answer covers a bounded number of rows: of one that has a `next` there may be more.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "control/query/query.hpp"
#include "journal/core.hpp"

namespace bascule {

inline constexpr const char* quarantine_changes[] = {"/v1/journal/quarantine/requeue",
                                                     "/v1/journal/quarantine/drop"};

// On the thread that owns the journal. Throw std::invalid_argument for a question that is wrong.
nlohmann::json quarantine_answer(JournalCore& core, const Query& query);
nlohmann::json quarantine_change(JournalCore& core, std::string_view what, const Query& query,
                                 const Quarantine::Routed& routed = {});

}  // namespace bascule
