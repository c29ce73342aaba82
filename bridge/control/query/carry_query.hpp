// The question what a lane has that a stick should carry: what waits, and what has crossed and is
// not known to be kept by the far broker (stick/FORMAT.md).
//
//   GET /v1/journal/carry
//        lane (default), from (a sequence); without it, what the lane is:
//        {"epoch", "marked", "first", "first_stored", "last", "cursor", "held", "cursors": {lane:
//         cursor of each lane up}, "lanes": [names of those that a stick may carry], "behind":
//         [names of the lanes of which something has to cross before what waits in this one]}
//        history (also what has crossed long ago)
//        with `from` and `to`:
//        {"messages": [{sequence, captured_ms, age_ms (how long it has waited, or a lower bound:
//         Timeline::age_ms()), qos, retain, topic_base64, properties_base64, payload_base64}],
//         "epoch", "next": what to pass as `from` to go on; missing at the end}
//
// From `first` on everything is accounted for: what is not among the messages has crossed, or is
// held, quarantined or lost. Each answer reads a bounded number of bytes. A message that waits and
// cannot be read is refused, so that nobody takes what is there for all.
#pragma once

#include <nlohmann/json.hpp>

#include "control/query/query.hpp"
#include "journal/core.hpp"

namespace bascule {

inline constexpr const char* carry_question = "/v1/journal/carry";

// On the thread that owns the journal. Throws std::invalid_argument for a question that is wrong.
nlohmann::json carry_answer(JournalCore& core, const Query& query);

}  // namespace bascule
