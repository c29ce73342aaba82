// What is given up and when: time to live, history, limits of a lane and of the journal.
#include "journal/backlog/retention.hpp"

#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr std::size_t large = 20'000;

// A journal of one MiB.
JournalCore small(const Directory& directory, WhenFull rule, std::vector<LaneSettings> lanes = {}) {
  JournalSettings settings = journal_settings(directory);
  settings.max_size_bytes = 1 << 20;
  settings.when_full = rule;
  return {settings, "store-42", std::move(lanes)};
}

Put message(LaneId lane = 1, std::size_t bytes = large) {
  Put put;
  put.lane = lane;
  put.payload = std::string(bytes, 'x');
  return put;
}

// Appends until the journal is full; returns how many it took.
int fill_up(JournalCore& core, int most = 1'000) {
  int count = 0;
  while (count < most && append(core, {message()}) == AppendResult::stored) {
    core.commit();
    ++count;
  }
  core.commit();
  return count;
}

void forward_all(JournalCore& core, LaneId lane = 1) {
  const LaneState& state = lane_of(core, lane);
  core.progress(told(lane, state.cursor + 1, state.next - 1, state.backlog_bytes()));
  core.commit();
}

std::vector<std::uint64_t> sequences(const std::vector<Got>& messages) {
  std::vector<std::uint64_t> all;
  for (const Got& got : messages) all.push_back(got.sequence);
  return all;
}

LaneSettings limited(WhenFull rule, std::uint64_t bytes) {
  LaneSettings lane;
  lane.when_full = rule;
  lane.max_size_bytes = bytes;
  return lane;
}

}  // namespace

TEST_CASE("quota: a full journal pauses, drains, and takes again") {
  const Directory directory;
  JournalCore core = small(directory, WhenFull::pause);
  const int taken = fill_up(core);
  CHECK(taken > 30);
  CHECK(taken < 60);
  CHECK(core.report().full);
  CHECK(lane_of(core, 1).next == static_cast<std::uint64_t>(taken) + 1);
  CHECK(append(core, {message()}) == AppendResult::full);
  // Large messages: all of them are among the newest 16,384, and yet they make room.
  forward_all(core);
  core.maintain();
  CHECK(append(core, {message()}) == AppendResult::stored);
  core.commit();
  CHECK_FALSE(core.report().full);
  CHECK(losses(core).empty());
  CHECK(fill_up(core) > 30);
}

TEST_CASE("quota: a disk below min_free is said to be full though nothing is appended") {
  const Directory directory;
  JournalSettings settings = journal_settings(directory);
  settings.min_free_bytes = std::uint64_t{1} << 60;
  CHECK(JournalCore(settings, "store-42", {}).report().full);
  settings.min_free_bytes = 0;
  CHECK_FALSE(JournalCore(settings, "store-42", {}).report().full);
}

TEST_CASE("quota: what has crossed makes room, so a journal that is full of it is not full") {
  for (const bool crossed : {true, false}) {
    const Directory directory;
    {
      JournalCore large_one = open_journal(directory);
      for (int i = 0; i < 80; ++i) store(large_one, {message()});
      if (crossed) forward_all(large_one);
      CHECK_FALSE(large_one.report().full);
    }
    CHECK(small(directory, WhenFull::pause).report().full == !crossed);
  }
}

TEST_CASE("quota: a group is taken whole or not at all") {
  const Directory directory;
  JournalCore core = small(directory, WhenFull::pause);
  std::vector<Put> group(100, message());
  CHECK(append(core, group) == AppendResult::full);
  CHECK(lane_of(core, 1).next == 1);
  core.commit();
  group.resize(10);
  CHECK(append(core, group) == AppendResult::stored);
}

TEST_CASE("quota: what has crossed is given up before anything that waits") {
  const Directory directory;
  JournalCore core = small(directory, WhenFull::drop_oldest);
  for (int i = 0; i < 20; ++i) store(core, {message()});
  forward_all(core);
  for (int i = 0; i < 20; ++i) store(core, {message()});
  CHECK(lane_of(core, 1).backlog() == 20);
  for (int i = 0; i < 10; ++i) store(core, {message()});
  CHECK(losses(core).empty());
  CHECK(read_backlog(core, 1).size() == 30);
}

TEST_CASE("quota: what made room for others is known as a repeat all the same, after a crash") {
  const Directory directory;
  JournalCore core = small(directory, WhenFull::pause);
  const auto delivery = [](int number) {
    Put put = message();
    put.payload += std::to_string(number);
    put.receipt = {static_cast<std::uint32_t>(number), static_cast<std::uint16_t>(number), 0};
    return put;
  };
  // They cross at once, and nobody hears that they were acknowledged.
  constexpr int all = 200;
  for (int number = 1; number <= all; ++number) {
    store(core, {delivery(number)});
    forward_all(core);
  }
  REQUIRE(core.store().batches().heads(1, 0, 1).front().first > all / 2);
  const Directory left = directory.copy();
  JournalCore after = small(left, WhenFull::pause);
  for (int number = 1; number <= all; ++number) {
    Put again = delivery(number);
    again.duplicate = true;
    store(after, {again});
  }
  CHECK(lane_of(after, 1).next == all + 1);
  CHECK(after.report().tallies[Direction::up].repeats == all);
  Put other = delivery(all + 1);
  other.duplicate = true;
  store(after, {other});
  CHECK(lane_of(after, 1).next == all + 2);
}

