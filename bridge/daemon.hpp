// The daemon: all stages of one bridge, from start to an orderly end.
#pragma once

#include "config/config.hpp"

namespace bascule {

// Runs the bridge in the foreground until SIGTERM or SIGINT. Returns the program's exit code;
// throws, with what to do, if it cannot start.
int run_daemon(const BridgeConfig& config);

}  // namespace bascule
