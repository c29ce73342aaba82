// What people ask an authority (`bascule conflict`): what lost, and which records are in which
// state.
#pragma once

#include <string_view>

#include "bascule/policy.hpp"
#include "conflict/options/options.hpp"

namespace bascule::conflict {

// Explains the answer, an object:
//   losers {"record", "since_ms", "after"}: {"losers": [{"number", "record", "op", "origin",
//   "kind",
//     "fields", "person", "time_ms", "why", "to", "lost_ms", "verdict"}], "next", "forgotten"}
//   records {"state", "after"}: {"records": [{"record", "state", "deleted", "version", "into"}],
//     "next"}
//   reinstate, as in reinstate.hpp: {"record", "fields"}
// A portion at a time: `next` is the next one's `after`, and missing in the last. What cannot be
// answered has "refused".
void answer(const Options& options, plugin::Step& step, std::string_view what,
            std::string_view about);

}  // namespace bascule::conflict
