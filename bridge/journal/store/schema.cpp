#include "journal/store/schema.hpp"

#include <filesystem>
#include <iterator>
#include <system_error>

#include "journal/store/journal_error.hpp"

namespace bascule {
namespace {

constexpr std::int64_t application_id = 0x62617363;
constexpr std::int64_t page_bytes = 4096;
// Room above max_size for what must still be written when the quota is reached: cursors, the loss
// ledger, quarantine.
constexpr std::uint64_t reserve_bytes = 32 << 20;

constexpr const char* version_1 = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE boot(number INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, offset_ms INTEGER NOT NULL,
  synchronized INTEGER NOT NULL);
CREATE TABLE lane(id INTEGER PRIMARY KEY, direction INTEGER NOT NULL, name TEXT NOT NULL,
  next INTEGER NOT NULL, cursor INTEGER NOT NULL, done BLOB NOT NULL,
  forwarded INTEGER NOT NULL, expired INTEGER NOT NULL, evicted INTEGER NOT NULL,
  quarantined INTEGER NOT NULL, resolved_bytes INTEGER NOT NULL, confirmed INTEGER NOT NULL,
  replay_next INTEGER NOT NULL, replay_last INTEGER NOT NULL, UNIQUE(direction, name));
CREATE TABLE batch(id INTEGER PRIMARY KEY, count INTEGER NOT NULL, boot INTEGER NOT NULL,
  captured_ms INTEGER NOT NULL, chain INTEGER NOT NULL, before_bytes INTEGER NOT NULL,
  data BLOB NOT NULL);
CREATE TABLE tally(direction INTEGER PRIMARY KEY, unrouted INTEGER NOT NULL,
  repeats INTEGER NOT NULL, refused INTEGER NOT NULL);
CREATE TABLE session(direction INTEGER PRIMARY KEY, number INTEGER NOT NULL);
CREATE TABLE seen(source TEXT PRIMARY KEY, ranges BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE retained(direction INTEGER, topic TEXT, digest INTEGER NOT NULL,
  PRIMARY KEY(direction, topic)) WITHOUT ROWID;
CREATE TABLE latest(lane INTEGER, topic TEXT, sequence INTEGER NOT NULL,
  PRIMARY KEY(lane, topic)) WITHOUT ROWID;
CREATE TABLE loss(id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, count INTEGER NOT NULL, bytes INTEGER NOT NULL, reason TEXT NOT NULL,
  at_ms INTEGER NOT NULL);
CREATE INDEX loss_by_lane ON loss(lane);
CREATE TABLE quarantine(id INTEGER PRIMARY KEY, direction INTEGER NOT NULL,
  lane INTEGER NOT NULL, sequence INTEGER NOT NULL, at_ms INTEGER NOT NULL, reason TEXT NOT NULL,
  topic BLOB NOT NULL, properties BLOB NOT NULL, payload BLOB NOT NULL, size INTEGER NOT NULL);
CREATE TABLE damaged(id INTEGER, data BLOB, what TEXT NOT NULL, at_ms INTEGER NOT NULL);
)sql";

constexpr const char* version_2 = R"sql(
ALTER TABLE lane ADD COLUMN claims BLOB NOT NULL DEFAULT x'';
ALTER TABLE session ADD COLUMN peer TEXT NOT NULL DEFAULT '*';
ALTER TABLE session ADD COLUMN held BLOB NOT NULL DEFAULT x'';
)sql";

// Policies. State has a rowid, so that a record of 1 KiB lies in the leaf and not behind it.
constexpr const char* version_3 = R"sql(
ALTER TABLE tally ADD COLUMN emitted INTEGER NOT NULL DEFAULT 0;
CREATE TABLE policy_state(id INTEGER PRIMARY KEY, policy INTEGER NOT NULL, key BLOB NOT NULL,
  value BLOB NOT NULL);
CREATE UNIQUE INDEX policy_state_by_key ON policy_state(policy, key);
CREATE TABLE policy_decision(id INTEGER PRIMARY KEY, after INTEGER NOT NULL,
  wall_ms INTEGER NOT NULL, clock_trusted INTEGER NOT NULL, emitted TEXT NOT NULL,
  verdict BLOB NOT NULL);
CREATE TABLE policy_begun(lane INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL,
  attempts INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE TABLE policy_wake(policy INTEGER, name BLOB, wall_ms INTEGER NOT NULL,
  PRIMARY KEY(policy, name)) WITHOUT ROWID;
CREATE TABLE policy_run(policy INTEGER PRIMARY KEY, day TEXT NOT NULL, last INTEGER NOT NULL);
CREATE TABLE policy_case(number INTEGER PRIMARY KEY, policy INTEGER NOT NULL, kind TEXT NOT NULL,
  subject BLOB NOT NULL, data BLOB NOT NULL, opened_ms INTEGER NOT NULL, state INTEGER NOT NULL,
  decision BLOB NOT NULL, decided_by TEXT NOT NULL, decided_ms INTEGER NOT NULL,
  outcome BLOB NOT NULL, closed_ms INTEGER NOT NULL);
CREATE INDEX policy_case_waiting ON policy_case(policy) WHERE state<2;
)sql";

// What the session of a client id and URL may be subscribed to; what a far broker refuses; and what
// was dropped as a repeat; and what is retained, by its topic at the source, with its place in the
// journal; and the configuration that it ran with. What an older version noted of retained values,
// by target, crosses once more.
constexpr const char* version_4 = R"sql(
ALTER TABLE lane ADD COLUMN unconfirmed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lane ADD COLUMN answered BLOB NOT NULL DEFAULT x'';
ALTER TABLE lane ADD COLUMN crossed BLOB NOT NULL DEFAULT x'';
ALTER TABLE lane ADD COLUMN replay_skips BLOB NOT NULL DEFAULT x'';
CREATE TABLE subscription(peer TEXT, identifier INTEGER, generation INTEGER NOT NULL,
  filter TEXT NOT NULL, sure INTEGER NOT NULL, held INTEGER NOT NULL,
  PRIMARY KEY(peer, identifier)) WITHOUT ROWID;
ALTER TABLE quarantine ADD COLUMN flags INTEGER NOT NULL DEFAULT 1;
CREATE INDEX quarantine_by_place ON quarantine(lane, sequence);
CREATE TABLE quarantine_size(messages INTEGER NOT NULL, bytes INTEGER NOT NULL);
INSERT INTO quarantine_size SELECT count(*),
  coalesce(sum(128 + length(topic) + length(properties) + length(payload)), 0) FROM quarantine;
CREATE TABLE held(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, captured_ms INTEGER NOT NULL,
  topic BLOB NOT NULL, record BLOB NOT NULL);
CREATE INDEX held_by_topic ON held(topic, id);
CREATE TABLE held_topic(lane INTEGER, topic BLOB, reason TEXT NOT NULL, messages INTEGER NOT NULL,
  bytes INTEGER NOT NULL, since_ms INTEGER NOT NULL, PRIMARY KEY(lane, topic)) WITHOUT ROWID;
CREATE TABLE repeat(direction INTEGER, kind INTEGER, source TEXT, count INTEGER NOT NULL,
  last_ms INTEGER NOT NULL, topic BLOB NOT NULL,
  PRIMARY KEY(direction, kind, source)) WITHOUT ROWID;
DROP TABLE retained;
CREATE TABLE retained(direction INTEGER, topic TEXT, target TEXT NOT NULL, held INTEGER NOT NULL,
  crossed INTEGER NOT NULL, flags INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
  lane INTEGER NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY(direction, topic)) WITHOUT ROWID;
CREATE TABLE former_target(direction INTEGER, target TEXT, lane INTEGER NOT NULL,
  PRIMARY KEY(direction, target)) WITHOUT ROWID;
CREATE TABLE receipt(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, captured_ms INTEGER NOT NULL,
  data BLOB NOT NULL);
CREATE TABLE resolved(id INTEGER PRIMARY KEY, blocks INTEGER NOT NULL, bits BLOB NOT NULL);
CREATE TABLE lane_setting(lane INTEGER PRIMARY KEY, priority INTEGER NOT NULL,
  rate_bytes INTEGER NOT NULL, rate_messages INTEGER NOT NULL, hours_from INTEGER NOT NULL,
  hours_to INTEGER NOT NULL, ttl_ms INTEGER NOT NULL, max_size INTEGER NOT NULL,
  when_full TEXT NOT NULL, keep TEXT NOT NULL, quarantine_held_after_ms INTEGER NOT NULL,
  resend TEXT NOT NULL);
CREATE TABLE rule(place INTEGER PRIMARY KEY, direction INTEGER NOT NULL, filter TEXT NOT NULL,
  text TEXT NOT NULL, lane INTEGER NOT NULL);
CREATE TABLE lane_behind(lane INTEGER, first INTEGER, former INTEGER, last INTEGER NOT NULL,
  PRIMARY KEY(lane, first, former)) WITHOUT ROWID;
DELETE FROM latest WHERE NOT EXISTS
  (SELECT 1 FROM batch WHERE batch.id=((latest.lane<<48) | latest.sequence));
CREATE INDEX retained_clear ON retained(lane, sequence) WHERE flags>=2;
CREATE INDEX loss_by_end ON loss(lane, last) WHERE reason<>'superseded';
)sql";