TEST_CASE("quota: drop-oldest gives up the oldest and names them") {
  const Directory directory;
  JournalCore core = small(directory, WhenFull::drop_oldest);
  CHECK(fill_up(core, 80) == 80);
  const auto ledger = losses(core);
  REQUIRE(ledger.size() == 1);
  CHECK(ledger[0].reason == "journal_full");
  CHECK(ledger[0].first == 1);
  const std::uint64_t lost = ledger[0].count;
  CHECK(ledger[0].last == lost);
  CHECK(ledger[0].bytes == lost * message().bytes());
  const auto left = read_backlog(core, 1);
  CHECK(left.size() == 80 - lost);
  CHECK(left.front().sequence == lost + 1);
  CHECK(left.back().sequence == 80);
  CHECK(core.report().used_bytes <= 1 << 20);
}

TEST_CASE("quota: drop-newest gives each dropped message its number") {
  const Directory directory;
  JournalCore core = small(directory, WhenFull::drop_newest);
  CHECK(fill_up(core, 80) == 80);
  CHECK(lane_of(core, 1).next == 81);
  const auto ledger = losses(core);
  REQUIRE(ledger.size() == 1);
  CHECK(ledger[0].reason == "drop_newest");
  CHECK(ledger[0].last == 80);
  CHECK(read_backlog(core, 1).size() == 80 - ledger[0].count);
  CHECK(core.report().lost == ledger[0].count);
  const std::uint64_t waiting = lane_of(core, 1).backlog_bytes();
  core.reopen();
  CHECK(lane_of(core, 1).backlog_bytes() == waiting);
}

