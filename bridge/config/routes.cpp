#include "config/routes.hpp"

#include <stdexcept>

#include "config/values.hpp"
#include "route/analysis.hpp"

namespace bascule {
namespace {

// What is wrong with a topic is a sentence of its own.
std::string checked(std::string text, const std::string& error) {
  if (error.empty()) return text;
  throw std::invalid_argument("is impossible: " + error);
}

std::string pattern(const std::string& text) {
  return checked(plain_text(text), pattern_error(text));
}

auto template_over(const std::string& from) {
  return [&from](const std::string& text) {
    return checked(plain_text(text), from.empty() ? "" : template_error(text, from));
  };
}

auto lane_among(const std::vector<LaneSettings>& lanes) {
  return [&lanes](const std::string& text) {
    std::vector<std::string_view> names;
    for (const LaneSettings& lane : lanes) names.push_back(lane.name);
    for (std::string_view name : names) {
      if (name == text) return text;
    }
    throw std::invalid_argument("names no lane of this file: " + in_quotes(text) + "; " +
                                suggestion(text, names));
  };
}

auto policy_among(const std::vector<PolicyConfig>& policies) {
  return [&policies](const std::string& text) {
    std::vector<std::string_view> names;
    for (const PolicyConfig& policy : policies) names.push_back(policy.name);
    for (std::string_view name : names) {
      if (name == text) return text;
    }
    throw std::invalid_argument(
        "names no policy of this file: " + in_quotes(text) + "; " +
        (names.empty() ? "there is no \"policies\"" : suggestion(text, names)));
  };
}

// What goes to a policy has no lane of its own: the route's is the one that the policy sends
// through, if the policy names none.
void settle_lane(Section& section, const Route& route, BridgeConfig& config) {
  if (route.policy.empty() || !section.has("lane")) return;
  for (PolicyConfig& policy : config.policies) {
    if (policy.name != route.policy) continue;
    if (policy.lane.empty()) policy.lane = route.lane;
    if (policy.lane == route.lane) return;
    section.complain("lane", "\"lane\" has no effect: the policy " + in_quotes(policy.name) +
                                 " sends through the lane " + in_quotes(policy.lane) +
                                 "; remove this key");
  }
}

void check_hub(Section& section, const Route& route, const BridgeConfig& config) {
  if (!config.hub) return;
  if (route.direction == Direction::down) {
    section.complain("direction",
                     "\"direction\" must be up without \"central\": there is no other broker");
  } else if (route.policy.empty()) {
    section.complain("a route needs \"policy\" without \"central\": there is nowhere else to go");
  }
}

Route read_route(Section& section, BridgeConfig& config) {
  Route route;
  section.need("name", route.name, identifier);
  section.need("direction", route.direction, one_of(direction_words));
  section.need("from", route.from, pattern);
  section.read_list("exclude", route.exclude, pattern);
  section.read("to", route.to, template_over(route.from));
  section.read("qos", route.qos, one_of(qos_words));
  section.read("retain", route.retain, one_of(retain_words));
  section.read("lane", route.lane, lane_among(config.lanes));
  section.read("policy", route.policy, policy_among(config.policies));
  settle_lane(section, route, config);
  check_hub(section, route, config);
  section.finish();
  return route;
}

void check_name(Section& section, const std::vector<Section>& earlier, const BridgeConfig& config) {
  const std::string& name = config.routes.back().name;
  for (std::size_t i = 0; i < earlier.size() && &earlier[i] != &section; ++i) {
    if (name.empty() || config.routes[i].name != name) continue;
    section.complain("name", "\"name\" must be unique: " + in_quotes(name) +
                                 " is already in line " +
                                 std::to_string(earlier[i].at("name").line));
    return;
  }
}

}  // namespace

void read_routes(Section& file, const std::string& id, BridgeConfig& config, Problems& problems) {
  const std::size_t before = problems.count();
  std::vector<Section> sections = file.sections("routes", "a route");
  for (Section& section : sections) {
    config.routes.push_back(read_route(section, config));
    check_name(section, sections, config);
  }
  if (problems.count() > before) return;  // the analysis wants valid routes
  for (const RouteFinding& finding : analyse(config.routes, id)) {
    const int other = sections[finding.other].at().line;
    sections[finding.route].complain(finding.text + " (the other is in line " +
                                     std::to_string(other) + ')');
  }
}

}  // namespace bascule
