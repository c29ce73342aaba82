// What the stages get from the configuration where it is more than one part of it. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "link/own_topic_names.hpp"
#include "policy/host.hpp"

namespace bascule {

// The journal's lanes: those of the file, and what policies and events need besides.
std::vector<LaneSettings> all_lanes(const BridgeConfig& config);

// The key by which stamps are proven: what the file holds, without the line's end; empty: none is
// configured, or it is a credential that only the service sees. Throws std::runtime_error, with
// what to do, if it cannot be read or is too short to be one.
std::string read_stamp_key(const BridgeConfig& config);

// Where the bridge speaks for itself at the broker of the centre, which is the one of a hub.
OwnTopicNames own_at_centre(const BridgeConfig& config);

PolicyHostSettings host_settings(const BridgeConfig& config);

}  // namespace bascule
