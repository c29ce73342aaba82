// Repeats, retained values, lanes that keep the latest.
#include "journal/backlog/appender.hpp"

#include "message/properties.hpp"
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

Put stamped(std::uint64_t sequence, const std::string& payload) {
  Put put;
  put.payload = payload;
  put.stamped = true;
  const Stamp stamp{"store-7", "5f3a9c1e0d2b4a67", "sales", sequence, 1};
  append_property(put.properties,
                  {PropertyId::user_property, 0, stamp_property, format_stamp(stamp)});
  return put;
}

Put retained(const std::string& payload, bool replayed) {
  Put put = delivery(0, payload);
  put.retain = true;
  put.replayed = replayed;
  return put;
}

}  // namespace

TEST_CASE("repeats: a redelivery is known by DUP, packet id, session and content together") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  store(core, {delivery(1, "a"), delivery(2, "b")});
  store(core, {delivery(1, "a", true), delivery(2, "b", true)});
  CHECK(payloads(read_all(core, 1)) == "ab");
  CHECK(core.report().tallies[Direction::up].repeats == 2);
  store(core, {delivery(1, "a")});        // not flagged: the id is used again
  store(core, {delivery(2, "c", true)});  // another content
  store(core, {delivery(3, "b", true)});  // another id
  store(core, {delivery(0, "b", true)});  // QoS 0 cannot come again
  CHECK(payloads(read_all(core, 1)) == "abacbb");
  core.enter_session(Direction::up, {"broker", false});
  store(core, {delivery(1, "a", true)});
  CHECK(payloads(read_all(core, 1)) == "abacbba");
}

TEST_CASE("repeats: a redelivery is known after a crash") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  core.enter_session(Direction::up, {"broker", false});
  store(core, {delivery(1, "a")});
  const Directory left = directory.copy();
  JournalCore after = open_journal(left);
  store(after, {delivery(1, "a", true), delivery(2, "b", true)});
  CHECK(payloads(read_all(after, 1)) == "ab");
}

TEST_CASE("repeats: after a crash the newest user of a packet id counts, whatever its lane") {
  const Directory directory;
  {
    JournalCore core = open_journal(directory, {lane_settings("sales")});
    Put older = delivery(1, "old");
    older.lane = core.lane(Direction::up, "sales");
    store(core, {older});
    const std::int64_t at = boottime_ms();
    while (boottime_ms() == at) {
    }
    store(core, {delivery(1, "new")});
  }
  JournalCore core = open_journal(directory);
  store(core, {delivery(1, "new", true)});
  CHECK(core.report().tallies[Direction::up].repeats == 1);
}

TEST_CASE("repeats: a session that began is not forgotten with a failed commit") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  store(core, {delivery(1, "a")});
  core.enter_session(Direction::up, {"broker", false});
  core.reopen();
  // The new session's message 1 was lost with the line and comes again.
  store(core, {delivery(1, "a", true)});
  CHECK(payloads(read_all(core, 1)) == "aa");
}

TEST_CASE("repeats: a stamp is seen once, gaps may be filled later, and a crash changes nothing") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  store(core, {stamped(1, "a"), stamped(4, "d"), stamped(4, "d")});
  store(core, {stamped(2, "b"), stamped(1, "a")});
  CHECK(payloads(read_all(core, 1)) == "adb");
  const Directory left = directory.copy();
  JournalCore after = open_journal(left);
  store(after, {stamped(4, "d"), stamped(3, "c"), stamped(2, "b")});
  CHECK(payloads(read_all(after, 1)) == "adbc");
  CHECK(after.report().tallies[Direction::up].repeats == 4);
}

TEST_CASE("retained: an unchanged value that a subscription brings does not cross again") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  store(core, {retained("on", false)});
  store(core, {retained("on", true)});
  CHECK(payloads(read_all(core, 1)) == "on");
  CHECK(core.report().tallies[Direction::up].repeats == 1);
  store(core, {retained("off", true)});   // it changed meanwhile
  store(core, {retained("off", false)});  // published anew: that is a message
  CHECK(payloads(read_all(core, 1)) == "onoffoff");
}

TEST_CASE("retained: a value that was dropped still crosses when a subscription brings it") {
  const Directory directory;
  LaneSettings lane;
  lane.max_size_bytes = 30;
  lane.when_full = WhenFull::drop_newest;
  JournalCore core = open_journal(directory, {lane});
  store(core, {delivery(1, "first")});
  store(core, {retained("on", false)});
  CHECK(payloads(read_backlog(core, 1)) == "first");
  core.progress(told(1, 1, 1));
  store(core, {retained("on", true)});
  CHECK(payloads(read_backlog(core, 1)) == "on");
}

