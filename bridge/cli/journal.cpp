#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "cli/moment.hpp"
#include "cli/print.hpp"
#include "cli/salvage.hpp"
#include "cli/subcommand.hpp"
#include "cli/view/journal_view.hpp"
#include "cli/view/payload_text.hpp"
#include "cli/view/table.hpp"
#include "cli/view/units.hpp"
#include "text/fields.hpp"

namespace bascule {

namespace {

using nlohmann::json;

constexpr auto without_daemon =
    "Asks the daemon; if none runs, the journal is read directly, which needs the right to do "
    "so.\n";

struct Options {
  bool as_json = false;
  std::string lane = "default";
  std::string direction = "up";
  std::uint64_t from = 0;
  std::uint64_t count = 20, tail = 0;
  std::uint64_t ranges = 1'000;  // of losses
  std::string topic, state, since;
  bool payload = false;
};

int list(const BridgeConfig& config, const Options& options) {
  return print(answer(config, "/v1/lanes", {}), options.as_json, render_lanes);
}

// The daemon looks through so much at a time, and goes on with its own work in between. One more is
// asked for than is shown: whether there is more is known then.
json first_messages(const BridgeConfig& config, Query query, std::uint64_t count) {
  json all = json::array();
  json of;
  while (all.size() <= count) {
    query.set("count", std::to_string(count + 1 - all.size()));
    json part = answer(config, "/v1/journal/show", query);
    if (of.is_null()) of = part["of"];
    for (json& one : part["messages"]) all.push_back(std::move(one));
    if (!part.contains("next")) break;
    query.set("from", std::to_string(count_of(part, "next")));
  }
  const bool more = all.size() > count;
  if (more) all.erase(all.end() - 1);
  return {{"messages", std::move(all)}, {"more", more}, {"of", of}};
}

json last_messages(const BridgeConfig& config, Query query, std::uint64_t count) {
  json all = json::array();
  json of;
  while (all.size() <= count) {
    query.set("tail", std::to_string(count + 1 - all.size()));
    json part = answer(config, "/v1/journal/show", query);
    if (of.is_null()) of = part["of"];
    for (json& one : all) part["messages"].push_back(std::move(one));
    all = std::move(part["messages"]);
    if (!part.contains("next")) break;
    query.set("before", std::to_string(count_of(part, "next")));
  }
  const bool more = all.size() > count;
  if (more) all.erase(all.begin());
  return {{"messages", std::move(all)}, {"more", more}, {"of", of}};
}

int show(const BridgeConfig& config, const Options& options) {
  Query query;
  query.set("direction", options.direction).set("lane", options.lane);
  if (options.from > 0) query.set("from", std::to_string(options.from));
  if (!options.topic.empty()) query.set("topic", options.topic);
  if (!options.state.empty()) query.set("state", options.state);
  if (!options.since.empty())
    query.set("since_ms", std::to_string(moment_ms("--since", options.since)));
  if (!options.payload && !options.as_json) {
    query.set("payload_max", std::to_string(preview_bytes));
  }
  const json found = options.tail > 0 ? last_messages(config, query, options.tail)
                                      : first_messages(config, query, options.count);
  return print(found, options.as_json, [&](const json& messages, bool colour) {
    const std::string text =
        render_messages(messages, options.payload, colour, page_columns(STDOUT_FILENO));
    if (!messages["more"].get<bool>()) return text;
    return text + '\n' +
           part_text(messages["messages"].size(), count_of(messages, "of"),
                     options.tail > 0 ? "--tail N" : "--count N");
  });
}

int losses(const BridgeConfig& config, const Options& options) {
  Query query;
  query.set("count", std::to_string(options.ranges));
  return print(answer(config, "/v1/journal/losses", query), options.as_json, render_losses);
}

int repeats(const BridgeConfig& config, const Options& options) {
  return print(answer(config, "/v1/journal/repeats", {}), options.as_json, render_repeats);
}

// Slice by slice, so that the daemon goes on with its own work in between.
json verify_all(const BridgeConfig& config, bool progress) {
  json damaged = json::array();
  std::uint64_t checked = 0;
  Query query;
  for (std::string next;; query.set("after", next)) {
    const json slice = answer(config, "/v1/journal/verify", query);
    checked += count_of(slice, "checked");
    for (const auto& damage : part_of(slice, "damaged")) damaged.push_back(damage);
    next = text_of(slice, "next");
    if (next.empty()) break;
    if (progress) print_progress("verified", checked, count_of(slice, "total"), "messages");
  }
  if (progress) end_progress();
  return {{"checked", checked}, {"damaged", std::move(damaged)}};
}

int verify(const BridgeConfig& config, const Options& options) {
  const json result = verify_all(config, ::isatty(STDERR_FILENO));
  print(result, options.as_json, render_verification);
  return result["damaged"].empty() ? exit_code::done : exit_code::failed;
}

using Action = int (*)(const BridgeConfig&, const Options&);

// One of the commands below `journal`, with what they have in common.
CLI::App* add(CLI::App& journal, Choice& choice, const std::shared_ptr<Options>& options,
              const char* name, const char* description, Action action) {
  auto* command = add_subcommand(journal, choice, options, name, description, action);
  add_json_flag(command, options->as_json);
  return command;
}

// Which lane, and where in it.
void add_place(CLI::App* command, Options& options) {
  command->add_option("--lane", options.lane, "The lane")->type_name("NAME")->capture_default_str();
  add_direction(command, options.direction, "up: site to central; down: back")
      ->capture_default_str();
  command->add_option("--from", options.from, "First sequence (default: the oldest kept)")
      ->type_name("SEQUENCE");
}

void add_show(CLI::App& journal, Choice& choice, const std::shared_ptr<Options>& options) {
  auto* command = add(journal, choice, options, "show", "Show messages of one lane", show);
  add_place(command, *options);
  command->add_option("--count", options->count, "How many, at most")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_option("--tail", options->tail, "The last ones instead, so many")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000))
      ->excludes("--count")
      ->excludes("--from");
  command->add_option("--topic", options->topic, "Only to topics that this MQTT filter matches")
      ->type_name("FILTER");
  command
      ->add_option("--state", options->state,
                   "Only pending, forwarded, decided, quarantined, requeued, held or lost ones")
      ->type_name("STATE");
  command->add_option("--since", options->since, "Only of the last 2h, 30m …, or since a time")
      ->type_name("SPAN|TIME");
  command->add_flag("--payload", options->payload, "Whole payloads, and the MQTT 5 properties");
  command->footer(std::string(without_daemon) + R"(
One line per message; below it why it was not forwarded. The time is UTC, when the message was
written to the journal, and may be given as it is shown. QOS has an r where the message is retained.
On a terminal of less than 110 columns the payload is below as well. A payload that is no text is
shown in hex; line ends and control characters are shown as escapes. With --json payloads are
base64.

STATE is
  pending      it waits
  forwarded    the far side has accepted it
  decided      its policy has taken it: 'bascule policy explain' says what came of it
  held         the broker refuses its topic; it crosses once the broker lets it
  quarantined  it cannot cross as things are: 'bascule journal quarantine list'
  requeued     it was quarantined, and is in the lane once more, under another number
  lost         a limit or a person gave it up: 'bascule journal losses'

Exit codes: 0 done, 1 failed.

Examples:
  bascule journal show --lane sales
  bascule journal show --lane sales --from 1234 --count 1 --payload
  bascule journal show --tail 5 --topic 'pos/+/sale' --since 2h
  bascule journal show --state quarantined
  bascule journal show --direction down --json | jq -r '.messages[].topic')");
}

}  // namespace

