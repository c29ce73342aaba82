#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "cli/print.hpp"
#include "cli/subcommand.hpp"
#include "text/fields.hpp"

namespace bascule {
namespace {

using nlohmann::json;

struct Options {
  bool as_json = false;
  bool dry_run = false;
  bool accept_losses = false;
};

bool said(const json& answer, const char* name) {
  const auto found = answer.find(name);
  return found != answer.end() && found->is_boolean() && found->get<bool>();
}

std::string names(const json& answer, const char* part) {
  std::string names;
  for (const json& link : part_of(answer, part)) {
    names += (names.empty() ? "" : " and ") + link.get<std::string>();
  }
  return names;
}

std::string how_text(const json& answer) {
  const std::string how = text_of(answer, "how");
  const bool dry_run = said(answer, "dry_run");
  if (how == "nothing") return "the file says what it said before\n";
  if (how == "log") return dry_run ? "no connection would be dropped\n" : "taken over\n";
  const std::string kept = names(answer, "kept");
  if (dry_run) {
    return kept.empty() ? "all links would be disconnected for a moment, and connect again\n"
                        : "of the links " + kept + " would stay connected\n";
  }
  const std::string dropped = names(answer, "dropped");
  std::string text = "taken over in " + std::to_string(count_of(answer, "took_ms")) + " ms";
  if (!kept.empty()) text += "; connected all the while: " + kept;
  if (!dropped.empty()) text += "; connects again: " + dropped;
  return text + '\n';
}

int reload(const BridgeConfig& config, const Options& options) {
  Query query;
  if (options.dry_run) query.set("dry_run", "1");
  if (options.accept_losses) query.set("accept_losses", "1");
  const json told = tell_daemon(config, query.behind("/v1/reload"));
  std::string refused = text_of(told, "refused");
  const bool usable = refused.empty() && part_of(told, "problems").empty();
  print(told, options.as_json, [&](const json& answer, bool) {
    std::string text;
    for (const json& change : part_of(answer, "changes")) text += change.get<std::string>() + '\n';
    return text + (usable ? how_text(answer) : "");
  });
  if (usable) return exit_code::done;
  for (const json& problem : part_of(told, "problems")) {
    std::cerr << problem.get<std::string>() << '\n';
  }
  if (!refused.empty()) std::cerr << "bascule: " << refused << '\n';
  std::cerr << "bascule: not taken over; the bridge goes on as it was\n";
  return exit_code::failed;
}

constexpr auto reloading =
    R"(Asks the daemon, which reads the file again that it was started with; SIGHUP does the
same. The whole file is checked first: where anything is wrong with it nothing changes,
and each problem is told with its line and column. What has changed is printed.

If only 'log' has changed, that is all that happens. For anything else the stages end in their
order, as at a restart, and are made anew with the new file in the same process. A link of which
nothing has changed stays connected, also where routes have: what is new is subscribed, and what
is gone unsubscribed. The answer names the links that stayed. Nothing is lost or sent twice; at
QoS 0 brokers keep nothing for who is away.

What waits goes by the same rules as at a start: tighter limits that would give up messages are
refused, unless with --accept-losses. 'bridge.id', 'bridge.data_dir' and 'control' need a
restart.

Exit codes: 0 done, 1 the file is not valid, or was not taken over, 3 no daemon answers.

Examples:
  bascule reload --dry-run                 what would change?
  bascule reload)";

}  // namespace

void add_reload(CLI::App& program, Choice& choice) {
  const auto options = std::make_shared<Options>();
  auto* command = add_subcommand(program, choice, options, "reload",
                                 "Take over a changed configuration file", reload);
  command->add_flag("--dry-run", options->dry_run, "Only say what would change");
  command->add_flag("--accept-losses", options->accept_losses,
                    "Though tighter limits give up messages that wait");
  add_json_flag(command, options->as_json);
  command->footer(reloading);
}

}  // namespace bascule
