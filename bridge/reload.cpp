#include "reload.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "changes.hpp"
#include "crossing/terms.hpp"

namespace bascule {
namespace {

// Only a new process can: the journal and who asks are where these say.
std::string fixed(const Difference& change) {
  for (const char* key : {"bridge.id", "bridge.data_dir", "control"}) {
    if (!change.key.starts_with(key)) continue;
    return change.key + " cannot change while the bridge runs; set it back, or restart bascule";
  }
  return "";
}

// Where the values are those of the very file that was loaded.
void read(const std::string& path, Reload& reload) {
  reload.values = file_values(path);
  reload.config = load_config(path);
  check_policies(*reload.config);
  if (file_values(path) != reload.values) {
    reload.refused = path + " changed while it was read; reload again";
  }
}

void look_at(const Reload& reload, Journal& journal, bool accept_losses) {
  journal.inspect([&](JournalCore& core) {
    if (!core.starved()) check_limits(core, *reload.config, accept_losses);
  });
}

std::vector<std::string> same_links(const BridgeConfig& before, const BridgeConfig& after) {
  std::vector<std::string> names;
  if (before.hub != after.hub) return names;
  if (same_link(before.site, after.site)) names.emplace_back("site");
  if (!before.hub && same_link(before.central, after.central)) names.emplace_back("central");
  return names;
}

}  // namespace

Reload plan_reload(const BridgeConfig& runs_with, const FileValues& values, Journal& journal,
                   bool accept_losses) {
  Reload reload;
  try {
    read(runs_with.file, reload);
    reload.changes = differences(values, reload.values);
    for (const Difference& change : reload.changes) {
      if (reload.refused.empty()) reload.refused = fixed(change);
    }
    if (!reload.changes.empty() && reload.refused.empty()) {
      look_at(reload, journal, accept_losses);
    }
  } catch (const ConfigError& error) {
    reload.config.reset();
    for (const Problem& problem : error.problems()) reload.problems.push_back(to_string(problem));
  } catch (const std::exception& error) {
    reload.refused = error.what();
  }
  if (reload.config) reload.kept = same_links(runs_with, *reload.config);
  const auto of_log = [](const Difference& change) { return change.key.starts_with("log"); };
  if (!reload.changes.empty()) {
    reload.how =
        std::ranges::all_of(reload.changes, of_log) ? Reload::How::log : Reload::How::stages;
  }
  return reload;
}

nlohmann::json reload_report(const Reload& reload) {
  nlohmann::json changes = nlohmann::json::array();
  for (const Difference& change : reload.changes) changes.push_back(to_string(change));
  return {{"applied", false},
          {"problems", reload.problems},
          {"refused", reload.refused.empty() ? nlohmann::json() : nlohmann::json(reload.refused)},
          {"changes", std::move(changes)},
          {"how", word_of(reload_words, reload.how)},
          {"kept", reload.kept},
          {"dropped", nlohmann::json::array()}};
}

}  // namespace bascule
