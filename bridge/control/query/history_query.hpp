// What was, for plots:
//
//   GET /v1/history   since, until (times; the last day), points (240, at most 2,000)
//        {"step": s, "from", "until": times, "lanes": {"up/sales": {"pending": [], "received": [],
//         "forwarded": [], "lost": [], "oldest": []}}, "links": {"site": [{"from", "until",
//         "state"}], "central": […]}, "round_trips": {"site": [], "central": []}}
//        One value for each step from `from` on; null where nothing was recorded. pending, and
//        oldest in s: the most, as round_trips in ms, which has null also where none was known; the
//        others: how many meanwhile. A link has a stretch for each state; there is none where
//        nothing was recorded.
#pragma once

#include <nlohmann/json.hpp>

#include "clock.hpp"
#include "control/query/query.hpp"
#include "history/recorder.hpp"
#include "journal/core.hpp"

namespace bascule {

// On the journal's thread. Throws std::invalid_argument for a question that is wrong.
nlohmann::json history_answer(JournalCore& core, const HistoryRecorder& recorder,
                              const Query& query, const Now& at);

}  // namespace bascule
