#include <CLI/CLI.hpp>
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
  std::string link, by;
};

int acknowledge(const BridgeConfig& config, const Options& options) {
  Query query;
  query.set("link", options.link).set("by", person_of(options.by));
  const json told = tell_daemon(config, query.behind("/v1/acknowledge"));
  return print(told, options.as_json, [](const json& answer, bool) {
    std::string text;
    for (const json& one : part_of(answer, "acknowledged")) {
      text += text_of(one, "link") + ": acknowledged, as of " + text_of(one, "last") + '\n';
    }
    return text.empty() ? "there is nothing to acknowledge\n" : text;
  });
}

constexpr auto about =
    R"(Asks the daemon. Says that you know that the broker of this link has forgotten what it should
have kept, and that it is mended there: 'bascule status' and its verdict are silent about it then.
So they are about a session that ended by its own expiry. Without it they are after a day.
'journal' in place of a link: that the journal was salvaged, or came from another machine. Should
it happen again, they say so anew. 'bascule status --json' and the log have all of it.

Exit codes: 0 done, also if there was nothing, 1 failed, 3 no daemon answers.

Examples:
  bascule acknowledge central)";

}  // namespace

void add_acknowledge(CLI::App& program, Choice& choice) {
  const auto options = std::make_shared<Options>();
  auto* command = add_subcommand(
      program, choice, options, "acknowledge",
      "End the warning that a broker has forgotten, or the journal was salvaged", acknowledge);
  command->add_option("LINK", options->link, "site, central or journal")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember({"site", "central", "journal"}));
  command->add_option("--by", options->by, "Who says so (default: the login name)")
      ->type_name("NAME");
  add_json_flag(command, options->as_json);
  command->footer(about);
}

}  // namespace bascule
