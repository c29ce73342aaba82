// The map `policies`: what each entry says, and later what its plugin says about its options.
#pragma once

#include <string>

#include "config/section.hpp"

namespace bascule {

// Reads the entries into `config`, whose lanes are read already.
void read_policies(Section& file, BridgeConfig& config, Problems& problems);

// Where a problem of the options stands: at the part that the JSON pointer names, or at the nearest
// one above it that is there.
Position position_of(const PolicyConfig& policy, std::string pointer);

// After the routes: every policy must be named by one, and has a lane for what it sends.
void finish_policies(Section& file, BridgeConfig& config, Problems& problems);

}  // namespace bascule
