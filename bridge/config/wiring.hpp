// Whether routes and lanes fit what a policy takes and sends, as its plugin says of its options.
#pragma once

#include <vector>

#include "config/section.hpp"
#include "policy/instance.hpp"

namespace bascule {

// Adds a problem for each topic that the policy needs and no route brings, each route that brings
// nothing that it takes, each topic that it sends and a route brings back to it as one of those
// that it takes, and a lane that may lose what it sends. A plugin that names no topics is not held
// against routes, but for the decisions of its cases.
void check_wiring(const BridgeConfig& config, const PolicyConfig& policy,
                  const std::vector<PolicyTopic>& topics, Problems& problems);

}  // namespace bascule
