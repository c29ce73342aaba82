#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "cli/command.hpp"
#include "config/config.hpp"

namespace bascule {

namespace {

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + ' ' + noun + (count == 1 ? "" : "s");
}

int check(const std::string& path) {
  const BridgeConfig config = load_config(path);
  check_policies(config);
  const auto up = static_cast<std::size_t>(std::ranges::count(
      config.routes, Direction::up, [](const Route& route) { return route.direction; }));
  std::cout << path << ": ok: " << counted(up, "route") << " up, " << config.routes.size() - up
            << " down, " << counted(config.lanes.size(), "lane");
  if (!config.policies.empty()) {
    std::cout << ", " << config.policies.size()
              << (config.policies.size() == 1 ? " policy" : " policies");
  }
  std::cout << '\n';
  return exit_code::done;
}

}  // namespace

void add_check(CLI::App& program, Choice& choice) {
  auto* command = program.add_subcommand("check", "Check the configuration file");
  command->footer(
      R"(Finds what would go wrong before anything starts: unknown keys, wrong types, impossible
topics, routes that can never match, loops between routes. Plugins are loaded and asked about
their options. Each problem is one line on stderr, as compilers write them:

  FILE:LINE:COLUMN: error: what is wrong, and what was probably meant

Needs no daemon and changes nothing.

Exit codes: 0 valid, 1 not valid.

Examples:
  bascule check
  bascule check -c new.yaml && mv new.yaml /etc/bascule/bascule.yaml)");
  command->callback([&choice] { choice.run = [&choice] { return check(choice.config); }; });
}

}  // namespace bascule
