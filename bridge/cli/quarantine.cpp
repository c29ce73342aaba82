#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "cli/print.hpp"
#include "cli/subcommand.hpp"
#include "cli/view/payload_text.hpp"
#include "cli/view/quarantine_view.hpp"
#include "cli/view/units.hpp"
#include "text/fields.hpp"

namespace bascule {
namespace {

using nlohmann::json;

struct Options {
  bool as_json = false;
  bool all = false;
  std::uint64_t number = 0;
  std::uint64_t count = 1'000;
  std::string lane, direction, topic, reason;
  std::string policy;  // of `add`
  std::string into;    // of `requeue`
};

Query query_of(const Options& options) {
  Query query;
  if (options.number != 0) query.set("number", std::to_string(options.number));
  if (!options.lane.empty()) query.set("lane", options.lane);
  if (!options.direction.empty()) query.set("direction", options.direction);
  if (!options.topic.empty()) query.set("topic", options.topic);
  if (!options.reason.empty()) query.set("reason", options.reason);
  if (options.all) query.set("all", "1");
  return query;
}

int list(const BridgeConfig& config, const Options& options) {
  Query query = query_of(options);
  if (!options.as_json) query.set("payload_max", std::to_string(preview_bytes));
  json all = {{"messages", json::array()}};
  while (true) {
    const std::uint64_t got = all["messages"].size();
    if (got > options.count) break;
    query.set("count", std::to_string(options.count + 1 - got));
    const json page = answer(config, "/v1/journal/quarantine", query);
    for (const json& one : part_of(page, "messages")) all["messages"].push_back(one);
    all["total"] = part_of(page, "total");
    if (!page.contains("next")) break;
    query.set("before", std::to_string(count_of(page, "next")));
  }
  const bool more = all["messages"].size() > options.count;
  if (more) all["messages"].erase(all["messages"].end() - 1);
  all["more"] = more;
  return print(all, options.as_json, [&](const json& found, bool colour) {
    const std::string text = render_quarantine(found, colour);
    if (!more) return text;
    const bool whole = options.lane.empty() && options.direction.empty() && options.topic.empty() &&
                       options.reason.empty();
    const std::uint64_t of = whole ? count_of(part_of(found, "total"), "messages") : 0;
    return text + part_text(options.count, of, "--count N");
  });
}

int show(const BridgeConfig& config, const Options& options) {
  const json found = answer(config, "/v1/journal/quarantine", query_of(options));
  print(found, options.as_json, render_quarantined);
  return part_of(found, "messages").empty() ? exit_code::failed : exit_code::done;
}

// A portion at a time, so that the bridge goes on with its own work in between.
int change(const BridgeConfig& config, const Options& options, const char* what, const char* word) {
  Query query = query_of(options);
  if (!options.into.empty()) query.set("into", options.into);
  json sum = {{"done", 0}, {"skipped", json::array()}};
  while (true) {
    const json portion =
        tell_daemon(config, query.behind(std::string("/v1/journal/quarantine/") + what));
    sum["done"] = count_of(sum, "done") + count_of(portion, "done");
    for (const json& one : part_of(portion, "skipped")) sum["skipped"].push_back(one);
    if (!portion.contains("next")) break;
    const json& next = part_of(portion, "next");
    query.set("after", std::to_string(count_of(next, "after")));
    query.set("until", std::to_string(count_of(next, "until")));
  }
  print(sum, options.as_json, [word](const json& all, bool) {
    const std::uint64_t done = count_of(all, "done");
    return counted(done, "message") + ' ' + word + '\n';
  });
  if (!options.as_json) {
    for (const json& one : sum["skipped"]) std::cerr << text_of(one, "why") << '\n';
  }
  return sum["skipped"].empty() ? exit_code::done : exit_code::failed;
}

int requeue(const BridgeConfig& config, const Options& options) {
  return change(config, options, "requeue", "put at the end of their lanes again");
}

int drop(const BridgeConfig& config, const Options& options) {
  return change(config, options, "drop", "dropped; 'bascule journal losses' has them");
}

// All that waits where nobody takes from.
int add_all(const BridgeConfig& config, const Options& options) {
  Query query;
  query.set("all", "1").set("lane", options.lane.empty() ? "default" : options.lane);
  if (!options.policy.empty()) query.set("policy", options.policy);
  const json done = tell_daemon(config, query.behind("/v1/journal/quarantine/add"));
  print(done, options.as_json, [](const json& answer, bool) {
    return counted(count_of(answer, "done"), "message") + " quarantined\n";
  });
  const std::uint64_t left = count_of(done, "left");
  if (left == 0) return exit_code::done;
  std::cerr << "the quarantine has no room for " << counted(left, "message")
            << "; drop or requeue some first\n";
  return exit_code::failed;
}

int add_head(const BridgeConfig& config, const Options& options) {
  if (options.all || !options.policy.empty()) return add_all(config, options);
  Query query;
  query.set("lane", options.lane.empty() ? "default" : options.lane);
  query.set("direction", options.direction.empty() ? "up" : options.direction);
  const json done = tell_daemon(config, query.behind("/v1/journal/quarantine/add"));
  return print(done, options.as_json, [](const json& answer, bool) {
    const std::string number = std::to_string(count_of(answer, "number"));
    return "the message to " + text_of(answer, "topic") + " is quarantined, as number " + number +
           "; 'bascule journal quarantine requeue " + number + "' sends it again\n";
  });
}

void add_filters(CLI::App* command, const std::shared_ptr<Options>& options) {
  command->add_option("--lane", options->lane, "Only of this lane")->type_name("NAME");
  add_direction(command, options->direction, "Only of this direction");
  command->add_option("--topic", options->topic, "Only to topics that this MQTT filter matches")
      ->type_name("FILTER");
  command->add_option("--reason", options->reason, "Only with this in the reason")
      ->type_name("TEXT");
}

constexpr auto reading = R"(Asks the daemon; if none runs, the journal is read directly.
)";

constexpr auto requeueing = R"(Asks the daemon. Each message is put at the end of its lane, oldest
first, as a new message with a new number; over MQTT 5 its user property bascule-requeued says which
one it was. Mend first what it was quarantined for: else it is back at once. One that came for an
earlier configuration and never had a lane goes where its route says now. With --into all go into
that lane, under the topic that they have. Without a NUMBER, the options say which; without any of
them, --all does.

Exit codes: 0 done, 1 failed or some could not be put back, 3 no daemon answers.

Examples:
  bascule journal quarantine requeue 17
  bascule journal quarantine requeue --reason 'packet too large'
  bascule journal quarantine requeue --lane sales --topic 'stores/+/sale/#'
  bascule journal quarantine requeue --lane policy/seats --into sales)";

