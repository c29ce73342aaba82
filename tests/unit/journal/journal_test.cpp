// The journal's thread: answers come after the commit, in order, and always.
#include "journal/journal.hpp"

#include <atomic>
#include <future>
#include <thread>

#include "support/crash_vfs.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr std::chrono::seconds patience{30};

template <typename T>
T wait_for(std::future<T> future) {
  REQUIRE(future.wait_for(patience) == std::future_status::ready);
  return future.get();
}

std::future<AppendResult> append_to(Journal& journal, const std::vector<Put>& messages) {
  auto done = std::make_shared<std::promise<AppendResult>>();
  journal.append(group_of(messages), [done](AppendResult result) { done->set_value(result); });
  return done->get_future();
}

std::future<std::vector<Journal::Portion>> read_from(Journal& journal, std::uint64_t from) {
  auto done = std::make_shared<std::promise<std::vector<Journal::Portion>>>();
  journal.read(1, from, 1 << 20, [done](auto portions) { done->set_value(std::move(portions)); });
  return done->get_future();
}

std::future<std::uint64_t> cursor_of(Journal& journal) {
  auto done = std::make_shared<std::promise<std::uint64_t>>();
  journal.positions(Direction::up, {}, [done](const Journal::Positions& positions) {
    done->set_value(positions.lanes.front().cursor);
  });
  return done->get_future();
}

JournalSettings gathering(const Directory& directory, std::chrono::milliseconds gather) {
  JournalSettings settings = journal_settings(directory);
  settings.gather_ms = gather.count();
  return settings;
}

struct Running {
  Directory directory;
  Journal journal;
  explicit Running(std::chrono::milliseconds gather = {})
      : journal(gathering(directory, gather), "store-42", {}) {
    journal.start([](const Loss&, const std::string&, Direction) {});
  }
};

}  // namespace

TEST_CASE("journal thread: an append is answered when it is durable") {
  Running running;
  CHECK(wait_for(append_to(running.journal, {{1, "t", "a"}})) == AppendResult::stored);
  const Directory left = running.directory.copy();
  JournalCore after = open_journal(left);
  CHECK(payloads(read_backlog(after, 1)) == "a");
}

TEST_CASE("journal thread: while many messages come, commits keep apart") {
  Running running;
  const std::vector<Put> many(40, Put{1, "t", "a"});
  const auto begin = std::chrono::steady_clock::now();
  for (int group = 0; group < 6; ++group) {
    CHECK(wait_for(append_to(running.journal, many)) == AppendResult::stored);
  }
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(5 * 2));
}

TEST_CASE("journal thread: what gathers is one commit, when its time is over") {
  Running running(std::chrono::seconds(2));
  const auto begin = std::chrono::steady_clock::now();
  auto first = append_to(running.journal, {{1, "t", "a"}});
  auto second = append_to(running.journal, {{1, "t", "b"}});
  running.journal.report();  // whoever looks does not end it
  CHECK(wait_for(std::move(first)) == AppendResult::stored);
  CHECK(wait_for(std::move(second)) == AppendResult::stored);
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::seconds(2));
  running.journal.stop();
  JournalCore after = open_journal(running.directory.copy());
  CHECK(after.store().batches().heads(1, 0, 10).size() == 1);
}

