#include "config/stages.hpp"

namespace bascule {

std::vector<LaneSettings> all_lanes(const BridgeConfig& config) {
  std::vector<LaneSettings> lanes = config.lanes;
  const std::vector<PolicySettings> policies(config.policies.begin(), config.policies.end());
  for (LaneSettings& lane : PolicyHost::input_lanes(policies)) lanes.push_back(std::move(lane));
  if (config.hub) {
    lanes.emplace_back().name = events_lane;  // in both directions: events go down there
  }
  return lanes;
}

PolicyHostSettings host_settings(const BridgeConfig& config) {
  PolicyHostSettings settings;
  settings.bridge_id = config.id;
  settings.policies.assign(config.policies.begin(), config.policies.end());
  settings.plugin_dir = config.plugin_dir;
  settings.hub = config.hub;
  settings.max_payload_bytes = config.journal.max_payload_bytes;
  return settings;
}

}  // namespace bascule
