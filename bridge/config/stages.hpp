// What the stages get from the configuration where it is more than one part of it. Pure functions.
#pragma once

#include <vector>

#include "config/config.hpp"
#include "policy/host.hpp"

namespace bascule {

// The journal's lanes: those of the file, and what policies and events need besides.
std::vector<LaneSettings> all_lanes(const BridgeConfig& config);

PolicyHostSettings host_settings(const BridgeConfig& config);

}  // namespace bascule
