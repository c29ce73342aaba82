#include <CLI/CLI.hpp>
#include <memory>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "cli/print.hpp"
#include "cli/subcommand.hpp"
#include "cli/view/fleet_view.hpp"

namespace bascule {
namespace {

struct Options {
  bool as_json = false;
};

int fleet(const BridgeConfig& config, const Options& options) {
  return print(ask_daemon(config, "/v1/fleet"), options.as_json, render_fleet);
}

constexpr auto about =
    R"(Asks the daemon of a hub: what each site says about itself at the hub's broker. Who needs
help comes first, with what it needs. A site is offline when its bridge, or its will, has said
so. What a site that is offline had waiting is from before.

A site that is gone for good stays until its state is cleared at the broker:
  mosquitto_pub -r -n -t bascule/SITE/state

Exit codes: 0 done, 1 failed, or this bridge is no hub, 3 no daemon answers.

Examples:
  bascule fleet
  bascule fleet --json)";

}  // namespace

void add_fleet(CLI::App& program, Choice& choice) {
  const auto options = std::make_shared<Options>();
  auto* command = add_subcommand(program, choice, options, "fleet",
                                 "At a hub: the sites, and who needs help", fleet);
  add_json_flag(command, options->as_json);
  command->footer(about);
}

}  // namespace bascule