// What the bridge kept for itself among the policies' state has tables of its own; the plots begin
// anew.
constexpr const char* version_5 = R"sql(
CREATE TABLE history(number INTEGER PRIMARY KEY, boot INTEGER NOT NULL, from_ms INTEGER NOT NULL,
  step_s INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE site(name TEXT PRIMARY KEY, online INTEGER NOT NULL, since_ms INTEGER NOT NULL)
  WITHOUT ROWID;
DELETE FROM policy_state WHERE policy=0;
)sql";

// The log of a journal that is begun with this version lies at another place than SQLite's, where
// an older program would not find what is in it.
constexpr const char* version_6 = "";

// The data of large rows lies in files of their own.
constexpr const char* version_7 = R"sql(
ALTER TABLE batch ADD COLUMN segment INTEGER;
ALTER TABLE batch ADD COLUMN place INTEGER;
ALTER TABLE batch ADD COLUMN bytes INTEGER;
CREATE TABLE segment(id INTEGER PRIMARY KEY);
)sql";

// By the version that each leads to, less one.
constexpr const char* migrations[] = {version_1, version_2, version_3, version_4,
                                      version_5, version_6, version_7};
static_assert(std::size(migrations) == schema_version);

// A setting that silently stays as it was would break a promise; so each is read back.
void require(Database& database, const std::string& pragma, const std::string& value,
             const std::string& answer) {
  database.execute("PRAGMA " + pragma + "=" + value);
  const std::string got = database.text("PRAGMA " + pragma);
  if (got != answer) {
    throw JournalError("SQLite does not take PRAGMA " + pragma + "=" + value + ", it says " + got);
  }
}

