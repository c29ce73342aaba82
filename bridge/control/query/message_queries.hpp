// The question about the messages of a lane.
//
//   GET /v1/journal/show
//        direction, lane (default), from (a sequence; the oldest), count (20, at most 1,000), topic
//        (a filter), state (the word before its colon), since_ms (wall time), payload_max (bytes of
//        each payload; all); or tail (in place of count) and before (a sequence; the end): the last
//        ones
//        {"messages": [{sequence, captured_ms, topic, qos, retain, bytes, payload_base64,
//         properties, state}], in their order, "next": what to pass as `from`, with tail as
//         `before`, to look on; missing at the end}
//        The state is pending, forwarded, or "WORD: why": quarantined, held, lost.
//
// Each answer reads a bounded number of bytes: of one that has a `next` there may be more.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "control/query/query.hpp"
#include "journal/core.hpp"

namespace bascule {

// On the thread that owns the journal. Throws std::invalid_argument for a question that is wrong.
nlohmann::json messages_answer(JournalCore& core, const Query& query);

// The lane that `direction` and `lane` name. Throws std::invalid_argument if there is none.
const LaneState& asked_lane(const JournalCore& core, const Query& query);

// What became of a message of the lane, as far as the journal has it: a state, as above.
std::string message_state(JournalCore& core, const LaneState& lane, std::uint64_t sequence);

}  // namespace bascule
