// The daemon: all stages of one bridge, from start to an orderly end.
#pragma once

#include "config/config.hpp"

namespace bascule {

// Runs the bridge in the foreground until SIGTERM or SIGINT. Returns the program's exit code;
// throws, with what to do, if it cannot start: also where limits that are tighter than before would
// give up what waits, unless the losses are accepted.
int run_daemon(const BridgeConfig& config, bool accept_losses);

}  // namespace bascule
