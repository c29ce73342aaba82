// The commands below a command: each of them runs an action with the configuration and the options
// that they share.
#pragma once

#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "config/config.hpp"

namespace bascule {

// When the arguments name it, `action` is left behind to run. It asks the daemon or the journal,
// and so needs none of the files that the configuration names.
template <class Options, class Action>
CLI::App* add_subcommand(CLI::App& parent, Choice& choice, const std::shared_ptr<Options>& options,
                         const char* name, const char* description, Action action) {
  auto* command = parent.add_subcommand(name, description);
  command->callback([options, &choice, action] {
    choice.run = [options, &choice, action] {
      return action(config_to_ask(choice.config), *options);
    };
  });
  return command;
}

inline void add_json_flag(CLI::App* command, bool& as_json) {
  command->add_flag("--json", as_json, "The answer as JSON, for programs");
}

inline CLI::Option* add_direction(CLI::App* command, std::string& direction,
                                  const char* description) {
  return command->add_option("--direction", direction, description)
      ->type_name("up|down")
      ->check(CLI::IsMember({"up", "down"}));
}

// Who does it: as given, or whoever is logged in, else whose process it is; whatever $USER says.
inline std::string person_of(const std::string& by) {
  if (!by.empty()) return by;
  if (const char* user = ::getlogin(); user != nullptr && *user != '\0') return user;
  const passwd* owner = ::getpwuid(::getuid());
  return owner != nullptr ? owner->pw_name : std::to_string(::getuid());
}

}  // namespace bascule
