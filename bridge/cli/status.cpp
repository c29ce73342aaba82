#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <thread>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "cli/view/status_view.hpp"
#include "cli/view/table.hpp"
#include "cli/view/trend.hpp"
#include "cli/view/verdict.hpp"

namespace bascule {

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr auto path = "/v1/status";
constexpr auto redraw_every = std::chrono::seconds(1);
constexpr auto check_within = std::chrono::seconds(5);  // monitors wait for 10 s, most of them

struct Options {
  bool as_json = false;
  bool watch = false;
  bool check = false;
};

std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// One page in place of the last. Each line is wiped behind its end, and all below the last line,
// so that nothing flickers.
void redraw(const std::string& page) {
  std::string text = "\033[H";
  for (const char c : page) text += c == '\n' ? std::string("\033[K\n") : std::string(1, c);
  std::cout << text << "\033[J" << std::flush;
}

// How many lines a terminal has.
std::size_t page_rows(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

// For programs: the answer, with what it comes to.
std::string as_json(json answer, int indent) {
  answer["health"] = verdict_json(verdict(answer, unix_ms()));
  return answer.dump(indent) + '\n';
}

// Until Ctrl-C; also over a restart of the daemon, once it has answered.
int watch(const BridgeConfig& config, const Options& options) {
  std::signal(SIGINT, [](int) { ::_exit(exit_code::done); });
  const bool terminal = ::isatty(STDOUT_FILENO) && !options.as_json;
  StatusView view{.colour = colours_on(STDOUT_FILENO), .page = page_columns(STDOUT_FILENO)};
  json status = ask_daemon(config, path);
  Trend trend;
  if (terminal) std::cout << "\033[2J";
  auto asked = Clock::now();
  auto next = asked;
  for (; std::cout; std::this_thread::sleep_until(next += redraw_every)) {
    std::string page;
    try {
      status = ask_daemon(config, path);
      const auto now = Clock::now();
      view.elapsed_s = std::chrono::duration<double>(now - asked).count();
      asked = now;
      view.now_ms = unix_ms();
      view.page = page_columns(STDOUT_FILENO);  // the window may have changed
      trend.add(status, view.before.is_null() ? 0 : view.elapsed_s);
      page = options.as_json ? as_json(status, -1) : render_status(status, view);
      view.before = std::move(status);
    } catch (const std::exception& error) {
      view.before = nullptr;
      page = std::string(error.what()) + '\n';
      if (options.as_json) {
        std::cerr << "bascule: " << page;
        continue;
      }
    }
    if (terminal) {
      const bool answered = !view.before.is_null();
      redraw(fit(page, answered ? "\n" + trend.text(view.page) : "", page_rows(STDOUT_FILENO)));
    } else {
      std::cout << page << (options.as_json ? "" : "\n") << std::flush;
    }
  }
  return exit_code::failed;  // nobody reads on
}

// What a monitor cannot know is no verdict: a wrong file, or no permission.
int unknown(const std::string& why) {
  std::cout << "UNKNOWN  " << why << '\n';
  return exit_code::unknown;
}

// A daemon that does not answer is the worst that can be, and a verdict.
Verdict asked_verdict(const BridgeConfig& config) {
  try {
    return verdict(ask_daemon(config, path, check_within), unix_ms());
  } catch (const NoDaemon& error) {
    return {Health::failing, {error.what()}};
  } catch (const NoAnswer& error) {
    return {Health::failing, {error.what()}};
  }
}

int tell_monitor(const std::string& file) {
  Verdict found;
  try {
    found = asked_verdict(config_to_ask(file));
  } catch (const ConfigError& error) {
    for (const Problem& problem : error.problems()) std::cerr << to_string(problem) << '\n';
    return unknown("the configuration is not valid: " + file);
  } catch (const std::exception& error) {
    return unknown(error.what());
  }
  std::cout << verdict_text(found, colours_on(STDOUT_FILENO), page_columns(STDOUT_FILENO));
  switch (found.health) {
    case Health::ok:
      return exit_code::done;
    case Health::degraded:
      return exit_code::degraded;
    case Health::failing:
      break;
  }
  return exit_code::failing;
}

int status(const BridgeConfig& config, const Options& options) {
  if (options.watch) return watch(config, options);
  const json answer = ask_daemon(config, path);
  if (options.as_json) {
    std::cout << as_json(answer, 2);
  } else {
    std::cout << render_status(answer, {.colour = colours_on(STDOUT_FILENO),
                                        .page = page_columns(STDOUT_FILENO),
                                        .now_ms = unix_ms()});
  }
  return exit_code::done;
}

}  // namespace

void add_status(CLI::App& program, Choice& choice) {
  auto* command = program.add_subcommand("status", "Show links, lanes, backlog, rates and losses");
  const auto options = std::make_shared<Options>();
  command->add_flag("--json", options->as_json, "The daemon's answer as JSON, for programs");
  command->add_flag("--watch", options->watch,
                    "Again every second, with rates and the last minute, until Ctrl-C; with --json "
                    "one line each");
  auto* check = command->add_flag("--check", options->check,
                                  "The verdict alone, with an exit code for monitors");
  check->excludes("--json")->excludes("--watch");
  command->footer(R"(The first line is the verdict, with the reasons below it:
  OK        everything crosses
  DEGRADED  something waits that should cross: a link, a topic, a subscription, the quarantine;
            or something was lost within the last day, or could be without the bridge knowing it
  FAILING   the journal takes nothing in, or is full within a day at this rate

What the tables say:
  LINK   state is up, down, slow (acknowledgements take longer than 'slow_after') or paused
  LANE   what waits in each lane, how long the oldest message has, what is sent and not yet
         acknowledged; below it why it waits: the line, its hours, its rate, a refusal
  IN     received = journaled + unrouted + repeats + refused
  OUT    journaled = forwarded + pending + expired + evicted + quarantined;
         unconfirmed: of the forwarded, what was sent at QoS 0, which no broker acknowledges
  losses what was given up by a limit; 'bascule journal losses' has the list

Colours are used on a terminal only, and not if NO_COLOR is set.

Exit codes: 0 done, 1 the daemon refused, 3 no daemon answers.
With --check, as Nagios and Icinga have them: 0 OK, 1 DEGRADED (warning), 2 FAILING, also if no
daemon answers within 5 s (critical), 3 it is not known: a wrong option or file, no permission.

Examples:
  bascule status
  bascule status --check
  bascule status --watch
  bascule status --json | jq '.health.state')");
  command->callback([options, &choice] {
    choice.run = [options, &choice] {
      if (options->check) return tell_monitor(choice.config);
      return status(config_to_ask(choice.config), *options);
    };
  });
}

}  // namespace bascule