constexpr auto dropping = R"(Asks the daemon. The messages are gone for good; the loss ledger says
which. Without a NUMBER, the options say which; without any of them, --all does.

Exit codes: 0 done, 1 failed, 3 no daemon answers.

Examples:
  bascule journal quarantine drop 17
  bascule journal quarantine drop --topic 'test/#')";

constexpr auto adding = R"(Asks the daemon. While a broker refuses a message for now, its lane waits
and tries it again: 'bascule status' says so. This takes that message out, into the quarantine, and
the lane goes on with the next.

What waits for a policy that the file does not name any more, or for a central broker that it does
not have, goes nowhere: --policy, or --lane with --all, takes all of it out. From the quarantine it
can be dropped, put into another lane, or put back once the policy is there again.

Exit codes: 0 done, 1 failed or the lane waits for none, 3 no daemon answers.

Examples:
  bascule journal quarantine add --lane sales
  bascule journal quarantine add --policy seats)";

}  // namespace

void add_quarantine(CLI::App& journal, Choice& choice) {
  auto* quarantine = journal.add_subcommand(
      "quarantine", "Messages that cannot cross as things are: list, send again, drop, add");
  quarantine->require_subcommand(1);
  quarantine->footer(R"(Examples:
  bascule journal quarantine list                    what there is, and why
  bascule journal quarantine show 17                 one of them, in full
  bascule journal quarantine requeue --lane sales    send them again
  bascule journal quarantine drop 17                 give one up
  bascule journal quarantine add --lane sales        take out what the lane waits for

'bascule journal quarantine COMMAND --help' explains one command.)");
  const auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* description, auto action) {
    auto* command = add_subcommand(*quarantine, choice, options, name, description, action);
    add_json_flag(command, options->as_json);
    return command;
  };
  const auto add_changing = [&](CLI::App* command) {
    command->add_option("NUMBER", options->number, "One of them")->type_name("");
    add_filters(command, options);
    command->add_flag("--all", options->all, "All there are");
  };
  auto* listing = add("list", "List them, newest first", list);
  add_filters(listing, options);
  listing->add_option("--count", options->count, "How many, at most")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  listing->footer(std::string(reading) + R"(
Exit codes: 0 done, 1 failed.

Examples:
  bascule journal quarantine list --topic 'stores/42/#'
  bascule journal quarantine list --reason 'packet too large' --json)");
  auto* showing = add("show", "Show one in full", show);
  showing->add_option("NUMBER", options->number, "Its number")->required()->type_name("");
  showing->footer(std::string(reading) + R"(
Exit codes: 0 done, 1 failed or there is no such message.)");
  auto* head = add("add", "Take out the message that a lane waits for", add_head);
  head->add_option("--lane", options->lane, "The lane (default: default)")->type_name("NAME");
  add_direction(head, options->direction, "up: site to central (default); down: back");
  head->add_option("--policy", options->policy, "All that waits for a policy that is gone")
      ->type_name("NAME");
  head->add_flag("--all", options->all, "All of a lane that nobody takes from");
  head->footer(adding);
  auto* again = add("requeue", "Put them back through their lanes, as new messages", requeue);
  add_changing(again);
  again->add_option("--into", options->into, "Into this lane instead of their own")
      ->type_name("NAME");
  again->footer(requeueing);
  auto* away = add("drop", "Give them up for good", drop);
  add_changing(away);
  away->footer(dropping);
}

}  // namespace bascule
