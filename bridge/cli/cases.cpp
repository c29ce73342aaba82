#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "cli/ask.hpp"
#include "cli/case_choice.hpp"
#include "cli/command.hpp"
#include "cli/print.hpp"
#include "cli/subcommand.hpp"
#include "cli/view/policy_view.hpp"
#include "text/fields.hpp"

namespace bascule {

namespace {

using nlohmann::json;

struct Options {
  bool as_json = false;
  bool all = false;
  std::uint64_t number = 0;
  std::string choice, value, choose, data, by;
};

int list(const BridgeConfig& config, const Options& options) {
  Query query;
  if (options.all) query.set("all", "1");
  json all = {{"cases", json::array()}};
  while (true) {
    const json page = answer(config, "/v1/cases", query);
    const json& cases = part_of(page, "cases");
    if (cases.empty()) break;
    for (const json& one : cases) all["cases"].push_back(one);
    query.set("before", std::to_string(count_of(cases.back(), "number")));
  }
  return print(all, options.as_json, render_cases);
}

int show(const BridgeConfig& config, const Options& options) {
  Query query;
  query.set("number", std::to_string(options.number));
  return print(answer(config, "/v1/cases/show", query), options.as_json, render_case);
}

// The policy acts on the decision in its turn; what came of it, or the case as it is by then.
json wait_closed(const BridgeConfig& config, const Query& which) {
  constexpr auto patience = std::chrono::seconds(5);
  const auto end = std::chrono::steady_clock::now() + patience;
  json one = ask_daemon(config, which.behind("/v1/cases/show"));
  while (text_of(one, "state") != "closed" && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    one = ask_daemon(config, which.behind("/v1/cases/show"));
  }
  return one;
}

int resolve(const BridgeConfig& config, const Options& options) {
  Query which;
  which.set("number", std::to_string(options.number));
  const std::string& choice = options.choose.empty() ? options.choice : options.choose;
  if (choice.empty())
    throw std::invalid_argument("say what to choose: 'bascule cases show " +
                                std::to_string(options.number) + "' has it");
  const CaseDecision decision = case_decision(ask_daemon(config, which.behind("/v1/cases/show")),
                                              choice, options.value, options.data);
  Query query = which;
  query.set("choose", decision.choose).set("by", person_of(options.by));
  if (!decision.data.empty()) query.set("data", decision.data);
  tell_daemon(config, query.behind("/v1/cases/resolve"));
  const json one = wait_closed(config, which);
  std::cout << render_outcome(one);
  const std::string outcome = text_of(part_of(one, "outcome"), "outcome");
  return outcome.starts_with("asked again") ? exit_code::failed : exit_code::done;
}

}  // namespace

void add_cases(CLI::App& program, Choice& choice) {
  auto* cases = program.add_subcommand("cases", "Exceptions that wait for a person");
  cases->require_subcommand(1);
  cases->footer(R"(Examples:
  bascule cases list                       what waits
  bascule cases show 7                     what happened, and what there is to choose from
  bascule cases resolve 7 take 2           decide it

With 'cases: TOPIC' of a policy an application does the same over MQTT: bascule-cases(1).

'bascule cases COMMAND --help' explains one command.)");
  const auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* description, auto action) {
    return add_subcommand(*cases, choice, options, name, description, action);
  };
  const auto add_number = [&](CLI::App* command) {
    command->add_option("NUMBER", options->number, "The case's number")->required()->type_name("");
  };
  auto* listing = add("list", "List the cases that wait", list);
  add_json_flag(listing, options->as_json);
  listing->add_flag("--all", options->all, "Those that are closed, too");
  listing->footer(R"(Asks the daemon; if none runs, the journal is read directly.

Exit codes: 0 done, 1 failed.)");
  auto* showing = add("show", "Show one case", show);
  add_number(showing);
  add_json_flag(showing, options->as_json);
  showing->footer(R"(Asks the daemon; if none runs, the journal is read directly.

Exit codes: 0 done, 1 failed or there is no such case.)");
  auto* resolving = add("resolve", "Decide a case", resolve);
  add_number(resolving);
  resolving->add_option("CHOICE", options->choice, "One of the choices of the case, or its number")
      ->type_name("");
  resolving->add_option("VALUE", options->value, "Of 'take' a value's number; of 'set' the value")
      ->type_name("");
  resolving->add_option("--choose", options->choose, "The choice, if it is not CHOICE")
      ->type_name("CHOICE")
      ->excludes("CHOICE");
  resolving->add_option("--data", options->data, "What the policy wants to know besides")
      ->type_name("JSON");
  resolving->add_option("--by", options->by, "Who decides (default: the login name)")
      ->type_name("NAME");
  resolving->footer(
      R"(Asks the daemon. What the case does not offer is refused at once, with what it offers. The
decision is durable when this returns; it is an input of the policy, which acts on it in its turn.
It is waited for, five seconds at the most, and what came of it is printed: a policy to which the
decision makes no sense puts the question again, under a new number.

Exit codes: 0 done, 1 failed, the case does not offer that, or the question was put again, 3 no
daemon answers.

Examples:
  bascule cases resolve 7 take 2           the second of the values that 'cases show 7' has
  bascule cases resolve 7 set vegan
  bascule cases resolve 7 --choose site
  bascule cases resolve 7 --choose other --data '{"name": "Joan"}' --by ann)");
}

}  // namespace bascule
