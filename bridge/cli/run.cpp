#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.hpp"
#include "daemon.hpp"

namespace bascule {

void add_run(CLI::App& program, Choice& choice) {
  auto* command = program.add_subcommand("run", "Run the bridge in the foreground");
  command->footer(
      R"(Runs until SIGTERM or SIGINT, which end it cleanly: what is in flight gets a moment to be
acknowledged, and everything else waits in the journal. SIGHUP has it read a changed configuration,
as 'bascule reload' does, which says what came of it.

A start is refused where a limit of the file is tighter than before and would give up messages
that wait: 'bascule check --journal' says which. With --accept-losses they are given up, and are
in the loss ledger.

Exit codes: 0 ended as asked, 1 it could not start or the configuration is not valid.

Examples:
  bascule run
  bascule run -c ./bascule.yaml)");
  const auto accepted = std::make_shared<bool>(false);
  command->add_flag("--accept-losses", *accepted,
                    "Start though tighter limits give up messages that wait");
  command->callback([&choice, accepted] {
    choice.run = [&choice, accepted] { return run_daemon(load_config(choice.config), *accepted); };
  });
}

}  // namespace bascule
