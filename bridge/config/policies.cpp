#include "config/policies.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "config/values.hpp"
#include "config/wiring.hpp"
#include "message/topic.hpp"
#include "policy/instance.hpp"
#include "policy/plugin.hpp"
#include "text/json_text.hpp"

namespace bascule {
namespace {

using nlohmann::ordered_json;
using namespace std::chrono_literals;

std::string plugin_name(const std::string& text) {
  if (text.starts_with('/')) return absolute_path(text);
  return identifier(text);
}

// What a case's topic begins with.
std::string cases_topic(const std::string& text) {
  std::string why;
  if (valid_topic(text, &why) && !text.ends_with('/')) return text;
  throw std::invalid_argument("must be a topic such as \"office/cases\", not " + in_quotes(text) +
                              (why.empty() ? "" : ": " + why));
}

Gate parse_gate(const std::string& text) {
  if (text == "at once") return {};
  if (text == "caught up") return {Gate::Kind::caught_up, 0};
  if (const auto minute = parse_time_of_day(text); minute && *minute < 24 * 60) {
    return {Gate::Kind::daily, *minute};
  }
  throw std::invalid_argument("cannot be " + in_quotes(text) +
                              "; use \"at once\", \"caught up\" or a time such as \"01:00\"");
}

// A plain scalar that is a JSON number, boolean or null is that; all else is a text.
ordered_json scalar(const YamlNode& node) {
  if (node.plain) {
    ordered_json value = ordered_json::parse(node.text, nullptr, false);
    if (value.is_number() || value.is_boolean() || value.is_null()) return value;
  }
  return node.text;
}

// The key as a part of a JSON pointer.
std::string pointer_part(const std::string& key) {
  std::string part = "/";
  for (const char c : key) {
    if (c == '~') {
      part += "~0";
    } else if (c == '/') {
      part += "~1";
    } else {
      part += c;
    }
  }
  return part;
}

// The options as JSON; notes where each part of them stands.
ordered_json to_json(const YamlNode& node, const std::string& pointer, PolicyConfig& policy,
                     Problems& problems) {
  policy.positions[pointer] = node.at;
  switch (node.kind) {
    case YamlNode::Kind::null:
      return nullptr;
    case YamlNode::Kind::text:
      return scalar(node);
    case YamlNode::Kind::list: {
      ordered_json list = ordered_json::array();
      for (const YamlEntry& entry : node.entries) {
        list.push_back(
            to_json(*entry.value, pointer + '/' + std::to_string(list.size()), policy, problems));
      }
      return list;
    }
    case YamlNode::Kind::map:
      break;
  }
  ordered_json map = ordered_json::object();
  for (const YamlEntry& entry : node.entries) {
    if (map.contains(entry.key)) {
      problems.add(entry.key_at, in_quotes(entry.key) + " is there twice; keep one of them");
      continue;
    }
    const std::string below = pointer + pointer_part(entry.key);
    map[entry.key] = to_json(*entry.value, below, policy, problems);
    if (entry.value->kind == YamlNode::Kind::null) policy.positions[below] = entry.key_at;
  }
  return map;
}

auto lane_among(const std::vector<LaneSettings>& lanes) {
  return [&lanes](const std::string& text) {
    std::vector<std::string_view> names;
    for (const LaneSettings& lane : lanes) names.push_back(lane.name);
    if (std::find(names.begin(), names.end(), text) != names.end()) return text;
    throw std::invalid_argument("names no lane of this file: " + in_quotes(text) + "; " +
                                suggestion(text, names));
  };
}

PolicyConfig read_policy(Section& policies, const std::string& name, const BridgeConfig& config,
                         Problems& problems) {
  PolicyConfig policy;
  policy.name = name;
  policy.lane.clear();
  Section section = policies.section(name);
  policy.at = section.at();
  section.need("plugin", policy.plugin, plugin_name);
  policy.plugin_at = section.at("plugin");
  section.read("lane", policy.lane, lane_among(config.lanes));
  section.read("cases", policy.cases, cases_topic);
  policy.cases_at = section.at("cases");
  section.read("gate", policy.gate, parse_gate);
  section.read("timeout", policy.timeout_ms, duration_ms(10ms, 1h));
  policy.positions[""] = section.at("options");
  if (const YamlNode* options = section.map("options")) {
    policy.options = json_text(to_json(*options, "", policy, problems));
  }
  section.finish();
  return policy;
}

}  // namespace

Position position_of(const PolicyConfig& policy, std::string pointer) {
  while (!pointer.empty()) {
    if (const auto found = policy.positions.find(pointer); found != policy.positions.end()) {
      return found->second;
    }
    pointer.resize(std::min(pointer.rfind('/'), pointer.size()));
  }
  return policy.positions.at("");
}

void read_policies(Section& file, BridgeConfig& config, Problems& problems) {
  Section policies = file.section("policies");
  for (const std::string& name : policies.keys()) {
    try {
      identifier(name);
    } catch (const std::invalid_argument& wrong) {
      policies.refuse(name, std::string("the name of a policy ") + wrong.what());
    }
    config.policies.push_back(read_policy(policies, name, config, problems));
  }
}

void finish_policies(Section& file, BridgeConfig& config, Problems& problems) {
  for (PolicyConfig& policy : config.policies) {
    bool named = false;
    for (const Route& route : config.routes) named = named || route.policy == policy.name;
    if (!named && file.has("routes")) {
      problems.add(policy.at, "no route names the policy " + in_quotes(policy.name) +
                                  "; name it with \"policy\" in one, or remove it");
    }
    if (policy.lane.empty()) policy.lane = "default";
  }
}

void check_policies(const BridgeConfig& config) {
  Problems problems(config.file);
  const auto directories = plugin_directories(config.plugin_dir);
  for (const PolicyConfig& policy : config.policies) {
    try {
      const bascule_policy& type = load_plugin(policy.plugin, directories);
      std::vector<OptionProblem> found;
      std::vector<PolicyTopic> topics;
      Instance::make(type, policy, config.id, found, &topics);
      for (const OptionProblem& problem : found) {
        problems.add(position_of(policy, problem.pointer),
                     in_quotes(problem.path(policy.options)) + ' ' + problem.text);
      }
      if (found.empty()) check_wiring(config, policy, topics, problems);
    } catch (const PluginError& wrong) {
      problems.add(policy.plugin_at, std::string("\"plugin\" ") + wrong.what());
    }
  }
  problems.throw_if_any();
}

}  // namespace bascule
