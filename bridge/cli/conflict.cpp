#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "cli/print.hpp"
#include "cli/subcommand.hpp"
#include "cli/view/conflict_view.hpp"
#include "clock.hpp"
#include "text/fields.hpp"
#include "text/time.hpp"
#include "text/units.hpp"

namespace bascule {

namespace {

using nlohmann::json;

// How long the command waits for the policy to have its turn.
constexpr int looks_max = 100;
constexpr std::chrono::milliseconds look_every{50};

struct Options {
  bool as_json = false;
  std::string policy, record, since, state, by;
  std::uint64_t number = 0;
  std::vector<std::string> fields;
};

// The one that there is, if none is named.
std::string policy_of(const BridgeConfig& config, const Options& options) {
  if (!options.policy.empty()) return options.policy;
  std::vector<std::string> names;
  for (const auto& policy : config.policies) {
    if (policy.plugin == "conflict" || policy.plugin.ends_with("/conflict.so")) {
      names.push_back(policy.name);
    }
  }
  if (names.size() == 1) return names[0];
  throw std::runtime_error(names.empty() ? "the configuration has no policy 'conflict'"
                                         : "which policy? name it with --policy");
}

// "24h": so long ago; or a moment.
std::int64_t since_ms(const std::string& text) {
  if (const auto moment = parse_time(text)) return *moment;
  try {
    return now().wall_ms - parse_duration(text).count();
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error("--since " + std::string(error.what()) +
                             ", or a time such as 2026-11-22T13:30:00Z");
  }
}

// All portions of an answer, in one.
json ask_all(const BridgeConfig& config, const Options& options, const char* what, json about) {
  const std::string policy = policy_of(config, options);
  json all;
  while (true) {
    Query query;
    query.set("policy", policy).set("what", what).set("about", about.dump());
    json page = ask_daemon(config, query.behind("/v1/policies/ask"));
    const bool more = page.contains("next");
    if (more) about["after"] = page["next"];
    page.erase("next");
    if (all.is_null()) {
      all = std::move(page);
    } else {
      for (auto& one : page[what]) all[what].push_back(std::move(one));
    }
    if (!more) return all;
  }
}

int losers(const BridgeConfig& config, const Options& options) {
  json about = json::object();
  if (!options.record.empty()) about["record"] = options.record;
  if (!options.since.empty()) about["since_ms"] = since_ms(options.since);
  return print(ask_all(config, options, "losers", about), options.as_json, render_losers);
}

int records(const BridgeConfig& config, const Options& options) {
  json about = json::object();
  if (!options.state.empty()) about["state"] = options.state;
  return print(ask_all(config, options, "records", about), options.as_json, render_records);
}

int reinstate(const BridgeConfig& config, const Options& options) {
  json about = {{"number", options.number}, {"by", person_of(options.by)}};
  if (!options.fields.empty()) about["fields"] = options.fields;
  const std::string policy = policy_of(config, options);
  Query query;
  query.set("policy", policy).set("what", "reinstate").set("about", about.dump());
  json told = tell_daemon(config, query.behind("/v1/policies/request"));
  Query decision;
  decision.set("policy", policy).set("direction", text_of(told, "direction"));
  decision.set("number", std::to_string(count_of(told, "number")));
  for (int look = 0; look < looks_max; ++look) {
    const json explained = answer(config, "/v1/policies/explain", decision);
    told["verdict"] = part_of(explained, "verdict");
    if (text_of(explained, "state") != "waiting") break;
    std::this_thread::sleep_for(look_every);
  }
  print(told, options.as_json, render_reinstated);
  const bool refused = text_of(told["verdict"], "verdict") == "REFUSED";
  return refused ? exit_code::failed : exit_code::done;
}

constexpr const char* footer = R"(Examples:
  bascule conflict losers --record 17      what of record 17 lost, to whom and why
  bascule conflict reinstate 4711          write it anew, in your name
  bascule conflict records --state unknown

'bascule conflict COMMAND --help' explains one command.)";

constexpr const char* losers_footer = R"(Asks the daemon of the authority.

A value has lost if it was written and does not stand: its edit was superseded or rejected, a rule
took another one, or an edit took its place whose author had not seen it. What was written again
since is left out; what a person is asked about is under 'bascule cases'. NUMBER is what 'reinstate'
takes. WHY is the verdict's reason or the rule, TO the edit that stands instead.

It goes as far back as the policy's option 'history' keeps; what was forgotten is counted.

Exit codes: 0 done, 1 failed, 3 no daemon answers.

Examples:
  bascule conflict losers --since 24h
  bascule conflict losers --record 17 --json | jq '.losers[].fields')";

constexpr const char* reinstate_footer = R"(Asks the daemon of the authority. The values are written
as a new edit whose author has seen everything that there is, and the name is in the record's
history. A record that is deleted is made anew with these fields; of a delete that lost, the record
is deleted. Undo it with another edit: what stood before is not listed as lost.

Exit codes: 0 done, 1 failed or nothing has lost under that number, 3 no daemon answers.

Examples:
  bascule conflict reinstate 4711
  bascule conflict reinstate 4711 --field diet --by ann)";

}  // namespace

void add_conflict(CLI::App& program, Choice& choice) {
  auto* conflict = program.add_subcommand("conflict", "What lost where sites edited the same");
  conflict->require_subcommand(1);
  conflict->footer(footer);
  const auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* description, auto action) {
    auto* command = add_subcommand(*conflict, choice, options, name, description, action);
    add_json_flag(command, options->as_json);
    command->add_option("--policy", options->policy, "Its name (if there are several)")
        ->type_name("NAME");
    return command;
  };
  auto* listing = add("losers", "List the values that lost", losers);
  listing->add_option("--record", options->record, "Of this record alone")->type_name("KEY");
  listing->add_option("--since", options->since, "What lost since then: 24h, or a time in UTC")
      ->type_name("TIME");
  listing->footer(losers_footer);
  auto* putting = add("reinstate", "Put back what lost, as a new edit", reinstate);
  putting->add_option("NUMBER", options->number, "As 'losers' lists it")->required()->type_name("");
  putting->add_option("--field", options->fields, "This field alone; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  putting->add_option("--by", options->by, "Who does it (default: the login name)")
      ->type_name("NAME");
  putting->footer(reinstate_footer);
  auto* states = add("records", "List the records with their states", records);
  states->add_option("--state", options->state, "Those in this state alone")
      ->type_name("STATE")
      ->check(CLI::IsMember(
          {"created", "not_reconciled", "merged", "retired", "reconciled", "unknown"}));
  states->footer(R"(Asks the daemon of the authority. INTO: the record that an insert is part of.

Exit codes: 0 done, 1 failed, 3 no daemon answers.)");
}

}  // namespace bascule
