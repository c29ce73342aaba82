#include <CLI/CLI.hpp>
#include <memory>

#include "cli/ask.hpp"
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
  std::string choose, data, by;
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

int resolve(const BridgeConfig& config, const Options& options) {
  Query query;
  query.set("number", std::to_string(options.number)).set("choose", options.choose);
  if (!options.data.empty()) query.set("data", options.data);
  query.set("by", person_of(options.by));
  tell_daemon(config, query.behind("/v1/cases/resolve"));
  return exit_code::done;
}

}  // namespace

void add_cases(CLI::App& program, Choice& choice) {
  auto* cases = program.add_subcommand("cases", "Exceptions that wait for a person");
  cases->require_subcommand(1);
  cases->footer(R"(Examples:
  bascule cases list                       what waits
  bascule cases show 7                     what happened, and what there is to choose from
  bascule cases resolve 7 --choose site    decide it

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
  resolving->add_option("--choose", options->choose, "One of the choices that the case offers")
      ->required()
      ->type_name("CHOICE");
  resolving->add_option("--data", options->data, "What the policy wants to know besides")
      ->type_name("JSON");
  resolving->add_option("--by", options->by, "Who decides (default: the login name)")
      ->type_name("NAME");
  resolving->footer(
      R"(Asks the daemon. The decision is durable when this returns; it is an input of the policy,
which acts on it in its turn.

Exit codes: 0 done, 1 failed or the case does not offer that, 3 no daemon answers.

Examples:
  bascule cases resolve 7 --choose site
  bascule cases resolve 7 --choose other --data '{"name": "Joan"}' --by ann)");
}

}  // namespace bascule