TEST_CASE("journal thread: nothing gathers where there is company enough, or others wait for it") {
  Running running(std::chrono::hours(1));  // the deadlines of wait_for() are earlier
  SUBCASE("so many messages") {
    const std::vector<Put> many(16, Put{1, "t", "a"});
    CHECK(wait_for(append_to(running.journal, many)) == AppendResult::stored);
  }
  SUBCASE("so many groups, each less than a window of a broker") {
    std::vector<std::future<AppendResult>> all;
    for (int i = 0; i < 16; ++i) all.push_back(append_to(running.journal, {{1, "t", "a"}}));
    for (auto& one : all) CHECK(wait_for(std::move(one)) == AppendResult::stored);
  }
  SUBCASE("a client that waits for each acknowledgement") {
    AppendGroup group = group_of({{1, "t", "a"}});
    group.alone = true;
    auto done = std::make_shared<std::promise<AppendResult>>();
    running.journal.append(std::move(group), [done](AppendResult r) { done->set_value(r); });
    CHECK(wait_for(done->get_future()) == AppendResult::stored);
  }
  SUBCASE("a claim of QoS 2") {
    auto appended = append_to(running.journal, {{1, "t", "a"}});
    auto claimed = std::make_shared<std::promise<bool>>();
    Progress progress;
    progress.lane = 1;
    progress.claimed = {{1, 60'000, false}};
    running.journal.progress(std::move(progress), [claimed] { claimed->set_value(true); });
    CHECK(wait_for(claimed->get_future()));
    CHECK(wait_for(std::move(appended)) == AppendResult::stored);
  }
  SUBCASE("a question about positions") {
    auto appended = append_to(running.journal, {{1, "t", "a"}});
    CHECK(wait_for(cursor_of(running.journal)) == 0);
    CHECK(wait_for(std::move(appended)) == AppendResult::stored);
  }
  SUBCASE("so many deliveries, of which few cross") {
    AppendGroup group = group_of({{1, "t", "a"}});
    group.tally.unrouted = 19;
    group.received += group.tally.unrouted;
    auto done = std::make_shared<std::promise<AppendResult>>();
    running.journal.append(std::move(group), [done](AppendResult r) { done->set_value(r); });
    CHECK(wait_for(done->get_future()) == AppendResult::stored);
  }
  SUBCASE("a session that begins") {
    auto appended = append_to(running.journal, {{1, "t", "a"}});
    running.journal.enter_session(Direction::up, {"peer", false});
    CHECK(wait_for(std::move(appended)) == AppendResult::stored);
  }
  SUBCASE("somebody who looks into the journal") {
    auto appended = append_to(running.journal, {{1, "t", "a"}});
    running.journal.inspect([](JournalCore&) {});
    CHECK(wait_for(std::move(appended)) == AppendResult::stored);
  }
  SUBCASE("the end") {
    auto appended = append_to(running.journal, {{1, "t", "a"}});
    running.journal.stop();
    CHECK(wait_for(std::move(appended)) == AppendResult::stored);
  }
}

TEST_CASE("journal thread: what gathered when it was killed comes again, and once") {
  Running running(std::chrono::hours(1));
  Put first{1, "t", "a"}, second{1, "t", "b"};
  first.receipt = {7, 1};
  second.receipt = {8, 2};
  running.journal.enter_session(Direction::up, {"peer", false});
  auto stored = append_to(running.journal, {first});
  running.journal.inspect([](JournalCore&) {});
  CHECK(wait_for(std::move(stored)) == AppendResult::stored);
  auto gathers = append_to(running.journal, {second});
  running.journal.glance();  // behind it
  CHECK(gathers.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  const Directory killed = running.directory.copy();
  JournalCore after = open_journal(killed);
  CHECK(payloads(read_backlog(after, 1)) == "a");
  after.enter_session(Direction::up, {"peer", true});
  first.duplicate = second.duplicate = true;
  REQUIRE(append(after, {first, second}) == AppendResult::stored);
  after.commit();
  CHECK(payloads(read_backlog(after, 1)) == "ab");
}

TEST_CASE("journal thread: what gathers is not read before it is committed") {
  Running running(std::chrono::milliseconds(300));
  auto appended = append_to(running.journal, {{1, "t", "a"}});
  auto portions = read_from(running.journal, 1);
  const Directory meanwhile = running.directory.copy();
  CHECK(wait_for(std::move(portions)).size() == 1);
  CHECK(appended.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  JournalCore after = open_journal(running.directory.copy());
  CHECK(payloads(read_backlog(after, 1)) == "a");
}

TEST_CASE("journal thread: once a group is not kept, no later one of its connection is") {
  const Directory directory;
  LaneSettings small = lane_settings("small");
  small.max_size_bytes = 150;
  Journal journal(journal_settings(directory), "store-42", {small});
  journal.start([](const Loss&, const std::string&, Direction) {});
  const LaneId lane = journal.lane(Direction::up, "small");
  const auto append = [&](std::uint64_t connection, LaneId to, std::size_t bytes) {
    AppendGroup group = group_of({{to, "t", std::string(bytes, 'x')}});
    group.connection = connection;
    auto done = std::make_shared<std::promise<AppendResult>>();
    journal.append(std::move(group), [done](AppendResult result) { done->set_value(result); });
    return wait_for(done->get_future());
  };
  CHECK(append(1, lane, 80) == AppendResult::stored);
  CHECK(append(1, lane, 80) == AppendResult::full);
  CHECK(append(1, 1, 1) == AppendResult::full);    // there is room, but it would overtake
  CHECK(append(0, 1, 1) == AppendResult::stored);  // the bridge's own
  CHECK(append(2, 1, 1) == AppendResult::stored);
  journal.stop();
}

TEST_CASE("journal thread: answers come in the order of the calls, from any thread") {
  Running running;
  std::vector<std::thread> threads;
  std::atomic<int> answered = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      auto last = std::make_shared<int>(0);
      for (int i = 1; i <= 200; ++i) {
        running.journal.append(group_of({{1, "t", "x"}}), [&, i, last](AppendResult result) {
          if (result == AppendResult::stored && *last == i - 1) ++answered;
          *last = i;
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  running.journal.stop();
  CHECK(answered == 800);
  const Directory left = running.directory.copy();
  JournalCore after = open_journal(left);
  CHECK(read_backlog(after, 1).size() == 800);
}

TEST_CASE("journal thread: a reader who has caught up waits for the next commit") {
  Running running;
  auto waiting = read_from(running.journal, 1);
  append_to(running.journal, {{1, "t", "a"}});
  const auto portions = wait_for(std::move(waiting));
  REQUIRE(portions.size() == 1);
  CHECK(portions[0].batch->first == 1);
  CHECK(portions[0].captured_boottime_ms <= boottime_ms());
  CHECK(portions[0].captured_boottime_ms > 0);
}

TEST_CASE("journal thread: positions see the progress that was told before") {
  Running running;
  append_to(running.journal, {{1, "t", "a"}, {1, "t", "b"}});
  running.journal.progress(told(1, 1, 2));
  CHECK(wait_for(cursor_of(running.journal)) == 2);
  CHECK(running.journal.report().lanes[0].state.cursor == 2);
}

TEST_CASE("journal thread: what a report says stands, also after a kill") {
  Running running;
  wait_for(append_to(running.journal, {{1, "t", "a"}, {1, "t", "b"}}));
  running.journal.progress(told(1, 1, 2));
  CHECK(running.journal.glance().lanes[0].state.cursor == 2);
  CHECK(running.journal.report().lanes[0].state.cursor == 2);
  JournalCore left = open_journal(running.directory.copy());
  CHECK(lane_of(left, 1).cursor == 2);
}

TEST_CASE("journal thread: inspect sees what was appended before, and hands on what is thrown") {
  Running running;
  append_to(running.journal, {{1, "t", "a"}});
  std::string seen;
  running.journal.inspect([&](JournalCore& core) { seen = payloads(read_all(core, 1)); });
  CHECK(seen == "a");
  CHECK_THROWS_AS(running.journal.inspect([](JournalCore&) { throw std::out_of_range("no"); }),
                  std::out_of_range);
  CHECK(wait_for(append_to(running.journal, {{1, "t", "b"}})) == AppendResult::stored);
}

TEST_CASE("journal thread: a change that is wrong is refused, one that fails is trouble") {
  CrashDisk disk;
  Running running;
  CHECK_THROWS_AS(running.journal.change([](JournalCore&) { throw std::invalid_argument("no"); }),
                  std::invalid_argument);
  running.journal.change([](JournalCore& core) { core.change().policies().save_wake(1, "w", 1); });
  disk.broken = true;
  CHECK_THROWS_AS(running.journal.change(
                      [](JournalCore& core) { core.change().policies().save_wake(1, "w", 2); }),
                  JournalTrouble);
  disk.broken = false;
}

TEST_CASE("journal thread: what is asked before the end is done, what is asked after is refused") {
  Running running;
  auto appended = append_to(running.journal, {{1, "t", "a"}});
  running.journal.progress(told(1, 1, 1));
  running.journal.stop();
  CHECK(wait_for(std::move(appended)) == AppendResult::stored);
  CHECK_FALSE(running.journal.report().trouble.empty());
  CHECK_THROWS_AS(running.journal.inspect([](JournalCore&) {}), JournalTrouble);
  CHECK_THROWS_AS(running.journal.change([](JournalCore&) {}), JournalTrouble);
  const Directory left = running.directory.copy();
  JournalCore after = open_journal(left);
  CHECK(lane_of(after, 1).cursor == 1);
}

TEST_CASE("journal thread: on a disk that fails nothing is acknowledged, and it recovers") {
  CrashDisk disk;
  Running running;
  CHECK(wait_for(append_to(running.journal, {{1, "t", "a"}, {1, "t", "b"}})) ==
        AppendResult::stored);
  disk.broken = true;
  CHECK(wait_for(append_to(running.journal, {{1, "t", "lost"}})) == AppendResult::failed);
  CHECK_FALSE(running.journal.report().trouble.empty());
  CHECK_THROWS_AS(running.journal.inspect([](JournalCore&) {}), JournalTrouble);
  CHECK_THROWS_AS(running.journal.change([](JournalCore&) {}), JournalTrouble);
  running.journal.enter_session(Direction::up, {"broker", false});
  running.journal.progress(told(1, 1, 1));
  auto cursor = cursor_of(running.journal);
  CHECK(wait_for(append_to(running.journal, {{1, "t", "lost"}})) == AppendResult::failed);
  // Until opening it again has failed, too.
  const std::string first = running.journal.report().trouble;
  const std::int64_t deadline = boottime_ms() + 30'000;
  while (running.journal.report().trouble == first && boottime_ms() < deadline) {
    std::this_thread::yield();
  }
  disk.broken = false;
  CHECK(wait_for(std::move(cursor)) == 1);
  CHECK(wait_for(append_to(running.journal, {{1, "t", "c"}})) == AppendResult::stored);
}

TEST_CASE("journal thread: it says what it found") {
  const Directory directory;
  const auto found = [&] { return Journal(journal_settings(directory), "store-42", {}).found(); };
  CHECK(found() == "a new journal");
  CHECK(found() == "nothing waits");
  {
    JournalCore core = open_journal(directory);
    fill(core, 1);
  }
  CHECK(found() == "1 message waits");
  {
    JournalCore core = open_journal(directory);
    fill(core, 41);
  }
  CHECK(found() == "42 messages wait");
}
