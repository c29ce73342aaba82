#include "journal/store/store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <random>

#include "journal/store/schema.hpp"

namespace bascule {
namespace {

std::string draw_epoch() {
  std::random_device random;
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%08x%08x", random(), random());
  return text.data();
}

// Takes the lock of the directory, for as long as the descriptor is open, and notes who has it.
int lock_directory(const std::string& directory) {
  const std::string path = directory + "/lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0) throw JournalError("cannot write in " + directory + ": " + std::strerror(errno));
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> owner{};
    const auto length = ::pread(file, owner.data(), owner.size() - 1, 0);
    ::close(file);
    throw JournalError(
        "another bascule" + (length > 0 ? " (process " + std::string(owner.data()) + ")" : "") +
        " has the journal in " + directory + " open; stop it or choose another data_dir");
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, pid.data(), pid.size(), 0) < 0) {
    // Only a courtesy to whoever finds the lock taken.
  }
  return file;
}

Batch read_row(Statement& row) {
  Batch batch;
  const LaneSequence place = LaneSequence::of_key(row.number(0));
  batch.lane = place.lane;
  batch.first = place.sequence;
  batch.count = static_cast<std::uint32_t>(row.integer(1));
  batch.boot = static_cast<int>(row.integer(2));
  batch.captured_ms = row.integer(3);
  batch.chain = static_cast<std::uint32_t>(row.integer(4));
  batch.before_bytes = static_cast<std::uint64_t>(row.integer(5));
  batch.data = row.blob(6);
  return batch;
}

}  // namespace

Store::Store(const JournalSettings& settings, const std::string& bridge_id)
    : directory_(settings.data_dir) {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error) throw JournalError("cannot make data_dir " + directory_ + ": " + error.message());
  lock_ = lock_directory(directory_);
  const std::string path = directory_ + "/journal.db";
  try {
    database_ = open_database(path, settings);
    epoch_ = database_->text("SELECT value FROM meta WHERE key='epoch'");
    if (epoch_.empty()) {
      begin();
      prepared("INSERT INTO meta VALUES('bridge', ?1)").run(bridge_id);
      prepared("INSERT INTO meta VALUES('created_ms', ?1)").run(now().wall_ms);
      renew_epoch();
      commit();
    }
    const std::string owner = database_->text("SELECT value FROM meta WHERE key='bridge'");
    if (owner != bridge_id) {
      throw JournalError("the journal in " + directory_ + " belongs to the bridge '" + owner +
                         "', not '" + bridge_id +
                         "'; set bridge.id back or choose another data_dir");
    }
  } catch (const DatabaseError& e) {
    statements_.clear();
    database_.reset();
    ::close(lock_);
    throw JournalError("cannot open " + path + ": " + e.what());
  } catch (...) {
    statements_.clear();
    database_.reset();
    ::close(lock_);
    throw;
  }
}

Store::~Store() {
  statements_.clear();
  database_.reset();
  ::close(lock_);
}

std::string Store::renew_epoch() {
  epoch_ = draw_epoch();
  prepared("INSERT OR REPLACE INTO meta VALUES('epoch', ?1)").run(epoch_);
  return epoch_;
}

std::optional<std::string> Store::unsynced() {
  Statement& row = prepared("SELECT value FROM meta WHERE key='unsynced'");
  row.bind();
  std::optional<std::string> boot;
  if (row.step()) boot = row.text(0);
  row.reset();
  return boot;
}

void Store::save_unsynced(const std::optional<std::string>& boot) {
  if (boot) {
    prepared("INSERT OR REPLACE INTO meta VALUES('unsynced', ?1)").run(*boot);
  } else {
    prepared("DELETE FROM meta WHERE key='unsynced'").run();
  }
}

Statement& Store::prepared(const char* sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second;
  return statements_.emplace(sql, database_->prepare(sql)).first->second;
}

void Store::begin() { prepared("BEGIN IMMEDIATE").run(); }
void Store::commit() {
  write_hot_state();
  prepared("COMMIT").run();
}

void Store::set_sync(JournalSettings::Sync sync) { bascule::set_sync(*database_, sync); }

void Store::checkpoint(Database::Sync sync) {
  if (log_pages() > 0) database_->checkpoint(sync);
}

std::uint64_t Store::used_bytes() { return pages("PRAGMA page_count") - spare_bytes(); }

std::uint64_t Store::spare_bytes() { return pages("PRAGMA freelist_count"); }

