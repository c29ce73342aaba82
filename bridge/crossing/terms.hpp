// On which terms a crossing is with its broker: how its link connects, and what it asks for.
#pragma once

#include <string>
#include <vector>

#include "journal/journal.hpp"
#include "link/link.hpp"
#include "route/route.hpp"

namespace bascule {

// What the broker has spoken, as the journal knows; `peer` is who is at the session's two ends.
// Before the journal's start.
Spoken spoken_by(Journal& journal, const std::string& peer);

// With the will that says that the bridge is gone.
LinkSettings completed(LinkSettings settings, const std::string& will_topic, Spoken spoken);

std::vector<Subscription> wanted(const std::string& bookmark_topic, const std::string& state_topic,
                                 const LinkSettings& settings, const RouteTable& table);

// Logs where the session was with a broker at another address before.
void tell_of_former(const std::string& peer, const LinkSettings& settings);

// Whether a link that was made for these settings does for those, too: what of them is the
// stages' affair may differ.
bool same_link(LinkSettings one, LinkSettings other);

}  // namespace bascule