TEST_CASE("keep latest: only the newest message of a topic waits") {
  const Directory directory;
  LaneSettings lane;
  lane.keep = Keep::latest;
  JournalCore core = open_journal(directory, {lane});
  store(core, {{1, "x", "1"}, {1, "y", "2"}, {1, "x", "3"}});
  store(core, {{1, "x", "4"}});
  CHECK(read_backlog(core, 1) == std::vector<Got>{{2, "y", "2"}, {4, "x", "4"}});
  CHECK(lane_of(core, 1).count(Fate::evicted) == 2);
  core.progress(told(1, 4, 4));
  store(core, {{1, "x", "5"}});  // what crossed is not superseded
  CHECK(lane_of(core, 1).count(Fate::evicted) == 2);
  CHECK(core.report().lost == 0);
  const auto ledger = losses(core);
  REQUIRE(ledger.size() == 1);
  CHECK(ledger[0].reason == "superseded");
  CHECK(ledger[0].count == 2);
  CHECK(ledger[0].first == 1);
  CHECK(ledger[0].last == 3);
}

TEST_CASE("keep latest: a redelivery after a crash leaves the newest value in place") {
  const Directory directory;
  LaneSettings lane;
  lane.keep = Keep::latest;
  JournalCore core = open_journal(directory, {lane});
  store(core, {delivery(1, "old"), delivery(2, "new")});
  const Directory left = directory.copy();
  JournalCore after = open_journal(left, {lane});
  store(after, {delivery(1, "old", true), delivery(2, "new", true)});
  CHECK(payloads(read_backlog(after, 1)) == "new");
}

TEST_CASE("appender: what a comparison brings is counted where it crosses, and not else") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  store(core, {retained("on", false)});
  const auto compared = [&](const std::string& payload) {
    AppendGroup group = group_of({retained(payload, false)});
    group.received = 0;
    group.entries.front().arrival = Arrival::compared;
    core.sift(group);
    const bool news = !group.entries.empty();
    REQUIRE(core.append(group) == AppendResult::stored);
    core.commit();
    return news;
  };
  CHECK_FALSE(compared("off"));  // nobody compares
  core.retained().begin(Direction::up);
  CHECK_FALSE(compared("on"));
  CHECK(core.report().received[Direction::up] == 1);
  CHECK(compared("off"));
  CHECK_FALSE(compared("off"));
  CHECK(core.report().received[Direction::up] == 2);
  CHECK(core.report().tallies[Direction::up].repeats == 0);
  CHECK(payloads(read_backlog(core, 1)) == "onoff");
  // What the lane has lost since is news again.
  REQUIRE(core.report().lost == 0);
  core.progress(told(1, 2, 2, 1, Fate::expired));
  core.commit();
  CHECK(core.losses(Direction::up) == 1);
  CHECK(compared("off"));
}

TEST_CASE("keep latest: topics that were set, cleared and crossed leave room for others") {
  const Directory directory;
  LaneSettings state = lane_settings("state");
  state.keep = Keep::latest;
  JournalSettings settings = journal_settings(directory);
  settings.max_size_bytes = 2 << 20;
  JournalCore core(settings, "store-42", {state});
  const LaneId lane = core.lane(Direction::up, "state");
  for (int topic = 0; topic < 20'000;) {
    std::vector<Put> set, cleared;
    for (int i = 0; i < 500; ++i, ++topic) {
      Put put{lane, "device/" + std::to_string(topic), "value"};
      put.retain = true;
      set.push_back(put);
      put.payload.clear();
      cleared.push_back(put);
    }
    for (const auto& group : {set, cleared}) {
      store(core, group);
      const LaneState& at = lane_of(core, lane);
      core.progress(told(lane, at.cursor + 1, at.next - 1, at.backlog_bytes()));
      core.commit();
      core.maintain();
    }
  }
  CHECK(losses(core).empty());
  CHECK(core.report().used_bytes <= 2 << 20);
  CHECK(core.store().retained().behind(Direction::up, "", 10).empty());
}

TEST_CASE("retained: of more values than there is room for, some are not noted, and all cross") {
  const Directory directory;
  JournalSettings settings = journal_settings(directory);
  settings.max_size_bytes = 1 << 20;
  constexpr int values = 3'000;
  JournalCore core(settings, "store-42", {});
  for (int number = 0; number < values;) {
    std::vector<Put> some;
    for (int i = 0; i < 100; ++i, ++number) {
      Put put{1, "device/" + std::to_string(number), "value"};
      put.retain = true;
      some.push_back(put);
    }
    store(core, some);
    const LaneState& lane = lane_of(core, 1);
    core.progress(told(1, lane.cursor + 1, lane.next - 1, lane.backlog_bytes()));
    core.commit();
  }
  CHECK(lane_of(core, 1).next == values + 1);
  const RetainedSize size = core.retained_size(Direction::up);
  CHECK(size.values > values / 4);
  CHECK(size.values + size.unnoted == values);
  CHECK(size.bytes <= settings.max_size_bytes / 8 + 100);
  core.reopen();
  CHECK(core.retained_size(Direction::up).values == size.values);
  CHECK(core.store().retained().behind(Direction::up, "", values).size() == size.values);
}
