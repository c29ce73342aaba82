// The daemon: one bridge, from start to an orderly end, that takes over a changed file in between.
#pragma once

#include "config/config.hpp"

namespace bascule {

// Runs the bridge in the foreground until SIGTERM or SIGINT. Returns the program's exit code;
// throws, with what to do, if it cannot start: also where limits that are tighter than before would
// give up what waits, unless the losses are accepted.
//
// At SIGHUP, or where the control server is asked to (POST /v1/reload), the file is read again:
//
//        dry_run (says only what would be), accept_losses
//        {"applied": bool, "problems": ["file:line:col: error: …"], "refused": why it was not taken
//         over, or null, "changes": ["lanes.media.ttl: 7d -> 1d"], "how": nothing, log (in place)
//         or stages (all ended in their order and were made anew), "kept": [links that need not be
//         disconnected, or were not], "dropped": [links that were], "took_ms"}
//
// Nothing has changed where it was not applied.
int run_daemon(const BridgeConfig& config, bool accept_losses);

}  // namespace bascule
