#include "config/routes.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "config/link/fit.hpp"
#include "config/values.hpp"
#include "route/analysis.hpp"

namespace bascule {
namespace {

// The directions of a route of the file; both: it stands for two.
enum class Ways : std::uint8_t { up, down, both };
constexpr Word<Ways> ways_words[] = {{"up", Ways::up}, {"down", Ways::down}, {"both", Ways::both}};

// What a route makes of the QoS.
struct QosRule {
  std::optional<Qos> at_most;
  Qos at_least = Qos::at_most_once;
};
constexpr Word<Qos> qos_min_words[] = {{"at least 1", Qos::at_least_once},
                                       {"at least 2", Qos::exactly_once}};

QosRule qos_rule(const std::string& text) {
  if (const auto at_most = value_of(qos_words, text)) return {at_most};
  if (const auto at_least = value_of(qos_min_words, text)) return {{}, *at_least};
  throw std::invalid_argument("cannot be " + in_quotes(text) +
                              "; use 0, 1 or 2 (at most), \"at least 1\" or \"at least 2\"");
}

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

void check_hub(Section& section, const Route& route, Ways ways, const BridgeConfig& config) {
  if (!config.hub) return;
  if (ways != Ways::up) {
    section.complain("direction",
                     "\"direction\" must be up without \"central\": there is no other broker");
  } else if (route.policy.empty()) {
    section.complain("a route needs \"policy\" without \"central\": there is nowhere else to go");
  }
}

// The other one of a route in both directions: what this one makes of a topic, it turns back.
Route turned(Section& section, const Route& route) {
  Route other = route;
  other.direction = opposite(route.direction);
  if (route.to.empty() || route.from.empty()) return other;
  std::swap(other.from, other.to);
  std::string wrong = pattern_error(other.from);
  if (wrong.empty()) wrong = template_error(other.to, other.from);
  if (!wrong.empty()) {
    section.complain("to", "\"to\" cannot be turned round, as \"direction: both\" wants: " + wrong +
                               "; write two routes");
  } else if (!route.exclude.empty()) {
    section.complain("exclude",
                     "\"exclude\" names topics of one side only, so it cannot stand beside \"to\" "
                     "and \"direction: both\"; write two routes");
  }
  return other;
}

// Appends what it stands for to the routes.
void read_route(Section& section, BridgeConfig& config) {
  Route route;
  Ways ways = Ways::up;
  QosRule qos;
  section.need("name", route.name, identifier);
  section.need("direction", ways, one_of(ways_words));
  section.need("from", route.from, pattern);
  section.read_list("exclude", route.exclude, pattern);
  section.read("to", route.to, template_over(route.from));
  section.read("qos", qos, qos_rule);
  section.read("retain", route.retain, one_of(retain_words));
  section.read("lane", route.lane, lane_among(config.lanes));
  section.read("policy", route.policy, policy_among(config.policies));
  route.direction = ways == Ways::down ? Direction::down : Direction::up;
  route.qos = qos.at_most;
  route.qos_min = qos.at_least;
  route.both = ways == Ways::both;
  settle_lane(section, route, config);
  check_hub(section, route, ways, config);
  config.routes.push_back(route);
  if (route.both) config.routes.push_back(turned(section, route));
  section.finish();
}

void check_names(std::vector<Section>& sections, const std::vector<std::string>& names) {
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t earlier = places.try_emplace(names[i], i).first->second;
    if (names[i].empty() || earlier == i) continue;
    sections[i].complain("name", "\"name\" must be unique: " + in_quotes(names[i]) +
                                     " is already in line " +
                                     std::to_string(sections[earlier].at("name").line));
  }
}

// A broker that speaks 3.1.1 gives back what it is sent, without a stamp to know it by: what goes
// both ways needs MQTT 5 at both ends, also where the file leaves the choice.
void settle_protocols(std::vector<Section>& sections, const std::vector<std::size_t>& section_of,
                      BridgeConfig& config) {
  const auto both = std::find_if(config.routes.begin(), config.routes.end(),
                                 [](const Route& route) { return route.both; });
  if (both == config.routes.end()) return;
  Section& section = sections[section_of[static_cast<std::size_t>(both - config.routes.begin())]];
  for (LinkSettings* link : {&config.site, &config.central}) {
    if (link->protocol == Protocol::v3_1_1) {
      section.complain("direction", "\"direction\" cannot be both: " + in_quotes(link->name) +
                                        " speaks MQTT 3.1.1, on which what is sent comes back and "
                                        "cannot be known; use MQTT 5 there, or one direction");
    }
    if (!link->stamp) {
      section.complain("direction", "\"direction\" cannot be both: what " + in_quotes(link->name) +
                                        " is sent comes back, and without a stamp it cannot be "
                                        "known; use \"stamp: on\" there, or one direction");
    }
    link->protocol = Protocol::v5;
  }
}

// On MQTT 3.1.1 a live message comes without the flag that "retain: keep" is to keep.
void warn_of_retain(std::vector<Section>& sections, const std::vector<std::size_t>& section_of,
                    const BridgeConfig& config) {
  for (const Direction direction : {Direction::up, Direction::down}) {
    const LinkSettings& link = direction == Direction::up ? config.site : config.central;
    if (link.protocol != Protocol::v3_1_1) continue;
    std::string names;
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < config.routes.size(); ++i) {
      const Route& route = config.routes[i];
      if (route.direction != direction || route.retain != RetainRule::keep) continue;
      names += (names.empty() ? "" : ", ") + in_quotes(route.name);
      if (!first) first = i;
    }
    if (!first) continue;
    sections[section_of[*first]].warn(
        "retain",
        "\"retain: keep\" keeps nothing of live messages here: on MQTT 3.1.1 the broker "
        "of " +
            in_quotes(link.name) +
            " clears the flag before it delivers; use "
            "\"retain: set\" for what the far side shall retain, else \"retain: clear\" "
            "(routes: " +
            names + ')');
  }
}

