#include "config/stages.hpp"

#include <stdexcept>

#include "link/connect_settings.hpp"

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

std::string read_stamp_key(const BridgeConfig& config) {
  constexpr std::size_t bytes_min = 16;
  const std::string& path = config.stamp_key_file;
  if (path.empty() || path.starts_with("${")) return {};
  std::string key = read_file(path, "stamp_key_file");
  while (key.ends_with('\n') || key.ends_with('\r')) key.pop_back();
  if (key.size() < bytes_min) {
    throw std::runtime_error("stamp_key_file: " + path + " holds " + std::to_string(key.size()) +
                             " bytes, which is too short for a key; make one with 'openssl rand "
                             "-base64 32', the same for all bridges that meet");
  }
  return key;
}

OwnTopicNames own_at_centre(const BridgeConfig& config) {
  const LinkSettings& centre = config.hub ? config.site : config.central;
  return OwnTopicNames(config.id, centre.own_topics, centre.retain);
}

PolicyHostSettings host_settings(const BridgeConfig& config) {
  PolicyHostSettings settings;
  settings.bridge_id = config.id;
  settings.events_topic = own_at_centre(config).events();
  settings.policies.assign(config.policies.begin(), config.policies.end());
  settings.plugin_dir = config.plugin_dir;
  settings.hub = config.hub;
  settings.max_payload_bytes = config.journal.max_payload_bytes;
  return settings;
}

}  // namespace bascule
