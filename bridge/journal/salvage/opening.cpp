#include "journal/salvage/opening.hpp"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>

#include "journal/salvage/incidents.hpp"
#include "journal/salvage/salvage.hpp"
#include "journal/salvage/small_file.hpp"
#include "journal/store/directory_lock.hpp"
#include "journal/store/journal_damaged.hpp"
#include "journal/store/sqlite/gather_vfs.hpp"
#include "log.hpp"
#include "message/machine.hpp"

namespace bascule {
namespace {

constexpr const char* mark = "/salvage-wanted";
constexpr const char* machine_file = "/machine";

std::string line_of(const std::string& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

void write_line(const std::string& path, const std::string& line) {
  try {
    write_small_file(path, line + '\n');
  } catch (const std::exception& e) {
    throw JournalError(e.what());
  }
}

std::uint64_t bytes_of(const std::string& path) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  return error ? 0 : bytes;
}

// SQLite takes an empty file for a new database, and removes the log.
bool is_cut_to_nothing(const std::string& data_dir) {
  constexpr std::uint64_t header_bytes = 100, page_bytes = 4'096;
  const std::string path = data_dir + "/journal.db";
  return bytes_of(path) < header_bytes &&
         (bytes_of(path + std::string(sector_log_suffix)) > page_bytes ||
          bytes_of(path + "-wal") > page_bytes);
}

void log_report(const SalvageReport& report, const std::string& why) {
  const LogFields fields{{"event", "journal_salvaged"}, {"aside", report.aside}};
  spdlog::error(
      "journal: it was damaged ({}); it is set aside, whole, as {}, and a new one has what could "
      "be read: {} of {} pages were damaged. Replace the medium",
      why, report.aside, report.damaged_pages, report.pages);
  for (const auto& lane : report.lanes) {
    if (lane.lost_messages == 0 && lane.open_from == 0 && !lane.forgotten) continue;
    spdlog::error("journal: lane {} {}: {} messages wait, {} are lost{}{}", lane.name,
                  to_string(lane.direction), lane.waiting, lane.lost_messages,
                  lane.open_from == 0
                      ? ""
                      : ", and perhaps some from " + std::to_string(lane.open_from) + " on",
                  lane.forgotten ? "; how far it had crossed is lost, and may cross again" : "");
  }
}

// Whoever opens it next begins a new epoch: as after commits that were lost. Then it is told that
// the journal is this machine's. A crash in between costs an epoch.
void leave_epoch(JournalSettings settings, const std::string& bridge_id) {
  settings.sync = JournalSettings::Sync::full;  // so that its mark stays
  JournalCore core(settings, bridge_id, {});
  core.change().meta().save_unsynced("");
  core.commit();
}

void look_at_machine(const JournalSettings& settings, const std::string& bridge_id,
                     const std::string& machine) {
  const std::string path = settings.data_dir + machine_file;
  const std::string known = line_of(path);
  if (machine.empty()) {
    return spdlog::info(
        "journal: this machine has no lasting id (/etc/machine-id), so a journal that was copied "
        "from another is not noticed here");
  }
  const bool same = is_same_machine(known, machine);
  if (same && known.size() >= machine.size()) return;
  const bool is_there = std::filesystem::exists(settings.data_dir + "/journal.db");
  const bool moved = !known.empty() && !same && is_there;
  if (moved) {
    leave_epoch(settings, bridge_id);
    const LogFields fields{{"event", "journal_moved"}};
    spdlog::warn(
        "journal: it was another machine's. Should that still run it, both would give the same "
        "numbers, so it begins a new epoch here; then one of the two needs another bridge.id. A "
        "journal that is moved keeps its epoch by 'bascule journal adopt', before the first start");
  } else if (settings.must_exist && !is_there) {
    return;
  }
  const DirectoryLock lock(settings.data_dir);  // which makes it, for its owner alone
  try {
    if (moved) {
      write_incident(settings.data_dir, "moved",
                     {{"at_ms", now().wall_ms}, {"acknowledged", false}});
    }
    write_line(path, machine);
  } catch (const std::exception& e) {
    spdlog::warn("journal: it cannot be noted that this is its machine: {}", e.what());
  }
}

Journal salvage_and_open(const JournalSettings& settings, const std::string& bridge_id,
                         const std::vector<LaneSettings>& lanes, const std::string& why) {
  log_report(salvage(settings, bridge_id, [](std::uint64_t, std::uint64_t) {}), why);
  return Journal(settings, bridge_id, lanes);
}

}  // namespace

Journal open_or_salvage(const JournalSettings& settings, const std::string& bridge_id,
                        const std::vector<LaneSettings>& lanes, const std::string& machine) {
  end_salvage(settings);
  if (const std::string why = line_of(settings.data_dir + mark); !why.empty()) {
    return salvage_and_open(settings, bridge_id, lanes, why);
  }
  if (is_cut_to_nothing(settings.data_dir)) {
    return salvage_and_open(settings, bridge_id, lanes, "its file is empty, and its log is not");
  }
  try {
    look_at_machine(settings, bridge_id, machine);
    return Journal(settings, bridge_id, lanes);
  } catch (const JournalDamaged& e) {
    return salvage_and_open(settings, bridge_id, lanes, e.what());
  }
}

bool adopt_journal(const std::string& data_dir, const std::string& machine) {
  if (!std::filesystem::exists(data_dir + "/journal.db")) {
    throw JournalError("there is no journal in " + data_dir);
  }
  if (machine.empty()) return false;
  const std::string known = line_of(data_dir + machine_file);
  if (!known.empty() && is_same_machine(known, machine)) return true;  // a bridge may run
  const DirectoryLock lock(data_dir);
  write_line(data_dir + machine_file, machine);
  return true;
}

// The report has text alone. These begin what SQLite says of SQLITE_CORRUPT and SQLITE_NOTADB, and
// what the tables say that contradict themselves; before it stands at most what was being done.
bool is_damage(const std::string& trouble) {
  for (const std::string words : {"database disk image is malformed", "file is not a database",
                                  "the journal is damaged", "a row of `batch` is not where"}) {
    if (trouble.starts_with(words)) return true;
    const bool doing = trouble.starts_with("cannot open ") || trouble.starts_with("cannot read ");
    if (doing && trouble.find(": " + words) != trouble.npos) return true;
  }
  return false;
}

void want_salvage(const std::string& data_dir, const std::string& why) {
  write_line(data_dir + mark, why);
}

}  // namespace bascule
