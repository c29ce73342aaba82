#include "journal/store/store.hpp"

#include <map>

#include "support/journal_probe.hpp"
#include "support/property.hpp"

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

Batch batch(LaneId lane, std::uint64_t first, std::uint32_t count) {
  Batch made;
  made.lane = lane;
  made.first = first;
  made.count = count;
  made.data = std::string(count, 'x');
  return made;
}

Loss loss(LaneId lane, std::uint64_t first, std::uint64_t last, const char* reason = "ttl") {
  return {lane, first, last, last - first + 1, 10, reason, 1};
}

}  // namespace

TEST_CASE("store: a newer schema is refused and not a byte is written") {
  const Directory directory;
  { const JournalCore core = open_journal(directory); }
  sql(directory, "PRAGMA user_version = 4");
  const std::string before = bytes_of_file(directory.database());
  CHECK(says(refusal(directory), "newer bascule (schema 4, this program knows 3)"));
  CHECK(bytes_of_file(directory.database()) == before);
}

TEST_CASE("store: a journal of version 1 is taken over as it is") {
  const Directory directory;
  {
    JournalCore core = open_journal(directory);
    fill(core, 3);
    core.enter_session(Direction::up, "broker", false);
    core.commit();
  }
  sql(directory,
      "ALTER TABLE lane DROP COLUMN claims; ALTER TABLE session DROP COLUMN peer;"
      "ALTER TABLE session DROP COLUMN held; ALTER TABLE tally DROP COLUMN emitted;"
      "DROP TABLE policy_state; DROP TABLE policy_decision; DROP TABLE policy_begun;"
      "DROP TABLE policy_wake; DROP TABLE policy_run; DROP TABLE policy_case;"
      "PRAGMA user_version = 1");
  JournalCore core = open_journal(directory);
  CHECK(core.store().schema() == 3);
  CHECK(payloads(read_pending(core, 1)) == "abc");
  // Version 1 did not note whose its session was: it goes on, and is known from now on.
  core.enter_session(Direction::up, "broker", true);
  CHECK_FALSE(core.unfamiliar(Direction::down));
  core.commit();
  core.reopen();
  core.enter_session(Direction::up, "another", true);
  CHECK(core.unfamiliar(Direction::down));
}

TEST_CASE("store: a newer schema that crashed is left as it is, with its log") {
  const Directory directory;
  { const JournalCore core = open_journal(directory); }
  sqlite3* newer = nullptr;
  REQUIRE(sqlite3_open(directory.database().c_str(), &newer) == SQLITE_OK);
  REQUIRE(sqlite3_exec(newer, "PRAGMA user_version = 4", nullptr, nullptr, nullptr) == SQLITE_OK);
  const Directory left = directory.copy();
  sqlite3_close(newer);
  const std::string file = bytes_of_file(left.database());
  const std::string log = bytes_of_file(left.database() + "-wal");
  CHECK(says(refusal(left), "newer bascule"));
  CHECK(bytes_of_file(left.database()) == file);
  CHECK(bytes_of_file(left.database() + "-wal") == log);
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

TEST_CASE("store: a sequence is read from its batch, or the next; lanes do not mix") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  store.insert(batch(1, 3, 4));
  store.insert(batch(1, 10, 1));
  store.insert(batch(2, 1, 1));
  CHECK(store.read(1, 1)->first == 3);
  CHECK(store.read(1, 6)->first == 3);
  CHECK(store.read(1, 7)->first == 10);
  CHECK(store.read(1, 11) == nullptr);
  CHECK(store.read(2, 1)->lane == 2);
  CHECK(store.read(3, 1) == nullptr);
  CHECK(store.newest(1)->first == 10);
  CHECK(store.newest(3) == nullptr);
  const auto heads = store.heads(1, 5, 10);
  REQUIRE(heads.size() == 2);
  CHECK(heads[0].first == 3);
  CHECK(heads[0].bytes == 4);
  CHECK(heads[0].last() == 6);
  CHECK(store.heads(1, 7, 10).size() == 1);
  CHECK(store.heads(1, 1, 1).front().first == 3);
  store.erase_batches(1, 0, 3);
  CHECK(store.read(1, 1)->first == 10);
}