std::uint64_t Store::pages(const char* pragma) {
  Statement& row = prepared(pragma);
  row.bind().step();
  const auto count = static_cast<std::uint64_t>(row.integer(0));
  row.reset();
  return count * 4096;
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

std::vector<LaneState> Store::load_lanes() {
  std::vector<LaneState> lanes;
  Statement& row = prepared(
      "SELECT id, direction, name, next, cursor, done, forwarded, expired, evicted, quarantined,"
      " resolved_bytes, confirmed, replay_next, replay_last, claims FROM lane ORDER BY id");
  row.bind();
  while (row.step()) {
    LaneState lane;
    const auto number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
    lane.id = static_cast<LaneId>(number(0));
    lane.direction = static_cast<Direction>(number(1));
    lane.name = row.text(2);
    lane.next = number(3);
    lane.cursor = number(4);
    lane.done = SequenceSet::decode(row.blob(5));
    for (int fate = 0; fate < 4; ++fate) lane.fates[fate] = number(6 + fate);
    lane.resolved_bytes = number(10);
    lane.confirmed = number(11);
    lane.replay_next = number(12);
    lane.replay_last = number(13);
    lane.claims = Claims::decode(row.blob(14));
    lanes.push_back(std::move(lane));
  }
  return lanes;
}

LaneId Store::add_lane(Direction direction, const std::string& name) {
  prepared(
      "INSERT INTO lane(direction, name, next, cursor, done, forwarded, expired, evicted,"
      " quarantined, resolved_bytes, confirmed, replay_next, replay_last)"
      " VALUES(?1, ?2, 1, 0, x'', 0, 0, 0, 0, 0, 0, 0, 0)")
      .run(static_cast<int>(direction), name);
  return static_cast<LaneId>(database_->integer("SELECT last_insert_rowid()"));
}

void Store::save(LaneState& lane) {
  const std::string done = lane.done.encode();
  const std::string claims = lane.claims.encode();
  prepared(
      "UPDATE lane SET next=?2, cursor=?3, done=?4, forwarded=?5, expired=?6, evicted=?7,"
      " quarantined=?8, resolved_bytes=?9, confirmed=?10, replay_next=?11, replay_last=?12,"
      " claims=?13"
      " WHERE id=?1")
      .run(lane.id, lane.next, lane.cursor, Blob{done}, lane.fates[0], lane.fates[1], lane.fates[2],
           lane.fates[3], lane.resolved_bytes, lane.confirmed, lane.replay_next, lane.replay_last,
           Blob{claims});
  lane.dirty = false;
}

void Store::insert(const Batch& batch) {
  prepared("INSERT INTO batch VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")
      .run(LaneSequence{batch.lane, batch.first}.key(), batch.count, batch.boot, batch.captured_ms,
           batch.chain, batch.before_bytes, Blob{batch.data});
}

BatchPtr Store::read(LaneId lane, std::uint64_t sequence) {
  // The row that begins at or before the sequence, if it reaches it; else the next row.
  Statement& before = prepared(
      "SELECT id, count, boot, captured_ms, chain, before_bytes, data FROM batch"
      " WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1");
  const std::uint64_t key = LaneSequence{lane, sequence}.key();
  before.bind(first_key(lane), key);
  if (before.step() && before.number(0) + before.number(1) > key) {
    auto batch = std::make_shared<const Batch>(read_row(before));
    before.reset();
    return batch;
  }
  before.reset();
  Statement& after = prepared(
      "SELECT id, count, boot, captured_ms, chain, before_bytes, data FROM batch"
      " WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT 1");
  after.bind(key, last_key(lane));
  BatchPtr batch;
  if (after.step()) batch = std::make_shared<const Batch>(read_row(after));
  after.reset();
  return batch;
}

BatchPtr Store::newest(LaneId lane) {
  Statement& row = prepared(
      "SELECT id, count, boot, captured_ms, chain, before_bytes, data FROM batch"
      " WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1");
  row.bind(first_key(lane), last_key(lane));
  BatchPtr batch;
  if (row.step()) batch = std::make_shared<const Batch>(read_row(row));
  row.reset();
  return batch;
}

std::vector<BatchHead> Store::heads(LaneId lane, std::uint64_t from, int limit) {
  std::vector<BatchHead> heads;
  Statement& row = prepared(
      "SELECT id, count, length(data), boot, captured_ms, before_bytes FROM batch"
      " WHERE id <= ?2 AND id >="
      " ifnull((SELECT max(id) FROM batch WHERE id BETWEEN ?4 AND ?1), ?1) ORDER BY id LIMIT ?3");
  row.bind(LaneSequence{lane, from}.key(), last_key(lane), limit, first_key(lane));
  while (row.step()) {
    const BatchHead head{LaneSequence::of_key(row.number(0)).sequence,
                         static_cast<std::uint32_t>(row.integer(1)),
                         row.number(2),
                         static_cast<int>(row.integer(3)),
                         row.integer(4),
                         row.number(5)};
    if (head.first + head.count > from) heads.push_back(head);
  }
  row.reset();
  return heads;
}

void Store::erase_batches(LaneId lane, std::uint64_t first, std::uint64_t last) {
  prepared("DELETE FROM batch WHERE id BETWEEN ?1 AND ?2")
      .run(LaneSequence{lane, first}.key(), LaneSequence{lane, last}.key());
}

void Store::set_aside_damaged(LaneId lane, std::uint64_t first, const std::string& what) {
  prepared("INSERT INTO damaged SELECT id, data, ?2, ?3 FROM batch WHERE id = ?1")
      .run(LaneSequence{lane, first}.key(), what, now().wall_ms);
  erase_batches(lane, first, first);
}

}  // namespace bascule
