// The list `routes`.
#pragma once

#include <string>

#include "config/section.hpp"

namespace bascule {

// Reads the routes of the file into `config`, whose lanes are read already, and checks them one by
// one and against each other. `id` is what stands for {bridge.id}.
void read_routes(Section& file, const std::string& id, BridgeConfig& config, Problems& problems);

}  // namespace bascule
