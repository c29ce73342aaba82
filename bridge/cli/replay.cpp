#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "cli/moment.hpp"
#include "cli/print.hpp"
#include "cli/subcommand.hpp"
#include "cli/view/journal_view.hpp"
#include "cli/view/units.hpp"
#include "control/query/replay_query.hpp"
#include "text/fields.hpp"
#include "text/json_text.hpp"
#include "text/time.hpp"
#include "text/units.hpp"

namespace bascule {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto look_every = 200ms;
// They stand behind the ? of a request, whose head the daemon limits.
constexpr std::size_t ranges_per_request = 100;

struct Options {
  bool as_json = false;
  std::string lane = "default";
  std::string direction = "up";
  std::uint64_t from = 0, to = 0;
  std::string since, until, topic, file, rate;

  bool chooses() const {
    return from != 0 || to != 0 || !since.empty() || !until.empty() || !topic.empty();
  }
};

struct Range {
  std::uint64_t first = 0, last = 0;
  std::uint64_t count() const { return last - first + 1; }
};

// What of the history was asked for, and is there.
struct Selection {
  std::vector<Range> ranges;
  std::uint64_t messages = 0, bytes = 0;
  std::uint64_t gone = 0;  // of the sequences that were named
};

Query place_of(const Options& options) {
  Query query;
  query.set("direction", options.direction).set("lane", options.lane);
  if (options.from > 0) query.set("from", std::to_string(options.from));
  if (!options.topic.empty()) query.set("topic", options.topic);
  if (!options.since.empty()) {
    query.set("since_ms", std::to_string(moment_ms("--since", options.since)));
  }
  return query;
}

std::string what_is_kept(const Options& options, std::uint64_t first, const json& answer) {
  const std::uint64_t last = count_of(answer, "last");
  const std::string lane = "lane " + options.lane + " (" + options.direction + ")";
  if (first > last) return lane + " has no history";
  const auto at_ms = static_cast<std::int64_t>(count_of(answer, "first_stored_ms"));
  return lane + " still has " + std::to_string(first) + " to " + std::to_string(last) +
         ", journaled since " + utc_text(at_ms);
}

// Throws if there is nothing of it. The daemon looks through so much at a time.
Selection select(const BridgeConfig& config, const Options& options) {
  Query query = place_of(options);
  if (options.to > 0) query.set("to", std::to_string(options.to));
  if (!options.until.empty()) {
    query.set("until_ms", std::to_string(moment_ms("--until", options.until)));
  }
  Selection chosen;
  json answered;
  while (true) {
    answered = answer(config, crossed_question, query);
    for (const json& range : answered["ranges"]) {
      chosen.ranges.push_back({range[0].get<std::uint64_t>(), range[1].get<std::uint64_t>()});
    }
    chosen.messages += count_of(answered, "messages");
    chosen.bytes += count_of(answered, "bytes");
    if (!answered.contains("next")) break;
    query.set("from", std::to_string(count_of(answered, "next")));
  }
  const std::uint64_t first = count_of(answered, "first_stored");
  if (options.from > 0 || options.to > 0) {
    const std::uint64_t from = std::max<std::uint64_t>(options.from, 1);
    const std::uint64_t to = options.to > 0 ? options.to : count_of(answered, "last");
    if (first > from) chosen.gone = std::min(first, to + 1) - std::min(from, to + 1);
  }
  if (chosen.messages > 0) return chosen;
  const std::string why = chosen.gone > 0 ? "that is not in the history any more (keep_forwarded)"
                                          : "nothing that has crossed is as asked for";
  throw std::runtime_error(why + "; " + what_is_kept(options, first, answered));
}

// As much as may go at once, from the front.
std::vector<Range> take_portion(std::vector<Range>& ranges, std::uint64_t messages_max) {
  std::vector<Range> portion;
  auto next = ranges.begin();
  for (; next != ranges.end() && portion.size() < ranges_per_request && messages_max > 0; ++next) {
    Range one = *next;
    if (one.count() > messages_max) {
      one.last = one.first + messages_max - 1;
      next->first = one.last + 1;
      portion.push_back(one);
      break;
    }
    messages_max -= one.count();
    portion.push_back(one);
  }
  ranges.erase(ranges.begin(), next);
  return portion;
}

std::string text_of(const std::vector<Range>& ranges) {
  std::string text;
  for (const Range& one : ranges) {
    if (!text.empty()) text += ',';
    text += std::to_string(one.first) + "-" + std::to_string(one.last);
  }
  return text;
}

std::uint64_t replaying(const BridgeConfig& config, const Options& options) {
  for (const json& lane : ask_daemon(config, "/v1/lanes")["lanes"]) {
    if (lane["name"] == options.lane && lane["direction"] == options.direction) {
      return count_of(lane, "replaying");
    }
  }
  return 0;
}

void wait_sent(const BridgeConfig& config, const Options& options, std::uint64_t before,
               std::uint64_t total) {
  const bool shown = ::isatty(STDERR_FILENO) != 0;
  while (const std::uint64_t left = replaying(config, options)) {
    if (shown)
      print_progress("sent again", total - std::min(total, before + left), total, "messages");
    std::this_thread::sleep_for(look_every);
  }
  if (shown) print_progress("sent again", total - std::min(total, before), total, "messages");
}

// What may go in a second; 0: no limit.
std::uint64_t messages_per_s(const Options& options, const Selection& chosen) {
  if (options.rate.empty()) return 0;
  try {
    const Rate rate = parse_rate(options.rate);
    if (rate.messages_per_s != 0) return rate.messages_per_s;
    const std::uint64_t each = std::max<std::uint64_t>(chosen.bytes / chosen.messages, 1);
    return std::max<std::uint64_t>(rate.bytes_per_s / each, 1);
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error("--rate " + std::string(error.what()));
  }
}

// Without a rate all goes at once, but for more pieces than fit into one request. With one, and
// where somebody looks on, this lasts until all has gone.
void send(const BridgeConfig& config, const Options& options, const Selection& chosen) {
  const std::uint64_t per_s = messages_per_s(options, chosen);
  const auto begin = std::chrono::steady_clock::now();
  std::vector<Range> ranges = chosen.ranges;
  std::uint64_t sent = 0;
  while (!ranges.empty()) {
    const auto portion =
        take_portion(ranges, per_s == 0 ? std::numeric_limits<std::uint64_t>::max() : per_s);
    Query query;
    query.set("direction", options.direction).set("lane", options.lane);
    query.set("ranges", text_of(portion));
    tell_daemon(config, query.behind("/v1/journal/replay"));
    for (const Range& one : portion) sent += one.count();
    if (per_s != 0 || !ranges.empty() || ::isatty(STDERR_FILENO)) {
      wait_sent(config, options, chosen.messages - sent, chosen.messages);
    }
    if (per_s != 0 && !ranges.empty()) {
      std::this_thread::sleep_until(begin + std::chrono::milliseconds(sent * 1'000 / per_s));
    }
  }
  if (::isatty(STDERR_FILENO)) end_progress();
}

void write_part(std::ostream& out, const json& messages, const Options& options, std::int64_t until,
                std::uint64_t& written) {
  for (const json& one : messages) {
    if (options.to > 0 && count_of(one, "sequence") > options.to) continue;
    if (one["captured_ms"].get<std::int64_t>() > until) continue;
    out << json_text(one) << '\n';
    ++written;
  }
}

// Nothing is sent. One line of JSON a message.
int write_to_file(const BridgeConfig& config, const Options& options) {
  const Selection chosen = select(config, options);
  std::ofstream file;
  if (options.file != "-") {
    if (std::filesystem::exists(options.file)) {
      throw std::runtime_error(options.file + " is there already; name another file");
    }
    // Payloads are for whoever may read the journal; and not over what is there since just now.
    const int made = ::open(options.file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made >= 0) ::close(made);
    if (made >= 0) file.open(options.file);
    if (made < 0 || !file) throw std::runtime_error("cannot write " + options.file);
  }
  std::ostream& out = options.file == "-" ? std::cout : file;
  const std::int64_t until = options.until.empty() ? std::numeric_limits<std::int64_t>::max()
                                                   : moment_ms("--until", options.until);
  Query query = place_of(options);
  query.set("state", "forwarded").set("count", "1000");
  query.set("from", std::to_string(chosen.ranges.front().first));
  const bool shown = options.file != "-" && ::isatty(STDERR_FILENO) != 0;
  std::uint64_t written = 0;
  while (true) {
    const json part = answer(config, "/v1/journal/show", query);
    write_part(out, part["messages"], options, until, written);
    if (shown) print_progress("written", written, chosen.messages, "messages");
    const std::uint64_t next = part.contains("next") ? count_of(part, "next") : 0;
    if (next == 0 || next > chosen.ranges.back().last) break;
    query.set("from", std::to_string(next));
  }
  if (shown) end_progress();
  if (!out.flush()) throw std::runtime_error("cannot write all of " + options.file);
  std::cerr << counted(written, "message") << " written to "
            << (options.file == "-" ? "standard output" : options.file) << '\n';
  return exit_code::done;
}

int replay(const BridgeConfig& config, const Options& options) {
  if (!options.file.empty()) return write_to_file(config, options);
  if (!options.chooses()) {
    if (!options.rate.empty()) {
      throw std::runtime_error(
          "--rate is for a part of the history: name it with --from, --since "
          "or --topic");
    }
    Query query;
    query.set("direction", options.direction).set("lane", options.lane);
    const json done = tell_daemon(config, query.behind("/v1/journal/replay"));
    print(done, options.as_json, render_replayed);
    return count_of(done, "messages") == 0 && count_of(done, "gone") > 0 ? exit_code::failed
                                                                         : exit_code::done;
  }
  ask_daemon(config, "/v1/lanes");  // only a daemon can send
  const Selection chosen = select(config, options);
  print({{"messages", chosen.messages},
         {"first", chosen.ranges.front().first},
         {"last", chosen.ranges.back().last},
         {"gone", chosen.gone}},
        options.as_json, render_replayed);
  std::cout.flush();
  send(config, options, chosen);
  return exit_code::done;
}

}  // namespace

void add_replay(CLI::App& journal, Choice& choice) {
  const auto options = std::make_shared<Options>();
  auto* command = add_subcommand(journal, choice, options, "replay",
                                 "Send again what has crossed before", replay);
  add_json_flag(command, options->as_json);
  command->add_option("--lane", options->lane, "The lane")
      ->type_name("NAME")
      ->capture_default_str();
  add_direction(command, options->direction, "up: site to central; down: back")
      ->capture_default_str();
  auto* from =
      command->add_option("--from", options->from, "First sequence")->type_name("SEQUENCE");
  auto* to = command->add_option("--to", options->to, "Last sequence")->type_name("SEQUENCE");
  command
      ->add_option("--since", options->since,
                   "Only what was journaled in the last 2h, 30m …, or since a time")
      ->type_name("SPAN|TIME")
      ->excludes(from)
      ->excludes(to);
  command->add_option("--until", options->until, "Only what was journaled until then, as --since")
      ->type_name("SPAN|TIME")
      ->excludes(from)
      ->excludes(to);
  command->add_option("--topic", options->topic, "Only to topics that this MQTT filter matches")
      ->type_name("FILTER");
  auto* file = command
                   ->add_option("--to-file", options->file,
                                "Send nothing: write it there, a line of JSON each; -: to stdout")
                   ->type_name("FILE");
  command->add_option("--rate", options->rate, "So fast at the most, such as 100msg/s or 1MiB/s")
      ->type_name("RATE")
      ->excludes(file);
  command->footer(
      R"(Asks the daemon, which works on meanwhile. Without a choice: what the loss ledger of the
lane has as not_resent and beyond_history, because a broker may have lost it and was not sent it
again; the ledger no longer has it then. With one: whatever of it has crossed. Only what the
journal still has can be sent ('bascule journal list', STORED). It goes with the number and stamp
that it had, marked bascule-replayed over MQTT 5, ahead of what waits. How many these are is said
first. With --rate, and on a terminal, the command lasts until all have gone; one that is ended
before sends no more than it has sent.

A TIME is in RFC 3339: 2026-11-26T14:00:00Z, or 2026-11-26T15:00:00+01:00.

Exit codes: 0 done, 1 failed or the journal has nothing of it any more, 3 no daemon answers.

Examples:
  bascule journal replay --lane sales
  bascule journal replay --lane sales --from 1234 --to 1300
  bascule journal replay --since 3h --until 1h --topic 'stores/+/pos/#' --rate 50msg/s
  bascule journal replay --lane sales --since 2026-11-26T14:00:00Z --to-file sales.jsonl)");
}

}  // namespace bascule
