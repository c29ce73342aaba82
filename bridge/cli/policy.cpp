#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <stdexcept>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "cli/print.hpp"
#include "cli/subcommand.hpp"
#include "cli/view/policy_view.hpp"
#include "replay/replay_policy.hpp"

namespace bascule {

namespace {

using nlohmann::json;

struct Options {
  bool as_json = false;
  std::string input;  // [POLICY/]NUMBER
  std::string direction = "up";
  ReplayRequest replay;
};

// The one that there is, if none is named.
std::string only_policy(const BridgeConfig& config, const std::string& example) {
  if (config.policies.size() == 1) return config.policies[0].name;
  throw std::runtime_error("which policy? write " + example + "; 'bascule policy list' names them");
}

int list(const BridgeConfig& config, const Options& options) {
  return print(ask_daemon(config, "/v1/policies"), options.as_json, render_policies);
}

int explain(const BridgeConfig& config, const Options& options) {
  const std::size_t slash = options.input.rfind('/');
  std::string policy = slash == std::string::npos ? "" : options.input.substr(0, slash);
  if (policy.starts_with(input_lane_prefix)) policy.erase(0, input_lane_prefix.size());
  if (policy.empty()) policy = only_policy(config, "POLICY/" + options.input);
  Query query;
  query.set("policy", policy).set("direction", options.direction);
  query.set("number", options.input.substr(slash + 1));
  return print(answer(config, "/v1/policies/explain", query), options.as_json, render_decision);
}

// The past, from the daemon; if none runs, from the journal itself.
Past past_of(const BridgeConfig& config) {
  Past past;
  past.inputs = [&config](const std::string& policy, std::uint64_t up, std::uint64_t down) {
    Query query;
    query.set("policy", policy).set("up", std::to_string(up)).set("down", std::to_string(down));
    return answer(config, "/v1/policies/inputs", query);
  };
  past.cases = [&config](std::uint64_t before) {
    Query query;
    query.set("all", "1");
    if (before > 0) query.set("before", std::to_string(before));
    return answer(config, "/v1/cases", query);
  };
  return past;
}

int run_replay(const BridgeConfig& config, const Options& options) {
  ReplayRequest request = options.replay;
  if (request.policy.empty()) request.policy = only_policy(config, "replay POLICY");
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const nlohmann::json result =
      replay_policy(config, past_of(config), request, [&](auto done, auto total) {
        if (terminal) print_progress("replayed", done, total, "inputs");
      });
  if (terminal) end_progress();
  return print(result, options.as_json, render_replay);
}

}  // namespace

void add_policy(CLI::App& program, Choice& choice) {
  auto* policy = program.add_subcommand("policy", "Look at the policies and what they decided");
  policy->require_subcommand(1);
  policy->footer(R"(Examples:
  bascule policy list                      which there are, what waits, what failed
  bascule policy explain seats/17          why input 17 of 'seats' was decided as it was
  bascule policy replay seats --set min_remaining_bp=500
                                           what would have been decided with another setting

'bascule policy COMMAND --help' explains one command.)");
  const auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* description, auto action) {
    auto* command = add_subcommand(*policy, choice, options, name, description, action);
    add_json_flag(command, options->as_json);
    return command;
  };
  add("list", "List the policies", list)->footer(R"(Asks the daemon.

WAITING is what was journaled for the policy and is not decided yet. FAILED counts attempts since
the bridge was started; after three an input is QUARANTINED, and the next one has its turn.

Exit codes: 0 done, 1 failed, 3 no daemon answers.)");
  auto* command = add("explain", "Show one decision, and what it rested on", explain);
  command->add_option("INPUT", options->input, "[POLICY/]NUMBER, the input's place in its lane")
      ->required()
      ->type_name("");
  add_direction(command, options->direction, "Where the message was going")->capture_default_str();
  command->footer(
      R"(Asks the daemon; if none runs, the journal is read directly. Decisions are kept as
long as their inputs. 'bascule journal show --lane policy/NAME' shows the inputs with their
numbers.

Exit codes: 0 done, 1 failed or there is no such input.

Examples:
  bascule policy explain 17
  bascule policy explain seats/17 --direction down --json)");
  auto* replaying = add("replay", "Tell what another setting would have decided", run_replay);
  replaying->add_option("POLICY", options->replay.policy, "Its name (if there are several)")
      ->type_name("");
  replaying
      ->add_option("--set", options->replay.sets,
                   "An option of the policy as it would be; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  replaying
      ->add_option("--with", options->replay.with, "Take the policy of this configuration instead")
      ->type_name("FILE");
  replaying->add_option("--list", options->replay.listed, "So many of the differences, one by one")
      ->type_name("N")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  replaying->footer(
      R"(Takes the inputs of the past from the daemon (if none runs, from the journal) and runs them
through the policy twice, with the present options and with others, in this process: nothing is
sent, and the bridge goes on meanwhile. Then it counts what would have been decided otherwise.

KEY is a path into the policy's options; VALUE is JSON, or a text. Without --set and --with only
the present options run, which shows whether they decide as it was decided then.

How far back it goes is what journal.keep_forwarded keeps. Where older inputs are gone, it begins
without the state that they had left, and says so. Gates are not replayed: inputs come in the order
in which they were decided.

Exit codes: 0 done, 1 failed.

Examples:
  bascule policy replay seats --set min_remaining_bp=500
  bascule policy replay seats --with new.yaml --list 0
  bascule policy replay seats --set window=7200 --json | jq '.other.changes')");
}

}  // namespace bascule
