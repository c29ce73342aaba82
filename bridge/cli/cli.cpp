#include "cli/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "config/config.hpp"
#include "text/wording.hpp"

namespace bascule {

namespace {

constexpr auto description =
    "bascule - a store-and-forward bridge between a site's MQTT broker and a central one\n"
    "\n"
    "Every message that crosses is first written to a journal on disk. While the line is\n"
    "down, messages wait there in order; when it is back, forwarding goes on where it stopped.";

constexpr auto closing = R"(Examples:
  bascule init                             write a first configuration
  bascule check                            is the configuration valid?
  bascule doctor                           what would keep it from working?
  bascule run                              run the bridge in the foreground
  bascule status --watch                   links, backlog and rates, every second
  bascule route pos/7/sale/new             which route takes this topic, and where to?
  bascule journal show --lane sales        what waits in lane 'sales'?
  bascule cases list                       what waits for a person?
  bascule -c ./bascule.yaml check          another configuration file

'bascule COMMAND --help' explains one command.

Exit codes:
  0  done
  1  failed, or what was examined is not valid
  2  the command line is wrong
  3  no daemon answers)";

// Help as a manual page would have it.
struct Help : CLI::Formatter {
  Help() {
    column_width(28);
    label("Positionals", "Arguments");
    label("Subcommands", "Commands");
    label("SUBCOMMAND", "COMMAND");
    label("REQUIRED", "");
  }
  std::string make_description(const CLI::App* app) const override {
    return app->get_description() + "\n\n";
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();  // with what a check allows behind a colon
    return type.empty() ? "" : ' ' + type.substr(0, type.find(':'));
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    const std::string preset = option->get_default_str();
    return option->get_description() + (preset.empty() ? "" : " (default: " + preset + ")");
  }
};

int complain(const std::string& text, int code) {
  std::cerr << "bascule: " << text << '\n';
  return code;
}

// Each command that does something takes -c, as the program does, so that it may stand anywhere.
void add_config_option(CLI::App& app, Choice& choice) {
  app.add_option("-c,--config", choice.config, "The configuration file")
      ->type_name("FILE")
      ->capture_default_str();
  for (auto* command : app.get_subcommands({})) add_config_option(*command, choice);
}

std::vector<std::string> names_of_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> names_of_options(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// The library says "Could not convert: NUMBER = a".
std::string in_our_words(const std::string& what) {
  constexpr std::string_view conversion = "Could not convert: ";
  const std::size_t is = what.find(" = ");
  if (!what.starts_with(conversion) || is == std::string::npos) return what;
  return "'" + what.substr(is + 3) + "' is no value for " +
         what.substr(conversion.size(), is - conversion.size());
}

// What is wrong with the arguments, and what to do, in one line.
std::string usage_problem(const CLI::App& program, const CLI::ParseError& error) {
  const CLI::App* app = &program;
  std::string path = program.get_name();
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().back();
    path += ' ' + app->get_name();
  }
  const std::string help = "'" + path + " --help' explains";
  const auto commands = names_of_commands(*app);
  const auto unknown = app->remaining();

  if (unknown.empty()) {
    return commands.empty() ? in_our_words(error.what()) + "; " + help
                            : "which command? " + comma_list(commands) + "; " + help;
  }
  const std::string& word = unknown.front();
  const bool option = word.starts_with('-');
  const auto known = option ? names_of_options(*app) : commands;
  const auto meant = nearest(word, {known.begin(), known.end()});
  std::string text = option             ? "there is no option '" + word + "'"
                     : commands.empty() ? "'" + word + "' is one argument too many"
                                        : "there is no command '" + word + "'";
  return text + "; " + (meant.empty() ? help : "did you mean '" + std::string(meant) + "'?");
}

int run(Choice& choice) {
  try {
    return choice.run();
  } catch (const ConfigError& error) {
    for (const auto& problem : error.problems()) std::cerr << to_string(problem) << '\n';
    return exit_code::failed;
  } catch (const NoDaemon& error) {
    return complain(error.what(), exit_code::no_daemon);
  } catch (const std::exception& error) {
    return complain(error.what(), exit_code::failed);
  }
}

}  // namespace

int run_cli(int argc, char** argv) {
  Choice choice;
  CLI::App program(description, "bascule");
  program.set_version_flag("--version", "bascule " BASCULE_VERSION, "Print the version, and end");
  program.set_help_flag("-h,--help", "Print this help, and end");
  program.formatter(std::make_shared<Help>());
  program.footer(closing);
  program.require_subcommand(1);
  add_run(program, choice);
  add_check(program, choice);
  add_init(program, choice);
  add_doctor(program, choice);
  add_status(program, choice);
  add_route(program, choice);
  add_journal(program, choice);
  add_policy(program, choice);
  add_cases(program, choice);
  add_conflict(program, choice);
  add_fleet(program, choice);
  add_pause(program, choice);
  add_acknowledge(program, choice);
  add_reload(program, choice);
  add_config_option(program, choice);

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == exit_code::done) return program.exit(error);  // help, version
    // To a monitor the usual code would mean that the bridge fails.
    const bool checking = std::any_of(
        argv, argv + argc, [](const char* word) { return std::string_view(word) == "--check"; });
    return complain(usage_problem(program, error),
                    checking ? exit_code::unknown : exit_code::usage);
  }
  return run(choice);
}

}  // namespace bascule
