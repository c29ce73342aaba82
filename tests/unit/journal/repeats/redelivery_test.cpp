// P5 after a kill -9 between a commit and its acknowledgements: whatever the broker delivers again
// has crossed, or will, and does not cross twice, however much it is.
#include "journal/core.hpp"
#include "journal/lane/crc32c.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

std::string payload_of(std::uint64_t delivery, std::size_t bytes) {
  std::string payload = std::to_string(delivery);
  payload.resize(bytes, '.');
  return payload;
}

// A broker's deliveries from..to, 200 in a group, under ids that go round.
void deliver(JournalCore& core, std::uint64_t count, std::size_t bytes, bool again,
             bool alike = false) {
  std::vector<Put> group;
  for (std::uint64_t i = 0; i < count; ++i) {
    Put put;
    put.payload = payload_of(alike ? 0 : i, bytes);
    put.receipt = {crc32c(0, put.payload), static_cast<std::uint16_t>(i % 65'535 + 1), 0};
    put.duplicate = again;
    group.push_back(std::move(put));
    if (group.size() < 200 && i + 1 < count) continue;
    store(core, group);
    group.clear();
  }
}

JournalCore open_large(const Directory& directory) {
  JournalSettings settings = journal_settings(directory);
  settings.max_size_bytes = std::uint64_t{1} << 30;
  return {settings, "store-42", {}};
}

// `present`: the journal is new, and the broker's session is not.
void check_none_twice(std::uint64_t count, std::size_t bytes, bool alike = false,
                      bool present = false) {
  const Directory directory;
  JournalCore core = open_large(directory);
  core.enter_session(Direction::up, {"broker", present});
  deliver(core, count, bytes, false, alike);
  const Directory left = directory.copy();
  JournalCore after = open_large(left);
  after.enter_session(Direction::up, {"broker", true});
  deliver(after, count, bytes, true, alike);
  CHECK(lane_of(after, 1).journaled() == count);
  CHECK(after.report().tallies[Direction::up].repeats == count);
  CHECK(after.report().journaled_twice[Direction::up] == 0);
}

}  // namespace

TEST_CASE("redelivery: 300 messages of 256 KiB are known after a kill") {
  check_none_twice(300, 256 << 10);
}

TEST_CASE("redelivery: 40 messages of 2 MB are known after a kill") {
  check_none_twice(40, 2'000'000);
}

TEST_CASE("redelivery: 20,000 small messages are known after a kill, also if all are alike") {
  check_none_twice(20'000, 60);
  check_none_twice(20'000, 60, true);
}

TEST_CASE("redelivery: a session of before a new journal is known after a kill, released or not") {
  check_none_twice(400, 100, false, true);
}

TEST_CASE("redelivery: more than there are packet ids are known after a kill") {
  check_none_twice(90'143, 20);
}

TEST_CASE("redelivery: what the journal had and has given up crosses twice, and that is counted") {
  const Directory directory;
  {
    JournalCore core = open_journal(directory);
    core.enter_session(Direction::up, {"broker", false});
    deliver(core, 400, 20, false);
  }
  sql(directory, "DELETE FROM batch WHERE id < " + batch_id(1, 200));
  JournalCore core = open_journal(directory);
  core.enter_session(Direction::up, {"broker", true});
  deliver(core, 400, 20, true);
  CHECK(core.report().journaled_twice[Direction::up] == 200);
  CHECK(core.report().tallies[Direction::up].repeats == 200);
  CHECK(lane_of(core, 1).journaled() == 600);
}

TEST_CASE("redelivery: what a lane's limit gave up is known after a kill, between what crossed") {
  const Directory directory;
  LaneSettings lane = lane_settings("default");
  lane.max_size_bytes = 64 << 10;
  lane.when_full = WhenFull::drop_oldest;
  constexpr std::uint64_t count = 20'000;
  JournalCore core = open_journal(directory, {lane});
  core.enter_session(Direction::up, {"broker", false});
  deliver(core, 100, 20, false);
  core.progress(told(1, 1, 100));
  core.commit();
  deliver(core, count, 20, false);
  CHECK(lane_of(core, 1).next == 101 + count);
  const Directory left = directory.copy();
  JournalCore after = open_journal(left, {lane});
  after.enter_session(Direction::up, {"broker", true});
  deliver(after, count, 20, true);
  CHECK(lane_of(after, 1).next == 101 + count);
  CHECK(after.report().tallies[Direction::up].repeats == count);
}

// A broker delivers all again to the same process, or to one after a kill.
void check_turned_away(std::uint64_t count, bool killed) {
  const Directory directory;
  LaneSettings lane = lane_settings("default");
  lane.max_size_bytes = 8 << 10;
  lane.when_full = WhenFull::drop_newest;
  JournalCore core = open_journal(directory, {lane});
  core.enter_session(Direction::up, {"broker", false});
  deliver(core, count, 20, false);
  const std::uint64_t lost = lane_of(core, 1).count(Fate::evicted);
  REQUIRE(lost > count / 2);
  core.progress(told(1, 1, 50));  // there is room now
  core.commit();
  const Directory left = directory.copy();
  JournalCore after = open_journal(left, {lane});
  JournalCore& next = killed ? after : core;
  next.enter_session(Direction::up, {"broker", true});
  deliver(next, count, 20, true);
  CHECK(lane_of(next, 1).next == count + 1);
  CHECK(lane_of(next, 1).count(Fate::evicted) == lost);
  CHECK(next.report().tallies[Direction::up].repeats == count);
  CHECK(next.report().journaled_twice[Direction::up] == 0);
}

TEST_CASE("redelivery: what found no room in its lane is known, also after a kill") {
  check_turned_away(5'000, false);
  check_turned_away(5'000, true);
}

TEST_CASE("redelivery: the receipts of what found no room are as many as can come again") {
  const Directory directory;
  LaneSettings lane = lane_settings("default");
  lane.max_size_bytes = 8 << 10;
  lane.when_full = WhenFull::drop_newest;
  JournalCore core = open_journal(directory, {lane});
  core.enter_session(Direction::up, {"broker", false});
  deliver(core, 140'000, 20, false);
  const Directory left = directory.copy();
  const auto kept = sql(left, "SELECT sum(length(data)) / 9 FROM receipt");
  CHECK(std::stoull(kept) >= kept_deliveries - 1'000);
  CHECK(std::stoull(kept) <= kept_deliveries + 1'000);
}

TEST_CASE("redelivery: what was lost with the line is new, also behind what was delivered") {
  const Directory directory;
  {
    JournalCore core = open_journal(directory);
    core.enter_session(Direction::up, {"broker", false});
    deliver(core, 100, 20, false);
  }
  JournalCore core = open_journal(directory);
  core.enter_session(Direction::up, {"broker", true});
  deliver(core, 150, 20, true);
  CHECK(lane_of(core, 1).journaled() == 150);
  CHECK(core.report().journaled_twice[Direction::up] == 0);
}

TEST_CASE("redelivery: deliveries of an earlier session are not this one's") {
  const Directory directory;
  {
    JournalCore core = open_journal(directory);
    core.enter_session(Direction::up, {"broker", false});
    deliver(core, 10, 20, false);
    core.enter_session(Direction::up, {"broker", false});
    core.commit();
  }
  JournalCore core = open_journal(directory);
  core.enter_session(Direction::up, {"broker", true});
  deliver(core, 10, 20, true);
  CHECK(lane_of(core, 1).journaled() == 20);
}
