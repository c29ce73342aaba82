// What the stages get from the configuration where it is more than one part of it. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "policy/host.hpp"

namespace bascule {

// The journal's lanes: those of the file, and what policies and events need besides.
std::vector<LaneSettings> all_lanes(const BridgeConfig& config);

// The key by which stamps are proven: what the file holds, without the line's end; empty: none is
// configured, or it is a credential that only the service sees. Throws std::runtime_error, with
// what to do, if it cannot be read or is too short to be one.
std::string read_stamp_key(const BridgeConfig& config);

PolicyHostSettings host_settings(const BridgeConfig& config);

}  // namespace bascule