// What a power cut left of the log ends somewhere in a sector, and the next write there could be
// torn and take the end of what was synced with it. Moved into the file first, the log starts anew.
void empty_log(Database& database) {
  try {
    database.checkpoint(Database::Sync::now);
  } catch (const DatabaseError& e) {
    if (!e.full()) throw;  // there has to be room to open the journal all the same, and drain it
  }
}

// Whether there is a log, and who opens the database only looks. Behind damage in it there may be
// commits that the bridge mends, or keeps: nothing of it is moved, removed or written to.
bool must_leave_log(const Database& database, const JournalSettings& settings) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(database.log_path(), error);
  return settings.look_only && !error && bytes > 0;
}

}  // namespace

std::unique_ptr<Database> open_database(const std::string& path, const JournalSettings& settings) {
  auto database = std::make_unique<Database>(path);
  const bool leaves_log = must_leave_log(*database, settings);
  if (leaves_log) database->leave_log();
  std::error_code error;
  if (leaves_log && std::filesystem::file_size(path, error) == 0) {  // SQLite removes the log then
    throw JournalError(path + " is empty, and its log is not: start the bridge, which salvages it");
  }
  database->execute("PRAGMA locking_mode=EXCLUSIVE");
  const std::int64_t version = database->integer("PRAGMA user_version");
  const std::int64_t application = database->integer("PRAGMA application_id");
  // A power cut while the file was made may have left it with a header and no table.
  const bool fresh = version == 0 && application == 0 &&
                     database->integer("SELECT count(*) FROM sqlite_schema") == 0;
  if ((!fresh && application != application_id) || version > schema_version) {
    database->leave_log();
  }
  if (!fresh && application != application_id) {
    throw JournalError(path + " is not a bascule journal; move " + path +
                       "* away or choose another data_dir");
  }
  if (version > schema_version) {
    throw JournalError(path + " was written by a newer bascule (schema " + std::to_string(version) +
                       ", this program knows " + std::to_string(schema_version) +
                       "); install that version again");
  }
  if (leaves_log && version < schema_version) {
    throw JournalError(path + " was not closed, and its schema is " + std::to_string(version) +
                       ", not " + std::to_string(schema_version) +
                       ": start the bridge, which takes it over");
  }
  if (fresh) {
    database->execute("PRAGMA page_size=" + std::to_string(page_bytes));
    database->execute("PRAGMA auto_vacuum=INCREMENTAL");
  }
  require(*database, "journal_mode", "WAL", "wal");
  set_sync(*database, JournalSettings::Sync::full);
  require(*database, "cell_size_check", "ON", "1");
  database->execute("PRAGMA trusted_schema=OFF");
  database->execute("PRAGMA mmap_size=0");
  database->execute("PRAGMA journal_size_limit=" + std::to_string(8 << 20));
  database->execute("PRAGMA cache_size=-4096");
  database->execute("PRAGMA temp_store=MEMORY");
  database->execute("PRAGMA secure_delete=OFF");
  if (leaves_log) {
    database->execute("PRAGMA cache_spill=OFF");  // which writes what is not committed
  } else {
    empty_log(*database);
  }
  const std::uint64_t pages = (settings.max_size_bytes + reserve_bytes) / page_bytes;
  database->execute("PRAGMA max_page_count=" + std::to_string(pages));
  if (version < schema_version) {
    database->execute("BEGIN IMMEDIATE");
    for (auto step = version; step < schema_version; ++step) database->execute(migrations[step]);
    database->execute("PRAGMA application_id=" + std::to_string(application_id));
    database->execute("PRAGMA user_version=" + std::to_string(schema_version));
    database->execute("COMMIT");
    empty_log(*database);  // an older program reads the version in the file alone
  }
  return database;
}

void set_sync(Database& database, JournalSettings::Sync sync) {
  const bool full = sync == JournalSettings::Sync::full;
  require(database, "synchronous", full ? "FULL" : "NORMAL", full ? "2" : "1");
}

}  // namespace bascule
