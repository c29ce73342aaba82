// `bascule policy replay`: what another configuration of a policy would have decided.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "replay/past.hpp"

namespace bascule {

struct ReplayRequest {
  std::string policy;
  std::string with;               // another configuration file; empty: this one
  std::vector<std::string> sets;  // "KEY=VALUE", of the policy's options
  std::size_t listed = 20;        // differences at the most
};

// Runs the inputs that `past` has through the policy as it is, and as it would be. Throws
// std::runtime_error with one line. `progress` is called now and then.
//
//   {"policy", "inputs", "from_ms", "to_ms", "from_the_start",
//    "present": {"reproduced", "otherwise", "first_otherwise": {direction, number} or null},
//    "other": null, or {"same", "different", "failed", "cases_more" (with a sign),
//              "not_asked_for", "own_wakes",
//              "changes": [{"what", "count", "direction", "number"}], most frequent first,
//              "differences": [{"direction", "number", "topic", "wall_ms", "what", "was",
//                               "would_be"}], the first ones},
//    "quarantined": inputs that were left out}
nlohmann::json replay_policy(
    const BridgeConfig& config, const Past& past, const ReplayRequest& request,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress);

}  // namespace bascule
