// The `topic` lines of a mosquitto bridge as routes.
#pragma once

#include <string>
#include <vector>

#include "cli/draft/draft.hpp"
#include "cli/draft/mosquitto_conf.hpp"

namespace bascule {

// Routes that the configuration takes: the two lines of one topic in both directions become one
// route, a line that never took anything and one that cannot be said are left out, and where two
// would send a message round, the wider one gets an `exclude`. What is not as it was is appended
// to `notes`. `bridge_id` is that of the draft; `retained_up`: false clears the flag of all that
// goes up (bridge_outgoing_retain).
std::vector<DraftRoute> routes_of(const MosquittoBridge& bridge, const std::string& bridge_id,
                                  bool retained_up, std::vector<std::string>& notes);

}  // namespace bascule
