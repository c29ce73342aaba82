// The daemon: all stages of one bridge, from start to an orderly end.
#pragma once

#include <vector>

#include "config/config.hpp"
#include "policy/host.hpp"

namespace bascule {

// Runs the bridge in the foreground until SIGTERM or SIGINT. Returns the program's exit code;
// throws, with what to do, if it cannot start.
int run_daemon(const BridgeConfig& config);

// What the configuration makes of the journal and the policies' host: the lanes of the file, and
// those that policies and events need besides.
std::vector<LaneSettings> all_lanes(const BridgeConfig& config);
PolicyHostSettings host_settings(const BridgeConfig& config);

}  // namespace bascule