TEST_CASE("quota: a full file system is no reason to drop while the file has free pages") {
  const std::vector<Put> in_pages(10, message(1, 2'000));  // too small for a segment
  // What others write meanwhile counts, too; then it is tried again.
  for (int attempt = 0; attempt < 20; ++attempt) {
    const Directory directory;
    std::uint64_t free = 0;
    {
      JournalCore core = open_journal(directory);
      for (int i = 0; i < 60; ++i) store(core, in_pages);
      core.store().begin();
      core.store().batches().erase(1, 1, 300);
      core.store().commit();
      core.progress(told(1, 1, 300));
      core.commit();
      free = core.store().free_bytes();
    }
    JournalSettings settings = journal_settings(directory);
    settings.when_full = WhenFull::drop_oldest;
    settings.min_free_bytes = free + 200'000;  // as if others had filled it
    JournalCore core(settings, "store-42", {});
    for (int i = 0; i < 5; ++i) store(core, in_pages);
    if (core.store().free_bytes() + 100'000 < free) continue;
    CHECK(losses(core).empty());
    CHECK(read_backlog(core, 1).size() == 350);
    return;
  }
  FAIL("others fill the file system all the time");
}

TEST_CASE("lane limit: pause holds the group back until the lane has drained") {
  const Directory directory;
  JournalCore core =
      open_journal(directory, {limited(WhenFull::pause, 3 * message(1, 100).bytes())});
  store(core, {message(1, 100), message(1, 100)});
  CHECK(append(core, {message(1, 100), message(1, 100)}) == AppendResult::full);
  store(core, {message(1, 100)});
  CHECK(append(core, {message(1, 1)}) == AppendResult::full);
  core.progress(told(1, 1, 1, message(1, 100).bytes()));
  CHECK(append(core, {message(1, 1)}) == AppendResult::stored);
}

TEST_CASE("lane limit: an empty lane takes a message that is larger than the limit") {
  const Directory directory;
  JournalCore core = open_journal(directory, {limited(WhenFull::pause, 50)});
  store(core, {message()});
  CHECK(append(core, {message(1, 1)}) == AppendResult::full);
  forward_all(core);
  store(core, {message()});
}

TEST_CASE("lane limit: drop-oldest evicts batches, also one that is still being filled") {
  const Directory directory;
  JournalCore core =
      open_journal(directory, {limited(WhenFull::drop_oldest, 2 * message(1, 100).bytes())});
  for (int i = 0; i < 4; ++i) REQUIRE(append(core, {message(1, 100)}) == AppendResult::stored);
  core.commit();
  CHECK(sequences(read_backlog(core, 1)) == std::vector<std::uint64_t>{3, 4});
  CHECK(losses(core).front().reason == "max_size");
}

TEST_CASE("lane limit: of a batch that has crossed in part only the rest is lost") {
  const Directory directory;
  const std::uint64_t each = message(1, 100).bytes();
  JournalCore core = open_journal(directory, {limited(WhenFull::drop_oldest, 5 * each)});
  store(core, std::vector<Put>(5, message(1, 100)));
  core.progress(told(1, 1, 2, 2 * each));
  core.progress(told(1, 4, 4, each));
  store(core, std::vector<Put>(3, message(1, 100)));
  CHECK(losses(core).empty());
  store(core, {message(1, 100)});
  const auto ledger = losses(core);
  REQUIRE(ledger.size() == 2);
  CHECK(ledger[1].first == 3);
  CHECK(ledger[1].last == 3);
  CHECK(ledger[0].first == 5);
  CHECK(ledger[0].count == 1);
  CHECK(ledger[0].bytes == each);
  CHECK(lane_of(core, 1).backlog_bytes() == 4 * each);
  CHECK(sequences(read_backlog(core, 1)) == std::vector<std::uint64_t>{6, 7, 8, 9});
}

TEST_CASE("lane limit: what was given up is not read from memory either") {
  const Directory directory;
  JournalCore core =
      open_journal(directory, {limited(WhenFull::drop_oldest, 2 * message(1, 100).bytes())});
  for (int i = 0; i < 4; ++i) store(core, {message(1, 100)});
  CHECK(sequences(read_all(core, 1, 1)) == std::vector<std::uint64_t>{3, 4});
}

TEST_CASE("time to live: what waited too long expires and is named; what crossed stays") {
  const Directory directory;
  LaneSettings lane;
  lane.ttl_ms = 0;
  JournalCore core = open_journal(directory, {lane});
  for (int i = 0; i < 3; ++i) store(core, {message(1, 100)});
  core.progress(told(1, 2, 2, message(1, 100).bytes()));
  core.maintain();
  CHECK(lane_of(core, 1).count(Fate::expired) == 2);
  CHECK(lane_of(core, 1).cursor == 3);
  CHECK(lane_of(core, 1).backlog_bytes() == 0);
  CHECK(sequences(read_all(core, 1)) == std::vector<std::uint64_t>{2});
  const auto ledger = losses(core);
  REQUIRE(ledger.size() == 2);
  CHECK(ledger[0].reason == "ttl");
}

TEST_CASE("history: it is trimmed after its time, but for the newest, as many or as large") {
  const Directory directory;
  JournalSettings settings = journal_settings(directory);
  settings.keep_forwarded_ms = 0;
  JournalCore core(settings, "store-42", {});
  // 70 MiB, one message a row: what is within 64 MiB stays.
  for (int i = 0; i < 1'120; ++i) store(core, {message(1, 65'536 - message(1, 0).bytes())});
  core.maintain();
  CHECK(core.report().lanes[0].first_stored == 1);  // nothing has crossed
  forward_all(core);
  settings.keep_forwarded_ms = 0;
  JournalSettings longer = settings;
  longer.keep_forwarded_ms = 3'600'000;
  {
    const Directory left = directory.copy();
    longer.data_dir = left.path();
    JournalCore kept(longer, "store-42", {});
    kept.maintain();
    CHECK(kept.report().lanes[0].first_stored == 1);
  }
  const Directory left = directory.copy();
  settings.data_dir = left.path();
  JournalCore after(settings, "store-42", {});
  after.maintain();
  CHECK(after.report().lanes[0].first_stored == 1'120 - 1'024 + 1);
  CHECK(losses(after).empty());
}

TEST_CASE("history: what is about to be sent again stays, also when room is needed") {
  const Directory directory;
  JournalCore core = small(directory, WhenFull::pause);
  core.positions(Direction::up, {});  // this is not the first that the far broker is asked for
  for (int i = 0; i < 20; ++i) store(core, {message()});
  forward_all(core);
  Progress confirmed;
  confirmed.lane = 1;
  confirmed.confirmed = 20;
  core.progress(confirmed);
  FarKnowledge far;
  far.asked = far.readable = far.session_present = true;
  far.epoch = core.epoch();
  far.lanes["default"] = 10;
  core.positions(Direction::up, far);
  core.commit();
  fill_up(core);
  CHECK(core.report().lanes[0].first_stored == 11);
}

TEST_CASE("history: of messages however large, as many stay as a broker may deliver again") {
  const Directory directory;
  JournalSettings settings = journal_settings(directory);
  settings.keep_forwarded_ms = 0;
  JournalCore core(settings, "store-42", {});
  for (int i = 0; i < 1'010; ++i) store(core, {message(1, 100'000)});
  forward_all(core);
  core.maintain();
  CHECK(core.report().lanes[0].first_stored == 11);
}
