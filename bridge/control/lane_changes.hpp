// What a person can have done about one lane on its way out. The journal is changed, and the
// forwarder of that lane told.
//
//   POST /v1/journal/replay
//        direction (up), lane (default), from and to (sequences; without both: what the loss ledger
//        has as not_resent and beyond_history); or ranges ("5-6,9-9")
//        {"messages": n, "first", "last", "gone": asked for, and not stored any more}
//        Messages that have had their fate are sent again, with their numbers.
//   POST /v1/journal/quarantine/add
//        direction (up), lane (default)
//        {"topic", "topic_base64", "number": in the quarantine; 0: it is not there any more}
//        The message that the lane waits for, since the far broker refuses it for now.
//        With policy (its name), or all (and lane): everything that waits where nobody takes from,
//        since the file has no such policy, or no central broker
//        {"done": n, "left": n, for which the quarantine has no room}
#pragma once

#include <nlohmann/json.hpp>

#include "control/handlers.hpp"
#include "control/query/query.hpp"

namespace bascule {

// On the server's threads; they wait for the journal and the link. Throw std::invalid_argument for
// what cannot be done, with what to do.
nlohmann::json replay_lane(const Stages& stages, const Query& query);
nlohmann::json set_aside(const Stages& stages, const Query& query);

}  // namespace bascule