void add_journal(CLI::App& program, Choice& choice) {
  auto* journal = program.add_subcommand("journal", "Look into the journal");
  journal->require_subcommand(1);
  journal->footer(std::string(without_daemon) + R"(
Examples:
  bascule journal list                     what is in each lane
  bascule journal show --lane sales        the messages of one
  bascule journal verify                   is every stored byte as it was written?
  bascule journal losses                   what was given up, when, and why
  bascule journal quarantine list          what cannot cross as things are, and why
  bascule journal replay --lane sales      send again what a broker has lost
  bascule journal export FILE              carry what waits to the centre, …
  bascule journal import FILE              … and publish it there
  bascule journal repeats                  what was dropped as a repeat
  bascule journal salvage                  what can be read of a damaged one, into a new one
  bascule journal adopt                    it was moved to this machine

'bascule journal COMMAND --help' explains one command.)");

  const auto options = std::make_shared<Options>();
  add(*journal, choice, options, "list", "List the lanes: what waits, what is kept", list)
      ->footer(std::string(without_daemon) + R"(
WAITING is what the far side has not accepted yet; STORED counts also what has crossed and is
kept for a replay. CURSOR is the last sequence that the far side has accepted.

Exit codes: 0 done, 1 failed.)");
  add_show(*journal, choice, options);
  add(*journal, choice, options, "verify", "Check all that is stored against its checksums", verify)
      ->footer(std::string(without_daemon) + R"(
Reads every message that is kept; the bridge works on meanwhile. Shows progress on a terminal.
Changes nothing: what is damaged is named with lane and sequences.

Exit codes: 0 no damage, 1 damage found or failed.)");
  auto* ledger = add(*journal, choice, options, "losses",
                     "List the messages that were given up, and why", losses);
  ledger->add_option("--count", options->ranges, "How many ranges, at most; the newest")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  ledger->footer(std::string(without_daemon) + R"(
The loss ledger: each range of messages that a limit (ttl, max_size, when_full) took from a lane
before it had crossed, or that left the quarantine unsent; and what had crossed, and a broker has
lost or may have (not_resent: the lane's 'resend' does not send it again; beyond_history: older
than keep_forwarded), which 'bascule journal replay' sends. What is still in the quarantine is not
lost; that there is something is said below.

Exit codes: 0 done, also if there are losses; 1 failed.)");
  add_quarantine(*journal, choice);
  add_salvage(*journal, choice);
  add_replay(*journal, choice);
  add_export(*journal, choice);
  add_import(*journal, choice);
  add(*journal, choice, options, "repeats", "Count what was dropped as a repeat, and why", repeats)
      ->footer(std::string(without_daemon) + R"(
What is in the counter 'repeats' of 'bascule status', by where it came from:
  redelivered  the broker delivered again what is in the journal
  resent       another bascule sent again; SOURCE is its ORIGIN/EPOCH/LANE
  retained     a subscription brought a retained value again that has crossed
  overlapping  it came once for each of several subscriptions, or sessions
  looped       this bridge had forwarded it before, or it had passed eight bridges
and, of messages that were not dropped:
  copied       it bore the stamp of another message, which was taken off; SOURCE is the
               bridge that the stamp names. Somebody copies user properties, changes topics
               on the way, or has another stamp_key_file.

Exit codes: 0 done, also if there are repeats; 1 failed.)");
}

}  // namespace bascule