TEST_CASE("store: the ledger joins what continues, lane by lane and reason by reason") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  store.add_loss(loss(1, 1, 3));
  store.add_loss(loss(2, 1, 1));
  store.add_loss(loss(1, 4, 4));
  store.add_loss(loss(2, 2, 2));
  CHECK(store.losses(10).size() == 2);
  store.add_loss(loss(1, 6, 6));
  store.add_loss(loss(1, 7, 7, "max_size"));
  const auto ledger = store.losses(10);  // newest first
  REQUIRE(ledger.size() == 4);
  CHECK(ledger[0].reason == "max_size");
  CHECK(ledger[3].first == 1);
  CHECK(ledger[3].last == 4);
  CHECK(ledger[3].count == 4);
  CHECK(ledger[3].bytes == 20);
  CHECK(store.lost_messages() == 8);
}

TEST_CASE("store: what a newer value replaced is one row, however scattered") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  for (const std::uint64_t sequence : {9U, 2U, 30U}) {
    store.add_loss(loss(1, sequence, sequence, "superseded"));
  }
  const auto ledger = store.losses(10);
  REQUIRE(ledger.size() == 1);
  CHECK(ledger[0].first == 2);
  CHECK(ledger[0].last == 30);
  CHECK(ledger[0].count == 3);
  CHECK(store.lost_messages() == 0);
}

TEST_CASE("store: a quarantined payload is kept up to 64 KiB, with its size") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  store.quarantine({Direction::down, 0, 0, "why", "t\xFF", "p", std::string(70'000, 'x'), 70'000},
                   5);
  const auto rows = store.quarantined(10);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].first == 5);
  CHECK(rows[0].second.direction == Direction::down);
  CHECK(rows[0].second.topic == "t\xFF");
  CHECK(rows[0].second.payload.size() == 64 << 10);
  CHECK(rows[0].second.size == 70'000);
}

TEST_CASE("store: a policy's state is what was put last, wherever it is kept") {
  using Values = std::map<std::string, std::string>;
  check_property("as a map would have it, also after a kill", [] {
    Directory directory;
    auto store = std::make_unique<Store>(journal_settings(directory), "store-42");
    Values now, committed;
    store->begin();
    const auto change = [&](const std::string& key, const std::string& value) {
      auto row = store->policy_state(1, key);
      RC_ASSERT((row ? row->value : "none") == (now.contains(key) ? now[key] : "none"));
      now[key] = value;
      if (!row || *rc::gen::inRange(0, 5) == 0) return store->save_policy_state(1, key, value);
      store->replace_policy_state(1, key, {row->id, value});
    };
    for (int steps = *rc::gen::inRange(1, 200); steps > 0; --steps) {
      const auto key = "k" + std::to_string(*rc::gen::inRange(0, 30));
      switch (*rc::gen::inRange(0, 60)) {
        case 0:
          store->commit();
          store->begin();
          committed = now;
          break;
        case 1:
          store->erase_policy_state(1, key);
          now.erase(key);
          break;
        case 2: {
          const auto stored = store->policy_states(1, "k", "k", 100);
          RC_ASSERT(Values(stored.begin(), stored.end()) == now);
          break;
        }
        default:
          change(key, std::string(*rc::gen::element<std::size_t>(0, 1, 20, 256, 257), 'v') +
                          std::to_string(steps));
      }
    }
    const Directory left = directory.copy();
    store.reset();
    store = std::make_unique<Store>(journal_settings(left), "store-42");
    const auto stored = store->policy_states(1, "", "", 100);
    RC_ASSERT(Values(stored.begin(), stored.end()) == committed);
  });
}
