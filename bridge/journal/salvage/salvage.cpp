#include "journal/salvage/salvage.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "clock.hpp"
#include "journal/salvage/incidents.hpp"
#include "journal/salvage/repair.hpp"
#include "journal/salvage/sparse_copy.hpp"
#include "journal/store/directory_lock.hpp"
#include "journal/store/schema.hpp"
#include "journal/store/sqlite/gather_vfs.hpp"
#include "journal/store/sqlite/log_mending.hpp"
#include "text/time.hpp"

namespace bascule {
namespace {

namespace fs = std::filesystem;

constexpr const char* name = "journal.db";
constexpr const char* finished_name = "/journal-salvaged.db";
constexpr std::string_view plain_log_suffix = "-wal";
constexpr std::uint64_t room_besides = 16 << 20;
constexpr std::uint64_t bytes_per_read = 1 << 20;
constexpr int losses_max = 100'000;

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::uint64_t bytes_of(const std::string& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  return error ? 0 : bytes;
}

void sync_folder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  ::fsync(folder);
  ::close(folder);
}

// The files of the journal in a folder: the database, its log, and what begins with its name.
std::vector<fs::path> files_in(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string file = entry.path().filename().string();
    if (entry.is_regular_file() && file.starts_with(name)) files.push_back(entry.path());
  }
  return files;
}

