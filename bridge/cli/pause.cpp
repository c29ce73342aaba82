#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "cli/print.hpp"
#include "cli/subcommand.hpp"
#include "cli/view/units.hpp"
#include "text/fields.hpp"

namespace bascule {
namespace {

using nlohmann::json;

struct Options {
  bool as_json = false;
  bool all = false;
  std::string link, lane, direction, by, time;
};

Query query_of(const Options& options) {
  Query query;
  if (!options.link.empty()) query.set("link", options.link);
  if (!options.lane.empty()) query.set("lane", options.lane);
  if (!options.direction.empty()) query.set("direction", options.direction);
  if (options.all) query.set("all", "1");
  if (!options.time.empty()) query.set("for", options.time);
  return query.set("by", person_of(options.by));
}

void need_place(const Options& options, const char* command) {
  if (!options.link.empty() || !options.lane.empty() || options.all) return;
  throw std::invalid_argument(std::string("say what: 'bascule ") + command +
                              " central', '... site', or '... --lane NAME'");
}

std::string place_text(const json& place) {
  const std::string link = text_of(place, "link");
  if (!link.empty()) return "link " + link;
  return "lane " + text_of(place, "lane") + ' ' + text_of(place, "direction");
}

int pause(const BridgeConfig& config, const Options& options) {
  need_place(options, "pause");
  const json told = tell_daemon(config, query_of(options).behind("/v1/pause"));
  return print(told, options.as_json, [](const json& answer, bool) {
    std::string text;
    for (const json& place : part_of(answer, "paused")) {
      text += place_text(place) + " is paused, since " + text_of(place, "since");
      const std::string until = text_of(place, "until");
      if (!until.empty()) text += ", until " + until;
    }
    const std::uint64_t left = count_of(answer, "in_flight");
    if (left > 0) {
      text += "; " + counted(left, "message") + " had no acknowledgement within 5 s";
    }
    return text + '\n';
  });
}

int resume(const BridgeConfig& config, const Options& options) {
  need_place(options, "resume");
  const json told = tell_daemon(config, query_of(options).behind("/v1/resume"));
  return print(told, options.as_json, [](const json& answer, bool) {
    std::string text;
    for (const json& place : part_of(answer, "resumed")) text += place_text(place) + " goes on\n";
    return text.empty() ? "nothing of that was paused\n" : text;
  });
}

constexpr auto pausing =
    R"(Asks the daemon. The link, or the lane, sends nothing new; what is on its way gets five
seconds for its acknowledgement, and the answer says how many messages had none. A link is
disconnected then, in an orderly way. It stays so, also over a restart, until 'bascule
resume', or for the time of --for.

--for is counted in the time that the machine runs or sleeps; setting its clock changes
nothing. Over a reboot it is counted by the clock, if that was right before and after; else
the whole time begins anew with the boot.

While central is paused the journal takes in what the site sends, within its limits: ttl and
max_size go on. While site is paused nothing is taken in: its broker queues for the bridge's
session, and many drop what is over their own limit (mosquitto: max_queued_messages, 1,000 by
default). A lane that is paused fills, and the others cross.

Exit codes: 0 done, 1 failed, 3 no daemon answers.

Examples:
  bascule pause central
  bascule pause central --for 2h
  bascule pause --lane media
  bascule pause --lane media --direction down)";

constexpr auto resuming =
    R"(Asks the daemon. A link connects again at once. What waited crosses in its order, nothing
twice. Without --direction a lane goes on in both directions.

Exit codes: 0 done, also if nothing was paused, 1 failed, 3 no daemon answers.

Examples:
  bascule resume central
  bascule resume --lane media
  bascule resume --all)";

CLI::App* add(CLI::App& program, Choice& choice, const char* name, const char* description,
              const std::shared_ptr<Options>& options,
              int (*action)(const BridgeConfig&, const Options&)) {
  auto* command = add_subcommand(program, choice, options, name, description, action);
  auto* link = command->add_option("LINK", options->link, "site or central")
                   ->type_name("")
                   ->check(CLI::IsMember({"site", "central"}));
  auto* lane = command->add_option("--lane", options->lane, "A lane instead of a link")
                   ->type_name("NAME")
                   ->excludes(link);
  add_direction(command, options->direction, "Of the lane, where it goes both ways")->needs(lane);
  command->add_option("--by", options->by, "Who says so (default: the login name)")
      ->type_name("NAME");
  add_json_flag(command, options->as_json);
  return command;
}

}  // namespace

void add_pause(CLI::App& program, Choice& choice) {
  const auto pauses = std::make_shared<Options>();
  auto* pausing_command =
      add(program, choice, "pause", "Stop a link or a lane for a while", pauses, pause);
  pausing_command->add_option("--for", pauses->time, "It resumes by itself then, as 90s, 2h or 1d")
      ->type_name("TIME");
  pausing_command->footer(pausing);
  const auto options = std::make_shared<Options>();
  auto* command =
      add(program, choice, "resume", "Let a link or a lane that is paused go on", options, resume);
  command->add_flag("--all", options->all, "Everything that is paused");
  command->footer(resuming);
}

}  // namespace bascule
