#include "route/route.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>

#include "cli/command.hpp"
#include "cli/subcommand.hpp"
#include "cli/view/terminal.hpp"
#include "config/config.hpp"
#include "message/topic.hpp"

namespace bascule {

namespace {

struct Options {
  std::string topic;
  std::string direction;  // empty: both
};

std::string qos_text(const Route& route) {
  if (route.qos) return "at most " + std::string(word_of(qos_words, *route.qos));
  if (route.qos_min == Qos::at_most_once) return "as published";
  return "at least " + std::string(word_of(qos_words, route.qos_min));
}

void print_match(const Route& route, const std::string& target) {
  const auto line = [](const char* name, const std::string& value) {
    std::cout << "  " << name << std::string(11 - std::string_view(name).size(), ' ')
              << escaped(value) << '\n';
  };
  std::cout << route.name << '\n';
  line("direction", std::string(to_string(route.direction)));
  line("target", target);
  line("lane", route.lane);
  line("qos", qos_text(route));
  line("retain", std::string(word_of(retain_words, route.retain)));
  if (!route.policy.empty()) line("policy", route.policy);
  std::string why;
  if (!valid_topic(target, &why)) line("but", "the target is no valid topic: " + why);
}

// The exclude that keeps `topic` from a route that would take it otherwise.
std::optional<std::string> exclude_that_takes(const Route& route, const std::string& id,
                                              const std::string& topic) {
  if (!matches(to_filter(route.from, id), topic)) return std::nullopt;
  for (const auto& exclude : route.exclude) {
    if (matches(to_filter(exclude, id), topic)) return exclude;
  }
  return std::nullopt;
}

// Those of the first `end` routes.
void print_excludes(const BridgeConfig& config, std::size_t end, Direction direction,
                    const std::string& topic) {
  for (std::size_t i = 0; i < end; ++i) {
    const Route& route = config.routes[i];
    if (route.direction != direction) continue;
    if (const auto exclude = exclude_that_takes(route, config.id, topic)) {
      std::cout << "route '" << route.name << "' (" << to_string(direction)
                << ") would take it, but its exclude " << *exclude << " leaves it out\n";
    }
  }
}

// Whether the route table of this direction takes the topic; says all about it.
bool explain(const BridgeConfig& config, Direction direction, const std::string& topic) {
  const RouteTable table(config.routes, direction, config.id);
  RouteMatch match;
  const bool taken = table.match(topic, match);
  if (taken) print_match(config.routes[match.route], match.topic);
  print_excludes(config, taken ? match.route : config.routes.size(), direction, topic);
  return taken;
}

// How many levels from the left a filter and a topic have in common.
std::size_t common_levels(std::string_view filter, std::string_view topic) {
  std::size_t levels = 0;
  while (!filter.empty() && !topic.empty()) {
    const auto wanted = filter.substr(0, filter.find('/'));
    const auto level = topic.substr(0, topic.find('/'));
    if (wanted != "+" && wanted != level) break;
    ++levels;
    filter.remove_prefix(std::min(filter.size(), wanted.size() + 1));
    topic.remove_prefix(std::min(topic.size(), level.size() + 1));
  }
  return levels;
}

// The routes that come closest to taking it, on stderr.
void print_nearby(const BridgeConfig& config, const std::vector<Direction>& directions,
                  const std::string& topic) {
  std::size_t most = 1;
  std::vector<const Route*> nearby;
  for (const auto& route : config.routes) {
    if (std::ranges::find(directions, route.direction) == directions.end()) continue;
    if (exclude_that_takes(route, config.id, topic)) continue;  // has been named
    const std::size_t levels = common_levels(to_filter(route.from, config.id), topic);
    if (levels > most) nearby.clear();
    if (levels >= most) nearby.push_back(&route);
    most = std::max(most, levels);
  }
  constexpr std::size_t shown = 3;
  for (std::size_t i = 0; i < std::min(shown, nearby.size()); ++i) {
    std::cerr << "bascule: near: route '" << nearby[i]->name << "' ("
              << to_string(nearby[i]->direction) << ") takes " << nearby[i]->from << '\n';
  }
  if (nearby.size() > shown) {
    std::cerr << "bascule: near: and " << nearby.size() - shown << " more, in the file\n";
  }
}

int route(const std::string& path, const Options& options) {
  std::string why;
  if (!valid_topic(options.topic, &why)) {
    throw std::runtime_error("'" + escaped(options.topic) + "' is no topic to publish to: " + why);
  }
  const BridgeConfig config = load_config(path, NamedFiles::ignored);
  std::vector<Direction> directions = {Direction::up, Direction::down};
  if (!options.direction.empty()) {
    std::erase_if(directions,
                  [&](auto direction) { return to_string(direction) != options.direction; });
  }

  bool taken = false;
  for (const auto direction : directions) taken |= explain(config, direction, options.topic);
  if (taken) return exit_code::done;

  std::cerr << "bascule: no route" << (options.direction.empty() ? "" : " " + options.direction)
            << " takes '" << escaped(options.topic) << "': such messages would not cross\n";
  print_nearby(config, directions, options.topic);
  return exit_code::failed;
}

}  // namespace

void add_route(CLI::App& program, Choice& choice) {
  auto* command = program.add_subcommand("route", "Show which route takes a topic, and where to");
  const auto options = std::make_shared<Options>();
  command->add_option("TOPIC", options->topic, "The topic of a message, without wildcards")
      ->required()
      ->type_name("");
  add_direction(command, options->direction, "up: site to central; down: back (default: both)");
  command->footer(
      R"(Reads the configuration file only; needs no daemon.

The first route in file order whose 'from' matches, and none of whose excludes does, takes the
message. Shown are its target topic, its lane, the highest QoS, and what becomes of the retain
flag. If no route takes the topic, the routes that come near are named.

Exit codes: 0 a route takes it, 1 none does or the configuration is not valid.

Examples:
  bascule route pos/7/sale/new
  bascule route menu/soup --direction down
  bascule route -c new.yaml pos/7/sale/new)");
  command->callback([options, &choice] {
    choice.run = [options, &choice] { return route(choice.config, *options); };
  });
}

}  // namespace bascule