// Where large messages are (FORMAT.md, "Segments"): both journals have them.
bool is_segment(const std::string& file) {
  constexpr std::size_t digits = 16;
  const std::string head = std::string(name) + "-";
  return file.size() == head.size() + digits && file.starts_with(head) &&
         file.find_first_not_of("0123456789abcdef", head.size()) == file.npos;
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class Salvage {
 public:
  Salvage(const JournalSettings& settings, const std::string& bridge_id,
          const SalvageProgress& progress)
      : settings_(settings),
        bridge_(bridge_id),
        progress_(progress),
        folder_(settings.data_dir),
        workshop_(folder_ + "/salvage"),
        whole_(folder_ + "/salvage-whole"),
        finished_(folder_ + finished_name) {}

  SalvageReport run() {
    fs::remove_all(workshop_);
    fs::create_directory(workshop_);
    fs::permissions(workshop_, fs::perms::owner_all);
    keep_segments();
    begun_ms_ = now().wall_ms;
    report_.aside = new_folder();
    take_rows();
    read_all();
    finish_new();
    write_incident(folder_, "salvaged",
                   {{"at_ms", begun_ms_},
                    {"pages", report_.pages},
                    {"damaged_pages", report_.damaged_pages},
                    {"aside", report_.aside},
                    {"told", false},
                    {"acknowledged", false}});
    fs::rename(workshop_ / name, finished_);
    sync_folder(folder_);
    swap(report_.aside);
    fs::remove_all(workshop_);
    return std::move(report_);
  }

  // One that was cut off between its last steps, or the leavings of one. The whole copy stays for
  // the next, should that come.
  void end_former() {
    if (is_there(finished_)) swap(former_folder());
    std::error_code error;  // who needs its place is told
    fs::remove_all(workshop_, error);
  }

 private:
  // The new journal goes on with them, and gives back what it does not need, already here. So the
  // damaged one gets copies, and they are on the disk before anything is given back. They have
  // their name once they are complete, and one that was cut off later goes on with them; a file
  // that has grown since was written to since.
  void keep_segments() {
    const fs::path copies = workshop_ / "whole";
    fs::create_directory(copies);
    fs::permissions(copies, fs::perms::owner_all);
    for (const fs::path& file : files_in(folder_)) {
      if (!is_segment(file.filename())) continue;
      const fs::path copy = copies / file.filename();
      if (bytes_of(file) > bytes_of(whole_ / file.filename())) copy_sparse(file, copy);
      fs::create_hard_link(file, workshop_ / file.filename());
    }
    sync_folder(copies);
    if (!is_there(whole_)) {
      fs::rename(copies, whole_);
    } else {
      for (const fs::path& file : files_in(copies)) fs::rename(file, whole_ / file.filename());
    }
    sync_folder(folder_);
  }

  // Where it began to move the damaged one, which it noted before; another, if that is done.
  std::string former_folder() const {
    const auto salvaged = read_incidents(folder_).at("salvaged");
    const auto noted = salvaged.find("aside");
    if (noted == salvaged.end() || !noted->is_string()) return new_folder();
    const fs::path named = noted->get<std::string>();  // the medium may be mounted elsewhere now
    const fs::path aside = fs::path(folder_) / named.filename();
    const bool done = is_there(aside / name) && is_there(folder_ + "/" + name);
    return done ? new_folder() : aside.string();
  }

  std::string new_folder() const {
    std::string stamp = utc_text(now().wall_ms);
    std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
    std::string path = folder_ + "/damaged-" + stamp;
    for (int i = 2; is_there(path); ++i)
      path = folder_ + "/damaged-" + stamp + "-" + std::to_string(i);
    return path;
  }

  JournalSettings of_workshop() const {
    JournalSettings settings = settings_;
    settings.data_dir = workshop_;
    settings.sync = JournalSettings::Sync::full;
    settings.min_free_bytes = 0;
    settings.max_size_bytes = std::max(settings.max_size_bytes, 2 * bytes_of(folder_ + "/" + name));
    settings.must_exist = false;
    if (settings.boot.empty()) settings.boot = "salvage";
    return settings;
  }

  // The log is mended in a copy. The database tells by its reserved bytes which of two it has, and
  // where it does not, the one that is there is it.
  void take_rows() {
    const std::string damaged = folder_ + "/" + name;
    const bool sectors = is_there(damaged + std::string(sector_log_suffix)) ||
                         !is_there(damaged + std::string(plain_log_suffix));
    const std::string log = damaged + std::string(sectors ? sector_log_suffix : plain_log_suffix);
    std::string logged;
    if (is_there(log)) {
      const std::string copy = workshop_ / "log";
      fs::copy_file(log, copy);
      const LogMending mending = mend_log(copy, sectors);
      lost_commits_ = mending.lost_commits;
      logged = content_of(copy);
      fs::remove(copy);
    }
    if (!is_there(damaged)) std::ofstream(damaged, std::ios::binary | std::ios::app);
    const Pages pages(damaged, logged, sectors);
    const auto database = open_database(workshop_ / name, of_workshop());
    Damage damage = Recovery(pages, damaged, *database).run(progress_);
    if (lost_commits_ > 0) damage.lost_batches.push_back({});
    repairs_ = repair(*database, damage, bridge_, pages.usable_bytes() != Pages::page_bytes);
    report_.pages = damage.pages;
    report_.damaged_pages = damage.damaged_pages;
    report_.tables = std::move(damage.tables);
    MetaTable meta(*database);
    bridge_ = meta.bridge();
    // The reading that follows is no opening that begins an epoch.
    meta.save_unsynced(of_workshop().boot);
  }

  // What waits is read once: so each hole is found, and what is in the ledger for it.
  void read_all() {
    JournalCore core(of_workshop(), bridge_, {});
    for (const LaneState& lane : core.lanes()) {
      std::uint64_t from = lane.cursor + 1;
      for (auto batches = core.read(lane.id, from, bytes_per_read); !batches.empty();
           batches = core.read(lane.id, from, bytes_per_read)) {
        from = batches.back()->last() + 1;
        core.commit();
      }
    }
    core.commit();
    for (const LaneState& lane : core.lanes()) report_lane(core, lane);
    for (const Loss& loss : core.store().losses().newest(losses_max)) {
      if (loss.at_ms < begun_ms_ || loss.reason != "damaged") continue;
      SalvageReport::Lane& lane = report_.lanes.at(loss.lane - 1U);
      lane.lost.insert(lane.lost.begin(), {loss.first, loss.last});
      lane.lost_messages += loss.count;
    }
  }

  void report_lane(JournalCore& core, const LaneState& lane) {
    const auto is_in = [&](const std::vector<LaneId>& lanes) {
      return std::ranges::count(lanes, lane.id) > 0;
    };
    SalvageReport::Lane entry;
    entry.direction = lane.direction;
    entry.name = lane.name;
    entry.waiting = lane.backlog();
    std::uint64_t stored = 0;
    for (std::uint64_t from = 1;;) {
      const auto heads = core.store().batches().heads(lane.id, from, 1'000);
      if (heads.empty()) break;
      for (const BatchHead& head : heads) stored += head.count;
      from = heads.back().last() + 1;
    }
    entry.kept = stored - std::min(stored, lane.in_order());
    entry.forgotten = is_in(repairs_.forgotten);
    entry.nameless = is_in(repairs_.nameless);
    const bool made_anew = lane.id > repairs_.last && repairs_.more;
    if (is_in(repairs_.open) || made_anew) entry.open_from = lane.next;
    report_.lanes.push_back(std::move(entry));
  }

  // Whoever opens it next begins a new epoch, and tells what is lost.
  void finish_new() {
    const auto database = open_database(workshop_ / name, of_workshop());
    MetaTable meta(*database);
    meta.save_unsynced("");
    database->checkpoint(Database::Sync::now);
  }

  void swap(const std::string& aside) {
    is_there(whole_) ? fs::rename(whole_, aside) : static_cast<void>(fs::create_directory(aside));
    sync_folder(folder_);
    fs::permissions(aside, fs::perms::owner_all);
    for (const fs::path& file : files_in(folder_)) {
      if (!is_segment(file.filename())) fs::rename(file, fs::path(aside) / file.filename());
    }
    sync_folder(aside);
    sync_folder(folder_);                     // no new journal stands beside an old log
    fs::remove(folder_ + "/salvage-wanted");  // first: what is finished is not salvaged again
    fs::rename(finished_, folder_ + "/" + name);
    sync_folder(folder_);
  }

  const JournalSettings& settings_;
  std::string bridge_;
  SalvageProgress progress_;
  std::string folder_;
  fs::path workshop_, whole_;
  std::string finished_;
  std::int64_t begun_ms_ = 0;
  std::uint64_t lost_commits_ = 0;
  Repairs repairs_;
  SalvageReport report_;
};

// Its tables may have what this program would leave out. The version is in the file, and not in its
// log alone: see open_database().
void refuse_newer(const JournalSettings& settings) {
  constexpr std::size_t header_bytes = 100, version_at = 60, application_at = 68;
  constexpr std::uint32_t application_id = 0x62617363, known = schema_version;
  std::string header(header_bytes, '\0');
  std::ifstream file(settings.data_dir + "/" + name, std::ios::binary);
  if (!file.read(header.data(), header_bytes) || !header.starts_with("SQLite format 3")) return;
  const std::uint32_t version = big32(header, version_at);
  if (big32(header, application_at) != application_id || version <= known) return;
  throw JournalError("the journal in " + settings.data_dir + " was written by a newer bascule (" +
                     "schema " + std::to_string(version) + "): salvage it with that version");
}

void need_room(const JournalSettings& settings) {
  std::uint64_t wanted = bytes_of(settings.data_dir + "/" + name) + room_besides;
  const fs::path whole = settings.data_dir + "/salvage-whole";
  for (const fs::path& file : files_in(settings.data_dir)) {
    const bool copied = bytes_of(file) <= bytes_of(whole / file.filename());
    if (is_segment(file.filename()) && !copied) wanted += disk_bytes(file);
  }
  if (free_bytes_in(settings.data_dir) >= wanted) return;
  throw JournalError("the journal in " + settings.data_dir + " is damaged, and what can be read " +
                     "of it needs room for a new one beside it: " + std::to_string(wanted >> 20) +
                     " MiB; make room");
}

}  // namespace

SalvageReport salvage(const JournalSettings& settings, const std::string& bridge_id,
                      const SalvageProgress& progress) {
  // Nothing is made where nothing is: an empty journal would look as if all had come through.
  if (!fs::is_directory(settings.data_dir) ||
      (files_in(settings.data_dir).empty() && !is_there(settings.data_dir + finished_name))) {
    throw JournalError("there is no journal in " + settings.data_dir +
                       ": is that the folder, and is its medium mounted?");
  }
  const DirectoryLock lock(settings.data_dir);
  try {
    Salvage(settings, bridge_id, progress).end_former();
    refuse_newer(settings);
    need_room(settings);
    return Salvage(settings, bridge_id, progress).run();
  } catch (const JournalError&) {
    throw;
  } catch (const std::exception& e) {
    throw JournalError("the journal in " + settings.data_dir + " cannot be salvaged: " + e.what());
  }
}

void end_salvage(const JournalSettings& settings) {
  if (!is_there(settings.data_dir + finished_name) && !is_there(settings.data_dir + "/salvage")) {
    return;
  }
  const DirectoryLock lock(settings.data_dir);
  try {
    Salvage(settings, "", {}).end_former();
  } catch (const std::exception& e) {
    throw JournalError("the salvage of the journal in " + settings.data_dir +
                       " cannot be ended: " + e.what());
  }
}

}  // namespace bascule
