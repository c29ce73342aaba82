#include "cli/salvage.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "cli/ask.hpp"
#include "cli/command.hpp"
#include "cli/print.hpp"
#include "cli/subcommand.hpp"
#include "cli/view/salvage_view.hpp"
#include "journal/salvage/opening.hpp"
#include "journal/salvage/salvage.hpp"
#include "message/machine.hpp"
#include "text/fields.hpp"

namespace bascule {
namespace {

using nlohmann::json;

struct Options {
  bool as_json = false;
  std::string file;
};

// The journal need not be the one that the configuration names.
JournalSettings settings_of(const BridgeConfig& config, const std::string& file) {
  JournalSettings settings = config.journal;
  settings.data_dir = config.data_dir;
  if (file.empty()) return settings;
  const std::filesystem::path path = std::filesystem::absolute(file).lexically_normal();
  if (path.filename() != "journal.db") {
    throw std::runtime_error(file +
                             ": a journal is a file journal.db, with the others of its "
                             "folder; name that file");
  }
  settings.data_dir = path.parent_path();
  return settings;
}

int salvage_file(const BridgeConfig& config, const Options& options) {
  const bool progress = ::isatty(STDERR_FILENO) != 0;
  const SalvageReport report =
      salvage(settings_of(config, options.file), config.id, [&](auto done, auto total) {
        if (progress) print_progress("salvaged", done, total, "pages");
      });
  if (progress) end_progress();
  print(salvage_json(report), options.as_json, render_salvage);
  return report.damaged_pages == 0 ? exit_code::done : exit_code::failed;
}

int adopt_here(const BridgeConfig& config, const Options& options) {
  const bool known = adopt_journal(config.data_dir, machine_id());
  const json done{{"adopted", config.data_dir}, {"machine_known", known}};
  return print(done, options.as_json, [](const json& answer, bool) {
    return "the journal in " + text_of(answer, "adopted") +
           (answer.at("machine_known") ? " is this machine's from now on\n"
                                       : " keeps its epoch: this machine has no lasting "
                                         "/etc/machine-id, and no journal can know it\n");
  });
}

constexpr auto about_salvage =
    R"(A bridge that finds its journal damaged does the same by itself when it starts. By hand it
is for a journal that no bridge has open: on a card from a broken box, or one that is suspected.

FILE is its journal.db (default: that of data_dir). The damaged journal moves, whole, into a folder
damaged-TIME beside it, and is never deleted. A new journal in its place has every row whose page
could be read, and every message whose checksums hold. Whoever opens it begins a new epoch. What is
lost is in its ledger ('bascule journal losses', reason damaged), and told upstream at the start.
It needs room for a second journal; a crash in between loses nothing, and it can be run again.

Shows progress on a terminal, and then lane by lane: WAITING and KEPT came through, LOST did not.

Exit codes: 0 no page was damaged, 1 some were, or failed.

Examples:
  bascule journal salvage
  bascule journal salvage /mnt/card/var/lib/bascule/journal.db)";

constexpr auto about_adopt =
    R"(A bridge knows its machine. On another one it begins a new epoch, since the old machine may
run the same journal still. Nothing is lost by that, but who receives there cannot know what crosses
again for what it is.

This command says that the journal was moved here on purpose, and that the other machine does not
run it any more: it keeps its epoch. Run it on the new machine, before the first start.

Exit codes: 0 done, 1 failed.

Examples:
  bascule journal adopt)";

}  // namespace

void add_salvage(CLI::App& journal, Choice& choice) {
  const auto options = std::make_shared<Options>();
  auto* hand =
      add_subcommand(journal, choice, options, "salvage",
                     "Take what can be read of a damaged journal into a new one", salvage_file);
  hand->add_option("FILE", options->file, "A journal.db (default: that of data_dir)")
      ->type_name("");
  add_json_flag(hand, options->as_json);
  hand->footer(about_salvage);
  auto* moved = add_subcommand(journal, choice, options, "adopt",
                               "Say that a journal was moved to this machine", adopt_here);
  add_json_flag(moved, options->as_json);
  moved->footer(about_adopt);
}

}  // namespace bascule