// What a broker of a known kind cannot carry is held in the journal, or never comes.
void warn_of_topics(std::vector<Section>& sections, const std::vector<std::size_t>& section_of,
                    const std::string& id, const BridgeConfig& config) {
  for (std::size_t i = 0; i < config.routes.size(); ++i) {
    const Route& route = config.routes[i];
    Section& section = sections[section_of[i]];
    const bool up = route.direction == Direction::up;
    const LinkSettings& source = up ? config.site : config.central;
    const LinkSettings& target = up ? config.central : config.site;
    const std::string from = to_filter(route.from, id);
    if (const auto why = unfit_topic(source.broker, from); !why.empty()) {
      section.warn("from", "\"from\" asks " + in_quotes(source.name) + " for " + in_quotes(from) +
                               ", but " + std::string(why));
    }
    const std::string to = Template(route.to, route.from, id).filter();
    if (const auto why = unfit_topic(target.broker, to); !why.empty() && route.policy.empty()) {
      section.warn(section.has("to") ? "to" : "from",
                   "what goes to " + in_quotes(to) + " will wait in the journal: " +
                       std::string(why) + "; give it another topic with \"to\"");
    }
  }
}

// RabbitMQ brings retained messages to filters without a wildcard alone.
void warn_of_wildcards(std::vector<Section>& sections, const std::vector<std::size_t>& section_of,
                       const std::string& id, const BridgeConfig& config) {
  for (const Direction direction : {Direction::up, Direction::down}) {
    const LinkSettings& source = direction == Direction::up ? config.site : config.central;
    if (source.broker != BrokerKind::rabbitmq) continue;
    std::string names;
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < config.routes.size(); ++i) {
      const Route& route = config.routes[i];
      if (route.direction != direction) continue;
      if (to_filter(route.from, id).find_first_of("+#") == std::string::npos) continue;
      names += (names.empty() ? "" : ", ") + in_quotes(route.name);
      if (!first) first = i;
    }
    if (!first) continue;
    sections[section_of[*first]].warn(
        "from", "RabbitMQ brings no retained message to a filter with a wildcard: what " +
                    in_quotes(source.name) +
                    " retains crosses only if it is published while the bridge is subscribed, or "
                    "by a route for its very topic (routes: " +
                    names + ')');
  }
}

}  // namespace

void read_routes(Section& file, const std::string& id, BridgeConfig& config, Problems& problems) {
  const std::size_t before = problems.count();
  std::vector<Section> sections = file.sections("routes", "a route");
  std::vector<std::size_t> section_of;  // by route
  std::vector<std::string> names;       // by section
  for (std::size_t i = 0; i < sections.size(); ++i) {
    read_route(sections[i], config);
    section_of.resize(config.routes.size(), i);
    names.push_back(config.routes.back().name);
  }
  check_names(sections, names);
  settle_protocols(sections, section_of, config);
  warn_of_retain(sections, section_of, config);
  if (problems.count() > before) return;  // what follows wants valid routes
  warn_of_topics(sections, section_of, id, config);
  warn_of_wildcards(sections, section_of, id, config);
  find_misfits(
      config, id, [&](std::size_t route, std::string_view key, std::string text, bool serious) {
        Section& section = sections[section_of[route]];
        serious ? section.complain(key, std::move(text)) : section.warn(key, std::move(text));
      });
  for (const RouteFinding& finding : analyse(config.routes, id)) {
    const int other = sections[section_of[finding.other]].at().line;
    sections[section_of[finding.route]].complain(finding.text + " (the other is in line " +
                                                 std::to_string(other) + ')');
  }
}

}  // namespace bascule
