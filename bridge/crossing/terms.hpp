// On which terms a crossing is with its broker: how its link connects, and what it asks for.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "journal/journal.hpp"
#include "link/link.hpp"
#include "link/own_topic_names.hpp"
#include "route/route.hpp"

namespace bascule {

// What the broker has spoken, as the journal knows; `peer` is who is at the session's two ends.
// Before the journal's start.
Spoken spoken_by(Journal& journal, const std::string& peer);

// With the will that says that the bridge is gone, if there is one.
LinkSettings completed(LinkSettings settings, const OwnTopicNames& own, Spoken spoken);

// `in`: of what the broker delivers.
std::vector<Subscription> wanted(const OwnTopicNames& own, Direction in,
                                 const LinkSettings& settings, const RouteTable& table);

// The highest QoS at which these routes may publish, or ask for, at either broker.
Qos qos_asked(const std::vector<Route>& routes);

// For people, each empty if there is nothing to say: what the broker has granted less of than was
// asked for, with `asked` of qos_asked(); that more is subscribed than its service takes; and that
// the rate of the link holds something back.
std::string granted_less(const LinkSettings& settings, const std::optional<Limits>& granted,
                         Qos asked);
std::string subscribes_too_much(const LinkSettings& settings, std::size_t wanted);
std::string rate_text(const LinkRate& rate);

// The URL by which the journal knows the broker whose deliveries go `in`: that of before, for as
// long as it is one of the broker's addresses. Before the journal's start.
std::string known_url(Journal& journal, Direction in, const LinkSettings& settings);

// How the connection to this peer begins, as the journal is told it.
SessionStart session_start(const std::string& peer, const LinkSettings& settings,
                           const Limits& limits);

// Logs where the session was with a broker at another address before.
void tell_of_former(const std::string& peer, const LinkSettings& settings);

// Whether a link that was made for these settings does for those, too: what of them is the
// stages' affair may differ.
bool same_link(LinkSettings one, LinkSettings other);

}  // namespace bascule
