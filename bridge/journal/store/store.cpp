#include "journal/store/store.hpp"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "clock.hpp"
#include "journal/store/journal_damaged.hpp"
#include "journal/store/schema.hpp"
#include "journal/store/sqlite/gather_vfs.hpp"

namespace bascule {
namespace {

// Segments go whole: they are to be small beside what the journal may hold, and yet few.
constexpr std::uint64_t segments_wanted = 64;
constexpr std::uint64_t segment_bytes_least = 64 << 10, segment_bytes_most = 1 << 30;

std::uint64_t segment_bytes(const JournalSettings& settings) {
  struct statvfs info {};
  const bool asked = ::statvfs(settings.data_dir.c_str(), &info) == 0;
  const std::uint64_t disk = asked ? std::uint64_t{info.f_blocks} * info.f_frsize : 0;
  return std::clamp(std::min(settings.max_size_bytes, disk) / segments_wanted, segment_bytes_least,
                    segment_bytes_most);
}

std::string path_in(const std::string& directory) { return directory + "/journal.db"; }

// Whether one has to be made. Looked for before anything is, the directory included.
bool is_missing(const JournalSettings& settings) {
  const bool missing = ::access(path_in(settings.data_dir).c_str(), F_OK) != 0;
  if (missing && settings.must_exist) {
    throw JournalError(
        "there is no journal in " + settings.data_dir +
        ", where there has to be one (journal.must_exist): is data_dir mounted, and "
        "spelled right? To have a new one made, start once with journal.must_exist: false");
  }
  return missing;
}

// Also where tables, or columns, are missing.
[[noreturn]] void cannot_open(const std::string& directory, const DatabaseError& e) {
  constexpr int no_such_table = 1;
  const std::string why = "cannot open " + path_in(directory) + ": " + e.what();
  if (e.damaged() || (e.code & 0xFF) == no_such_table) throw JournalDamaged(why);
  throw JournalError(why);
}

// A log that lost commits is kept as it was, beside the database.
LogMending mend_log_in(const JournalSettings& settings) {
  if (settings.look_only) return {};
  LogMending all;
  try {
    for (const std::string_view suffix : {std::string_view("-wal"), sector_log_suffix}) {
      const std::string log = path_in(settings.data_dir) + std::string(suffix);
      const LogMending mending = mend_log(log, suffix == sector_log_suffix);
      if (mending.lost_commits > 0) {
        std::filesystem::copy_file(log, log + ".damaged-" + std::to_string(now().wall_ms));
      }
      all.bits += mending.bits;
      all.left += mending.left;
      all.lost_commits += mending.lost_commits;
    }
    return all;
  } catch (const std::system_error& e) {
    throw JournalError(std::string("a bit has changed in the journal's log, and cannot be put ") +
                       "back: " + e.what());
  }
}

std::unique_ptr<Database> open(const JournalSettings& settings) {
  try {
    return open_database(path_in(settings.data_dir), settings);
  } catch (const DatabaseError& e) {
    cannot_open(settings.data_dir, e);
  }
}

}  // namespace

Store::Store(const JournalSettings& settings, const std::string& bridge_id)
    : fresh_(is_missing(settings)),
      directory_(settings.data_dir),
      lock_(directory_),
      log_mending_(mend_log_in(settings)),
      database_(open(settings)),
      file_(path_in(directory_)),
      segments_(*database_, path_in(directory_), segment_bytes(settings)),
      batches_(*database_, segments_),
      configuration_(*database_),
      held_(*database_),
      history_(*database_),
      lanes_(*database_),
      losses_(*database_),
      meta_(*database_),
      policies_(*database_),
      quarantine_(*database_),
      receipts_(*database_),
      repeats_(*database_),
      retained_(*database_),
      seen_(*database_),
      sessions_(*database_),
      sites_(*database_),
      subscriptions_(*database_) {
  try {
    // Segments that are there already are another journal's. They are set aside before this one is
    // begun: a crash in between would have the next opening remove them.
    const bool begins = meta_.epoch().empty();
    if (begins && settings.look_only) {
      throw JournalError(path_in(directory_) + " holds no journal yet: start the bridge");
    }
    segments_.load(begins || log_mending_.lost_commits > 0);
    if (begins) {
      begin();
      meta_.found(bridge_id, now().wall_ms);
      commit();
    }
    epoch_ = meta_.epoch();
    if (const std::string owner = meta_.bridge(); owner != bridge_id) {
      throw JournalError("the journal in " + directory_ + " belongs to the bridge '" + owner +
                         "', not '" + bridge_id +
                         "'; set bridge.id back or choose another data_dir");
    }
  } catch (const DatabaseError& e) {
    cannot_open(directory_, e);
  }
}

// Closing moves the log into the file.
Store::~Store() {
  try {
    segments_.sync();
  } catch (const DatabaseError&) {
    // With `sync: full` nobody was told that it is there, and with `normal` nothing is promised.
  }
}

void Store::begin() { database_->prepared("BEGIN IMMEDIATE").run(); }

// A row that survives a power cut has its data: that goes to the disk first.
void Store::commit() {
  policies_.write_hot_state();
  const bool full = sync_ == JournalSettings::Sync::full;
  if (full) segments_.sync();
  database_->prepared("COMMIT").run();
  if (log_ == nullptr) log_ = std::make_unique<FileIdentity>(database_->log_path());
  if (!in_place()) {
    throw JournalError(path_in(directory_) + " is not the file any more that was opened there");
  }
  if (full) segments_.give_back();
}

bool Store::in_place() const {
  return file_.in_place() && (log_ == nullptr || log_->in_place()) && segments_.in_place();
}

std::string Store::put_back() {
  database_->leave_log();  // what is at its path may be another's
  if (file_.in_place()) {
    segments_.put_back();
    if (log_ == nullptr || log_->in_place()) {
      return "segments of " + path_in(directory_) + " were removed; they are there again";
    }
    database_->checkpoint(Database::Sync::now);
    return database_->log_path() + " was removed; all of it is in the journal's file";
  }
  if (!file_.removed()) {
    throw JournalError(path_in(directory_) +
                       " was moved, or something is mounted over it; put it back, or stop the "
                       "bridge and set data_dir to where it is now");
  }
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  const bool free = !std::filesystem::exists(path_in(directory_), error);
  const std::string copy = directory_ + "/journal-saved-" + epoch_ + ".db";
  if (!std::filesystem::exists(copy, error)) database_->copy_to(copy);
  // SQLite would take its frames for those of the file that is at its path next.
  if (log_ != nullptr && log_->in_place()) {
    std::filesystem::remove(database_->log_path(), error);
  }
  if (!free) {
    segments_.put_back();
    throw JournalError(path_in(directory_) +
                       " was removed, and another one is there; what the "
                       "removed one held is saved as " +
                       copy + ": stop the bridge, and move it to journal.db");
  }
  // SQLite gives a segment the owner and mode of the database, which has to be there for that.
  std::filesystem::rename(copy, path_in(directory_));
  try {
    segments_.put_back();
  } catch (...) {
    std::filesystem::rename(path_in(directory_), copy, error);
    throw;
  }
  return path_in(directory_) + " was removed; it is there again, with all that was in it";
}

void Store::set_sync(JournalSettings::Sync sync) {
  bascule::set_sync(*database_, sync);
  sync_ = sync;
}

// It syncs the log, too.
void Store::checkpoint(Database::Sync sync) {
  if (log_pages() == 0) return;
  segments_.sync();
  database_->checkpoint(sync);
  segments_.give_back();
}

std::uint64_t Store::used_bytes() {
  return pages("PRAGMA page_count") - pages("PRAGMA freelist_count") + segments_.bytes();
}

std::uint64_t Store::spare_bytes() {
  return pages("PRAGMA freelist_count") + segments_.spare_bytes();
}

std::uint64_t Store::pages(const char* pragma) {
  const auto read = [](const Statement& row) { return row.number(0); };
  return database_->prepared(pragma).bind().first(read).value_or(0) * 4096;
}

std::uint64_t free_bytes_in(const std::string& directory) {
  struct statvfs info {};
  if (::statvfs(directory.c_str(), &info) != 0) return 0;
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

void Store::give_back_pages() {
  if (database_->integer("PRAGMA freelist_count") > 2048) {
    database_->execute("PRAGMA incremental_vacuum(512)");
  }
}

// The log first: giving pages back writes to it.
void Store::shrink() {
  try {
    segments_.sync();
    if (log_bytes() > 0) database_->empty_log();
    segments_.give_back();
    if (pages("PRAGMA freelist_count") == 0) return;
    database_->execute("PRAGMA incremental_vacuum(512)");
    database_->empty_log();
  } catch (const DatabaseError& e) {
    if (!e.full()) throw;
  }
}

std::uint64_t Store::log_bytes() const {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(database_->log_path(), error);
  return error ? 0 : bytes;
}

}  // namespace bascule
