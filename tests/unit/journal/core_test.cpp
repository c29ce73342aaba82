// Groups, reading, checkpoints, reopening.
#include "journal/core.hpp"

#include <filesystem>

#include "support/crash_vfs.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

Put delivery(std::uint16_t packet_id, const std::string& payload, bool duplicate = false) {
  Put put;
  put.payload = payload;
  put.receipt = {static_cast<std::uint32_t>(std::hash<std::string>()(payload)), packet_id, 0};
  put.duplicate = duplicate;
  return put;
}

// Some 100 KB that do not go into a segment.
std::vector<Put> bulk() { return std::vector<Put>(34, {1, "t", std::string(3'000, 'a')}); }

}  // namespace

TEST_CASE("journal: lanes are made in both directions, and one for events") {
  const Directory directory;
  JournalCore core = open_journal(directory, {lane_settings("sales")});
  CHECK(core.lanes().size() == 5);
  CHECK(core.lane(Direction::up, "sales") != core.lane(Direction::down, "sales"));
  CHECK(core.lane(Direction::up, "default") == 1);
  CHECK(core.lane(Direction::up, events_lane) != 0);
  CHECK(core.lane(Direction::down, events_lane) == 0);
  CHECK(core.lane(Direction::up, "nowhere") == 0);
}

TEST_CASE("journal: events are numbered and kept, but are not in the books of what crosses") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  const LaneId lane = core.lane(Direction::up, events_lane);
  AppendGroup group = group_of({{lane, "e", "1"}});
  group.received = 0;
  REQUIRE(core.append(group) == AppendResult::stored);
  core.commit();
  CHECK(core.report().received[Direction::up] == 0);
  CHECK(payloads(read_backlog(core, lane)) == "1");
}

TEST_CASE("journal: what is not written yet is not read, and not missed") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  REQUIRE(append(core, {delivery(1, "a")}) == AppendResult::stored);
  CHECK(core.read(1, 1, 1'000).empty());
  CHECK(core.must_commit());
  core.commit();
  CHECK_FALSE(core.must_commit());
  CHECK(payloads(read_all(core, 1)) == "a");
  CHECK(losses(core).empty());
}

TEST_CASE("journal: a large group is read in parts, from memory and from the disk") {
  const Directory directory;
  std::vector<Put> messages;
  for (int i = 0; i < 60; ++i) messages.push_back({1, "t", std::string(20'000, 'a' + i % 26)});
  {
    JournalCore core = open_journal(directory);
    store(core, messages);
    CHECK(read_all(core, 1).size() == 60);
    CHECK(core.read(1, 1, 1).size() == 1);
    CHECK(core.read(1, 1, 10 << 20).size() > 3);
  }
  JournalCore core = open_journal(directory);
  const auto all = read_all(core, 1, 31);
  REQUIRE(all.size() == 30);
  CHECK(all.front() == Got{31, "t", messages[30].payload});
}

TEST_CASE("journal: the log is moved into the file and does not grow with it") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  for (int i = 0; i < 800; ++i) {
    store(core, bulk());
    core.checkpoint();
  }
  CHECK(std::filesystem::file_size(directory.database()) > (60 << 20));
  CHECK(std::filesystem::file_size(directory.database() + "-log") < (8 << 20));
}

TEST_CASE("journal: a checkpoint waits for the transaction under way") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  for (int i = 0; i < 100; ++i) store(core, bulk());
  core.change().policies().save_wake(1, "later", 1);
  core.checkpoint();
  CHECK(std::filesystem::file_size(directory.database()) < (1 << 20));
  core.commit();
  core.checkpoint();
  CHECK(std::filesystem::file_size(directory.database()) > (8 << 20));
}

TEST_CASE("journal: after a failed commit, what has crossed stands and the rest is read again") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  fill(core, 3);
  const Put one;
  core.progress(told(1, 1, 1, one.bytes()));
  Progress refused = told(1, 3, 3, one.bytes(), Fate::quarantined);
  refused.quarantined.push_back({Direction::up, 1, 3, "too large", "t", "", "c", 1});
  core.progress(refused);
  REQUIRE(append(core, {delivery(9, "lost")}) == AppendResult::stored);
  core.reopen();
  CHECK(lane_of(core, 1).cursor == 1);
  CHECK(lane_of(core, 1).resolved(3));
  CHECK(lane_of(core, 1).count(Fate::quarantined) == 1);
  CHECK(core.store().quarantine().newest(10).size() == 1);
  CHECK(payloads(read_backlog(core, 1)) == "b");
  store(core, {delivery(9, "again", true)});
  CHECK(payloads(read_backlog(core, 1)) == "bagain");
  const Directory left = directory.copy();
  JournalCore after = open_journal(left);
  CHECK(lane_of(after, 1).cursor == 1);
  CHECK(lane_of(after, 1).resolved(3));
}

TEST_CASE("journal: while it cannot be opened, what crosses is kept for later") {
  CrashDisk disk;
  const Directory directory;
  JournalCore core = open_journal(directory);
  fill(core, 3);
  disk.broken = true;
  REQUIRE(append(core, {delivery(9, "lost")}) == AppendResult::stored);
  CHECK_THROWS_AS(core.commit(), DatabaseError);
  CHECK_THROWS_AS(core.reopen(), JournalError);
  core.progress(told(1, 1, 2));
  CHECK(core.lane(Direction::up, "default") == 1);
  CHECK_THROWS_AS(core.reopen(), JournalError);
  disk.broken = false;
  core.reopen();
  CHECK(lane_of(core, 1).cursor == 2);
  CHECK(payloads(read_backlog(core, 1)) == "c");
}

TEST_CASE("journal: when the sync that a checkpoint left fails, the log has it all") {
  CrashDisk disk;
  const Directory directory;
  std::string all;
  const auto add = [&](JournalCore& core, const std::string& payload) {
    store(core, {{1, "t", payload}});
    all += payload;
  };
  {
    JournalCore core = open_journal(directory);
    while (!core.must_checkpoint()) add(core, std::string(100'000, 'a'));
    core.checkpoint(Database::Sync::later);
    disk.broken = true;
    REQUIRE(append(core, {{1, "t", "refused"}}) == AppendResult::stored);
    CHECK_THROWS_AS(core.commit(), DatabaseError);
    disk.broken = false;
  }
  // Closed without trouble; then the power goes. What was synced is there and nothing else.
  for (auto& [path, file] : disk.files) file->now = file->synced;
  JournalCore core = open_journal(directory);
  CHECK(payloads(read_all(core, 1)) == all);
  add(core, "b");
  CHECK(payloads(read_all(core, 1)) == all);
}

TEST_CASE("journal: on a disk without room for a commit it opens, and drains") {
  const Directory directory;
  CrashDisk disk;
  JournalCore core = open_journal(directory);
  fill(core, 5);
  disk.full = true;
  core.progress(told(1, 1, 2, 2 * Put{}.bytes()));
  for (int i = 0; i < 3; ++i) {
    CHECK_NOTHROW(core.reopen());
    CHECK(core.starved());
    CHECK(core.report().full);
    CHECK(core.report().trouble == "");
    CHECK(core.report().lanes.at(0).state.backlog() == 3);
    CHECK(payloads(read_backlog(core, 1)) == "cde");
    CHECK_THROWS(core.commit());
  }
  core.progress(told(1, 3, 3, Put{}.bytes()));
  CHECK(payloads(read_backlog(core, 1)) == "de");
  disk.full = false;
  core.reopen();
  CHECK_FALSE(core.starved());
  CHECK(payloads(read_backlog(core, 1)) == "de");
  store(core, {{1, "t", "z"}});
  CHECK(payloads(read_backlog(core, 1)) == "dez");
}

TEST_CASE(
    "journal: what its log and free pages hold goes back to the disk when that is asked for") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  for (int i = 0; i < 40; ++i) store(core, bulk());
  core.progress(told(1, 1, 40 * 34));
  core.commit();
  core.store().begin();
  core.store().batches().erase(1, 1, 40 * 34);
  core.store().commit();
  const auto file_bytes = [&] {
    return std::filesystem::file_size(directory.path() + "/journal.db");
  };
  CHECK(core.store().log_bytes() > 4'000'000);
  core.store().shrink();
  CHECK(core.store().log_bytes() == 0);
  const auto before = file_bytes();
  while (core.store().spare_bytes() > 0) core.store().shrink();
  CHECK(file_bytes() < before / 4);
  CHECK(core.store().in_place());
  store(core, {{1, "t", "z"}});
  const Directory left = directory.copy();
  JournalCore after = open_journal(left);
  CHECK(payloads(read_backlog(after, 1)) == "z");
}

TEST_CASE("journal: a start on a disk without room finds what waits") {
  const Directory directory;
  CrashDisk disk;
  {
    JournalCore before = open_journal(directory);
    fill(before, 3);
  }
  disk.full = true;
  JournalCore core = open_journal(directory);
  CHECK(core.starved());
  CHECK(payloads(read_backlog(core, 1)) == "abc");
}

TEST_CASE("journal: where it must exist, none is made, nor its directory") {
  const Directory directory;
  JournalSettings settings = journal_settings(directory);
  settings.must_exist = true;
  CHECK_THROWS_WITH_AS(JournalCore(settings, "store-42", {}),
                       doctest::Contains("there is no journal in"), JournalError);
  CHECK(std::filesystem::is_empty(directory.path()));
  { CHECK(open_journal(directory).fresh()); }
  CHECK_FALSE(JournalCore(settings, "store-42", {}).fresh());
}

TEST_CASE("journal: files that vanish are noticed with the next commit, and none is begun anew") {
  const Directory directory;
  const std::string database = directory.database(), moved = database + ".moved";
  JournalCore core = open_journal(directory);
  fill(core, 3);
  SUBCASE("the file is removed: it is written anew from what is open") {
    std::filesystem::remove(database);
    std::filesystem::remove(database + "-log");
  }
  SUBCASE("its directory is removed") { std::filesystem::remove_all(directory.path()); }
  SUBCASE("its log is removed") { std::filesystem::remove(database + "-log"); }
  SUBCASE("the file is moved, and comes back") {
    std::filesystem::rename(database, moved);
    REQUIRE(append(core, {{1, "t", "x"}}) == AppendResult::stored);
    CHECK_THROWS_AS(core.commit(), JournalError);
    for (int i = 0; i < 2; ++i) {
      CHECK_THROWS_WITH_AS(core.reopen(), doctest::Contains("was moved"), JournalError);
    }
    CHECK_FALSE(std::filesystem::exists(database));
    std::filesystem::rename(moved, database);
    core.reopen();
    CHECK(payloads(read_backlog(core, 1)) == "abcx");  // its outcome was not known
    return;
  }
  REQUIRE(append(core, {{1, "t", "x"}}) == AppendResult::stored);
  CHECK_FALSE(core.in_place());
  CHECK_THROWS_AS(core.commit(), JournalError);
  core.reopen();
  CHECK(core.in_place());
  CHECK(core.mended_files().find("was removed") != std::string::npos);
  CHECK(payloads(read_backlog(core, 1)) == "abcx");
  store(core, {{1, "t", "y"}});
  CHECK(payloads(read_backlog(core, 1)) == "abcxy");
  const Directory left = directory.copy();
  JournalCore after = open_journal(left);
  CHECK(payloads(read_backlog(after, 1)) == "abcxy");
}

// Its pages lie elsewhere in the file that is written anew than the log has them.
TEST_CASE("journal: of files that are gone, the log alone does no harm to what is written anew") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  for (int i = 0; i < 200; ++i) store(core, {{1, "t", std::string(3'000, 'a')}});
  core.store().checkpoint(Database::Sync::now);
  core.store().begin();
  core.store().batches().erase(1, 1, 150);
  core.store().commit();
  for (int i = 0; i < 20; ++i) store(core, {{1, "t", std::string(3'000, 'b')}});
  std::filesystem::remove(directory.database());
  REQUIRE(append(core, {{1, "t", "x"}}) == AppendResult::stored);
  CHECK_THROWS_AS(core.commit(), JournalError);
  core.reopen();
  CHECK(sql(directory.copy(), "PRAGMA integrity_check") == "ok");
  const std::vector<Got> all = read_all(core, 1, 151);
  REQUIRE(all.size() == 71);
  CHECK(all.back().payload == "x");
}

TEST_CASE("journal: what was removed is saved beside another journal that is there now") {
  const Directory directory, other;
  JournalCore core = open_journal(directory);
  fill(core, 2);
  {
    JournalCore another = open_journal(other);
    fill(another, 1);
  }
  std::filesystem::remove(directory.database());
  std::filesystem::copy_file(other.database(), directory.database());
  REQUIRE(append(core, {{1, "t", "x"}}) == AppendResult::stored);
  CHECK_THROWS_AS(core.commit(), JournalError);
  CHECK_THROWS_WITH_AS(core.reopen(), doctest::Contains("is saved as"), JournalError);
  CHECK(bytes_of_file(directory.database()) == bytes_of_file(other.database()));
  const std::string saved = directory.path() + "/journal-saved-" + core.epoch() + ".db";
  const Directory kept;
  std::filesystem::copy_file(saved, kept.database());
  JournalCore after = open_journal(kept);
  CHECK(payloads(read_backlog(after, 1)) == "abx");
}

TEST_CASE("journal: what has crossed may wait for a later commit, and costs none of its own") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  fill(core, 5);
  core.store().checkpoint(Database::Sync::now);
  core.progress(told(1, 1, 2));
  REQUIRE(append(core, {{1, "t", "x"}}) == AppendResult::stored);
  core.commit(JournalCore::Cursors::later);
  CHECK(core.store().log_pages() == 1);
  CHECK(lane_of(core, 1).cursor == 2);
  {
    JournalCore left = open_journal(directory.copy());
    CHECK(lane_of(left, 1).cursor == 0);
    CHECK(payloads(read_backlog(left, 1)) == "abcdex");
  }
  SUBCASE("a later commit has it") {
    core.commit();
    JournalCore left = open_journal(directory.copy());
    CHECK(lane_of(left, 1).cursor == 2);
  }
  SUBCASE("it is told again after trouble") {
    core.reopen();
    CHECK(lane_of(core, 1).cursor == 2);
  }
  SUBCASE("it does not wait beside what may not") {
    Progress claim;
    claim.lane = 1;
    claim.claimed = {{3, 60'000, false}};
    core.progress(std::move(claim));
    core.commit(JournalCore::Cursors::later);
    JournalCore left = open_journal(directory.copy());
    CHECK(lane_of(left, 1).cursor == 2);
    CHECK_FALSE(lane_of(left, 1).claims.encode().empty());
  }
  SUBCASE("nor where rows go that it has passed") {
    core.store().batches().erase(1, 1, 1);
    core.commit(JournalCore::Cursors::later);
    JournalCore left = open_journal(directory.copy());
    CHECK(lane_of(left, 1).cursor == 2);
    CHECK(losses(left).empty());
  }
}
