#include "journal/store/store.hpp"

#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

std::string refusal(const Directory& directory, const std::string& bridge = "store-42") {
  try {
    const Store store(journal_settings(directory), bridge);
  } catch (const JournalError& e) {
    return e.what();
  }
  return "";
}

bool says(const std::string& text, const std::string& part) {
  CAPTURE(text);
  return text.find(part) != std::string::npos && text.find('\n') == std::string::npos;
}

}  // namespace

TEST_CASE("store: a newer schema is refused and not a byte is written") {
  const Directory directory;
  { const JournalCore core = open_journal(directory); }
  sql(directory, "PRAGMA user_version = 8");
  const std::string before = bytes_of_file(directory.database());
  CHECK(says(refusal(directory), "newer bascule (schema 8, this program knows 7)"));
  CHECK(bytes_of_file(directory.database()) == before);
}

TEST_CASE("store: a journal of version 1 is taken over as it is") {
  const Directory directory;
  {
    JournalCore core = open_journal(directory);
    fill(core, 3);
    core.enter_session(Direction::up, {"broker", false});
    core.commit();
  }
  sql(directory,
      "ALTER TABLE lane DROP COLUMN answered; ALTER TABLE lane DROP COLUMN crossed;"
      "ALTER TABLE lane DROP COLUMN replay_skips;"
      "ALTER TABLE lane DROP COLUMN claims; ALTER TABLE session DROP COLUMN peer;"
      "ALTER TABLE session DROP COLUMN held; ALTER TABLE tally DROP COLUMN emitted;"
      "DROP TABLE policy_state; DROP TABLE policy_decision; DROP TABLE policy_begun;"
      "DROP TABLE policy_wake; DROP TABLE policy_run; DROP TABLE policy_case;"
      "DROP INDEX loss_by_end; DROP TABLE former_target; DROP TABLE lane_setting; DROP TABLE rule;"
      "DROP TABLE lane_behind; DROP TABLE history; DROP TABLE site; DROP TABLE segment;"
      "ALTER TABLE batch DROP COLUMN segment; ALTER TABLE batch DROP COLUMN place;"
      "ALTER TABLE batch DROP COLUMN bytes;"
      "DROP TABLE receipt; DROP TABLE resolved; DROP TABLE subscription; DROP TABLE repeat; ALTER "
      "TABLE lane DROP "
      "COLUMN unconfirmed;"
      "DROP TABLE quarantine_size; DROP TABLE held; DROP TABLE held_topic;"
      "DROP INDEX quarantine_by_place; ALTER TABLE quarantine DROP COLUMN flags;"
      "INSERT INTO quarantine VALUES(1, 0, 1, 2, 3, 'no', 't', '', 'payload', 7);"
      "PRAGMA user_version = 1");
  JournalCore core = open_journal(directory);
  CHECK(core.store().schema() == 7);
  CHECK(payloads(read_backlog(core, 1)) == "abc");
  const QuarantineTable::Size quarantined = core.store().quarantine().size();
  CHECK(quarantined.messages == 1);
  CHECK(quarantined.bytes == 128 + 1 + 7);
  CHECK(core.store().quarantine().newest(1).at(0).qos == Qos::at_least_once);
  // Version 1 did not note whose its session was: it goes on, and is known from now on.
  core.enter_session(Direction::up, {"broker", true});
  CHECK_FALSE(core.unfamiliar(Direction::down));
  core.commit();
  core.reopen();
  core.enter_session(Direction::up, {"another", true});
  CHECK(core.unfamiliar(Direction::down));
}

TEST_CASE(
    "store: what waits in rows is kept there when segments come, and what is new goes there") {
  const Directory directory;
  const std::string before(9'000, 'b'), after(9'000, 'a');
  {
    JournalCore core = open_journal(directory);
    store(core, {{1, "t", before}, {1, "t", "small"}});
  }
  // As version 5 had it: the data in the row.
  std::filesystem::path segment;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    if (entry.path().filename().string().starts_with("journal.db-7ffe")) segment = entry.path();
  }
  REQUIRE(std::filesystem::exists(segment));
  const std::string data = bytes_of_file(segment);
  std::string hex;
  for (const char c : data) {
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    hex += "0123456789abcdef"[c & 15];
  }
  std::filesystem::remove(segment);
  sql(directory, "UPDATE batch SET data = x'" + hex +
                     "'; DROP TABLE segment; ALTER TABLE batch DROP COLUMN segment;"
                     "ALTER TABLE batch DROP COLUMN place; ALTER TABLE batch DROP COLUMN bytes;"
                     "PRAGMA user_version = 5");
  JournalCore core = open_journal(directory);
  CHECK(core.store().schema() == 7);
  store(core, {{1, "t", after}});
  core.reopen();
  CHECK(payloads(read_backlog(core, 1)) == before + "small" + after);
  CHECK(core.store().batches().heads(1, 1, 9).at(0).bytes == data.size());
  CHECK(losses(core).empty());
}

