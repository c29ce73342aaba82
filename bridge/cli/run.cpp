#include <CLI/CLI.hpp>

#include "cli/command.hpp"
#include "daemon.hpp"

namespace bascule {

void add_run(CLI::App& program, Choice& choice) {
  auto* command = program.add_subcommand("run", "Run the bridge in the foreground");
  command->footer(
      R"(Runs until SIGTERM or SIGINT, which end it cleanly: what is in flight gets a moment to be
acknowledged, and everything else waits in the journal. A changed configuration is read at the
next start; 'bascule check' says beforehand whether it is valid.

Exit codes: 0 ended as asked, 1 it could not start or the configuration is not valid.

Examples:
  bascule run
  bascule run -c ./bascule.yaml)");
  command->callback(
      [&choice] { choice.run = [&choice] { return run_daemon(load_config(choice.config)); }; });
}

}  // namespace bascule
