// Rows that are damaged or gone: salvaged, counted in the ledger, and the lane goes on.
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

// Six batches of lane 1: a to f, the cursor after the first.
Directory six() {
  Directory directory;
  JournalCore core = open_journal(directory);
  fill(core, 6);
  core.progress(told(1, 1, 1, Put().bytes()));
  core.commit();
  return directory;
}

std::string id(std::uint64_t sequence) { return batch_id(1, sequence); }

void check_loss(JournalCore& core, std::uint64_t first, std::uint64_t last) {
  const auto ledger = losses(core);
  REQUIRE(ledger.size() == 1);
  CHECK(ledger[0].lane == 1);
  CHECK(ledger[0].first == first);
  CHECK(ledger[0].last == last);
  CHECK(ledger[0].count == last - first + 1);
  CHECK(ledger[0].reason == "damaged");
}

}  // namespace

TEST_CASE("damage: a row with a flipped byte is salvaged and named, and the lane goes on") {
  const Directory directory = six();
  sql(directory, "UPDATE batch SET data = substr(data, 1, 25) || x'21' WHERE id = " + id(3));
  {
    JournalCore core = open_journal(directory);
    CHECK(payloads(read_backlog(core, 1)) == "bdef");
    check_loss(core, 3, 3);
    CHECK(lane_of(core, 1).count(Fate::evicted) == 1);
    store(core, {{1, "t", "g"}});
    CHECK(payloads(read_backlog(core, 1)) == "bdefg");
    core.progress(told(1, 2, 7));
    CHECK(lane_of(core, 1).backlog() == 0);
    core.commit();
  }
  CHECK(sql(directory, "SELECT id FROM damaged") == std::to_string(LaneSequence{1, 3}.key()));
  CHECK(sql(directory, "SELECT count(*) FROM batch WHERE id = " + id(3)) == "0");
  CHECK(sql(directory, "SELECT length(CAST(data AS BLOB)) FROM damaged") == "26");
}

TEST_CASE("damage: a deleted row is noticed") {
  const Directory directory = six();
  sql(directory, "DELETE FROM batch WHERE id IN (" + id(3) + "," + id(4) + ")");
  JournalCore core = open_journal(directory);
  CHECK(payloads(read_backlog(core, 1)) == "bef");
  check_loss(core, 3, 4);
}

TEST_CASE("damage: an end that was cut off is noticed on opening") {
  const Directory directory = six();
  sql(directory, "DELETE FROM batch WHERE id >= " + id(5) + " AND id <= " + id(6));
  JournalCore core = open_journal(directory);
  check_loss(core, 5, 6);
  CHECK(payloads(read_backlog(core, 1)) == "bcd");
  store(core, {{1, "t", "g"}});
  CHECK(read_backlog(core, 1).back() == Got{7, "t", "g"});
}

TEST_CASE("damage: with every row gone, all that waited is named and numbers go on") {
  const Directory directory = six();
  sql(directory, "DELETE FROM batch");
  JournalCore core = open_journal(directory);
  CHECK(read_backlog(core, 1).empty());
  check_loss(core, 2, 6);
  store(core, {{1, "t", "g"}});
  CHECK(read_backlog(core, 1) == std::vector<Got>{{7, "t", "g"}});
}

TEST_CASE("damage: a row's false count takes nothing else with it") {
  const Directory directory = six();
  sql(directory, "UPDATE batch SET count = 3 WHERE id = " + id(3));
  JournalCore core = open_journal(directory);
  CHECK(payloads(read_backlog(core, 1)) == "bdef");
  check_loss(core, 3, 3);
}

TEST_CASE("damage: in what has crossed nothing is lost") {
  const Directory directory = six();
  sql(directory, "UPDATE batch SET data = x'00' WHERE id = " + id(1));
  JournalCore core = open_journal(directory);
  CHECK(payloads(read_all(core, 1)) == "bcdef");
  CHECK(losses(core).empty());
}

TEST_CASE("damage: the newest row is salvaged, too") {
  const Directory directory = six();
  sql(directory, "UPDATE batch SET data = data || x'00' WHERE id = " + id(6));
  JournalCore core = open_journal(directory);
  store(core, {{1, "t", "g"}});
  CHECK(payloads(read_backlog(core, 1)) == "bcdeg");
  check_loss(core, 6, 6);
}

TEST_CASE(
    "damage: a bit that flips in a segment takes its row, and a segment that is gone its own") {
  const Directory directory;
  const auto large = [](char c) { return std::string(9'000, c); };
  for (const char c : {'a', 'b', 'c'}) {  // a file each, for each opening begins one
    JournalCore core = open_journal(directory);
    store(core, {{1, "t", large(c)}});
    store(core, {{1, "t", std::string(1, c)}});
  }
  const std::string segment = directory.database() + "-7ffe000000000003";
  {
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4'000);
    file.put('x');
  }
  {
    JournalCore core = open_journal(directory);
    CHECK(payloads(read_backlog(core, 1)) == large('a') + "ab" + large('c') + "c");
    check_loss(core, 3, 3);
    core.commit();
  }
  CHECK(sql(directory, "SELECT length(CAST(data AS BLOB)) FROM damaged") == "9025");
  std::filesystem::remove(directory.database() + "-7ffe000000000005");
  JournalCore core = open_journal(directory);
  CHECK(payloads(read_backlog(core, 1)) == large('a') + "abc");
  core.commit();
  CHECK(losses(core).size() == 2);
  CHECK(lane_of(core, 1).backlog() == 4);
}