TEST_CASE("store: a newer schema that crashed is left as it is, with its log") {
  const Directory directory;
  { const JournalCore core = open_journal(directory); }
  Database newer(directory.database());
  newer.execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA user_version = 8");
  const Directory left = directory.copy();
  const std::string file = bytes_of_file(left.database());
  const std::string log = bytes_of_file(left.database() + "-log");
  CHECK(says(refusal(left), "newer bascule"));
  CHECK(bytes_of_file(left.database()) == file);
  CHECK(bytes_of_file(left.database() + "-log") == log);
}

TEST_CASE("store: another program's database is not a journal") {
  const Directory directory;
  sql(directory, "CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)");
  const std::string before = bytes_of_file(directory.database());
  CHECK(says(refusal(directory), "is not a bascule journal"));
  CHECK(bytes_of_file(directory.database()) == before);
}

TEST_CASE("store: a file that is no database is refused") {
  const Directory directory;
  std::ofstream(directory.database()) << std::string(5'000, 'x');
  CHECK(says(refusal(directory), "not a database"));
  CHECK(bytes_of_file(directory.database()) == std::string(5'000, 'x'));
}

TEST_CASE("store: an empty file becomes a journal") {
  const Directory directory;
  std::ofstream(directory.database()).flush();
  CHECK(refusal(directory).empty());
  CHECK(refusal(directory).empty());
}

TEST_CASE("store: another bridge's journal is refused") {
  const Directory directory;
  { const JournalCore core = open_journal(directory); }
  CHECK(says(refusal(directory, "store-43"), "belongs to the bridge 'store-42', not 'store-43'"));
  CHECK(refusal(directory).empty());
}

TEST_CASE("store: one process at a time has the journal open") {
  const Directory directory;
  {
    const JournalCore core = open_journal(directory);
    CHECK(says(refusal(directory), "process " + std::to_string(::getpid())));
  }
  CHECK(refusal(directory).empty());
}

TEST_CASE("store: a directory that cannot be written to, or made, is named") {
  const Directory directory;
  const bool root = ::geteuid() == 0;
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0555));
  if (root) REQUIRE(::seteuid(65'534) == 0);
  const std::string why = refusal(directory);
  if (root) REQUIRE(::seteuid(0) == 0);
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  CHECK(says(why, "cannot write in " + directory.path()));

  JournalSettings settings;
  settings.data_dir = "/proc/no/such/place";
  CHECK_THROWS_AS(Store(settings, "store-42"), JournalError);
}

TEST_CASE("store: a new journal sets the segments of another one aside") {
  const Directory directory;
  const std::string segment = directory.database() + "-7ffe000000000001";
  {
    JournalCore core = open_journal(directory);
    store(core, {{1, "t", std::string(9'000, 'a')}});
  }
  const std::string data = bytes_of_file(segment);
  REQUIRE(data.size() > 9'000);
  std::filesystem::remove(directory.database());
  JournalCore core(journal_settings(directory), "store-43", {});
  store(core, {{1, "t", std::string(9'000, 'b')}});
  CHECK(payloads(read_backlog(core, 1)) == std::string(9'000, 'b'));
  std::string aside;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    if (entry.path().string().starts_with(segment + ".damaged-")) aside = entry.path().string();
  }
  REQUIRE_FALSE(aside.empty());
  CHECK(bytes_of_file(aside) == data);
}

TEST_CASE("store: a changed place of a row costs the data of no other row") {
  const Directory directory;
  std::vector<std::string> data;
  {
    JournalCore core = open_journal(directory);
    for (std::uint64_t first = 1; first <= 4; ++first) {
      const char letter = static_cast<char>('a' + first);
      store(core, {{1, "t", std::string(200'000, letter)}});
      data.push_back(core.store().batches().read(1, first)->data);
    }
  }
  sql(directory, "UPDATE batch SET place = place + 524288 WHERE id = (SELECT min(id) FROM batch)");
  for (int opening = 0; opening < 2; ++opening) {
    Store store(journal_settings(directory), "store-42");
    store.begin();
    store.commit();
    for (std::uint64_t first = 2; first <= 4; ++first) {
      CHECK(store.batches().read(1, first)->data == data.at(first - 1));
    }
  }
}

TEST_CASE("store: segments that cannot be looked for are not taken for gone") {
  const Directory directory;
  const std::string large(9'000, 'a');
  {
    JournalCore core = open_journal(directory);
    store(core, {{1, "t", large}});
  }
  const std::string segment = directory.database() + "-7ffe000000000001";
  std::filesystem::rename(segment, directory.path() + "/elsewhere");
  std::filesystem::create_symlink(segment, segment);  // stat() does not end there
  CHECK(says(refusal(directory), "in looking for " + segment));
  std::filesystem::rename(directory.path() + "/elsewhere", segment);
  JournalCore core = open_journal(directory);
  CHECK(payloads(read_backlog(core, 1)) == large);
  CHECK(losses(core).empty());
}
