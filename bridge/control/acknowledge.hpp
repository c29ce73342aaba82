// What a person knows, and need not be told any more.
//
//   POST /v1/acknowledge
//        link (site, central, or journal); by
//        {"acknowledged": [{"link", "last"}]}: that its broker had forgotten, the last time then.
//        Of the journal: that it was salvaged, or came from another machine.
//        Should it forget again, that is told anew. Nothing, where there is nothing to know.
#pragma once

#include <nlohmann/json.hpp>

#include "control/handlers.hpp"
#include "control/query/query.hpp"

namespace bascule {

// On the server's threads; waits for the journal. Throws std::invalid_argument for a link that
// there is not.
nlohmann::json acknowledge(const Stages& stages, const Query& query);

}  // namespace bascule
