#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "control/query/history_query.hpp"
#include "history/block.hpp"
#include "history/recorder.hpp"
#include "support/journal_case.hpp"
#include "text/time.hpp"

using namespace bascule;
using nlohmann::json;

namespace {

using State = LinkStatus::State;
constexpr std::int64_t minute_ms = 60'000, hour_ms = 60 * minute_ms, day_ms = 24 * hour_ms;

// A journal with its recorder, on a clock of their own.
struct Recorded {
  Recorded() {
    settings.data_dir = directory.path;
    settings.min_free_bytes = 0;
    open("one");
  }

  void open(const std::string& boot) {
    core.reset();
    settings.boot = boot;
    core = std::make_unique<JournalCore>(settings, "store-42", std::vector<LaneSettings>{});
    recorder = {};
    lane = core->lane(Direction::up, "default");
  }
  Now at() const { return {.boottime_ms = ms, .wall_ms = wall(), .synchronized = true}; }
  // As the journal places this moment.
  std::int64_t wall() const { return core->timeline().wall_ms(core->timeline().current(), ms); }
  void look() {
    recorder.look(*core, links, at(), round_trips);
    if (core->must_commit()) core->commit();
  }
  void pass(std::int64_t for_ms, std::int64_t each_ms = 20'000) {
    for (const std::int64_t end = ms + for_ms; ms < end;) {
      ms += each_ms;
      look();
    }
  }
  void append(int count) {
    AppendGroup group;
    for (int n = 0; n < count; ++n) {
      const std::size_t begin = group.bytes.size();
      encode_record({"t", "x", {}, Qos::at_least_once, false}, {}, false, group.bytes);
      group.entries.push_back({lane, begin, group.bytes.size() - begin});
    }
    group.received = static_cast<std::uint64_t>(count);
    REQUIRE(core->append(group) == AppendResult::stored);
  }
  std::vector<HistoryRow> rows() { return core->store().history().rows(0, 10'000); }
  std::size_t bytes() {
    std::size_t bytes = 0;
    for (const HistoryRow& row : rows()) bytes += row.data.size();
    return bytes;
  }
  json answer(std::int64_t since_ms, std::int64_t until_ms, int points) {
    Query query;
    query.set("since", time_text(since_ms)).set("until", time_text(until_ms));
    query.set("points", std::to_string(points));
    return history_answer(*core, recorder, query, at());
  }
  json lane_answer(std::int64_t since_ms, std::int64_t until_ms, int points) {
    return answer(since_ms, until_ms, points)["lanes"]["up/default"];
  }

  test::TemporaryDirectory directory;
  JournalSettings settings;
  std::unique_ptr<JournalCore> core;
  HistoryRecorder recorder;
  LinkStates links{State::up, State::up};
  RoundTrips round_trips{};
  LaneId lane = 0;
  std::int64_t ms = 1'000'000;
};

}  // namespace

TEST_CASE("history: a block is what it was, and what is damaged is none") {
  HistoryBlock block;
  block.length_ms = 299'000;
  block.changes = {{0, 0, State::up}, {0, 1, State::down}, {130'000, 1, State::slow}};
  block.samples = {{}, {{1, {5, 4, 3, 2, 1}}, {300, {1'000'000, 0, 0, 0, 90'000}}}};
  block.round_trips = {{400, 0}, {500, 3'000'000}};
  const std::string data = encode(block);
  CHECK(decode_block(data) == block);
  for (std::size_t size = 0; size < data.size(); ++size) {
    CHECK_FALSE(decode_block(std::string_view(data).substr(0, size)));
  }
  CHECK_FALSE(decode_block('\x03' + data.substr(1)));
  CHECK_FALSE(decode_block(std::string("\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11)));
  HistoryBlock zeros = block;
  zeros.samples[0][7] = {};
  CHECK(decode_block(encode(zeros)) == block);
}

TEST_CASE("history: an idle bridge writes a row in five minutes, and what it has is told before") {
  Recorded bridge;
  bridge.look();
  const std::int64_t from = bridge.wall();
  const std::uint64_t commits = bridge.core->commits();
  bridge.pass(4 * minute_ms + 40'000);
  CHECK(bridge.rows().empty());
  CHECK(bridge.core->commits() == commits);
  const json told = bridge.lane_answer(from, from + 4 * minute_ms, 4);
  CHECK(told["pending"] == json{0, 0, 0, 0});
  bridge.pass(5 * minute_ms);
  CHECK(bridge.rows().size() == 1);
  bridge.pass(hour_ms);
  CHECK(bridge.rows().size() == 13);
  CHECK(bridge.core->commits() - commits == 13);
}

TEST_CASE("history: what comes is counted in its minute, what waits is what there was") {
  Recorded bridge;
  bridge.look();
  const std::int64_t from = bridge.wall();
  bridge.pass(minute_ms);
  bridge.append(3);
  bridge.pass(2 * minute_ms);
  bridge.append(2);
  bridge.pass(3 * minute_ms);
  const json lane = bridge.lane_answer(from, from + 6 * minute_ms, 6);
  CHECK(lane["received"] == json{0, 3, 0, 2, 0, 0});
  CHECK(lane["pending"] == json{0, 3, 3, 5, 5, 5});
  CHECK(bridge.lane_answer(from, from + 6 * minute_ms, 3)["received"] == json{3, 2, 0});
  CHECK(bridge.lane_answer(from, from + 6 * minute_ms, 3)["pending"] == json{3, 5, 5});
  CHECK(bridge.answer(from, from + 6 * minute_ms, 3)["step"] == 120);
  CHECK(bridge.lane_answer(from - minute_ms, from + minute_ms, 2)["pending"] == json{nullptr, 0});
}

TEST_CASE("history: a restart costs what was not written; in between nothing is known") {
  Recorded bridge;
  bridge.look();
  const std::int64_t from = bridge.wall();
  bridge.append(1);
  bridge.pass(5 * minute_ms);
  bridge.append(1);
  bridge.pass(2 * minute_ms);
  SUBCASE("killed") {
    bridge.open("one");
    bridge.ms += 3 * minute_ms;
    bridge.pass(6 * minute_ms);
    const json lane = bridge.lane_answer(from, from + 10 * minute_ms, 10);
    CHECK(lane["received"] == json{1, 0, 0, 0, 0, nullptr, nullptr, nullptr, nullptr, nullptr});
  }
  SUBCASE("stopped in order, with the beginning of a row") {
    bridge.recorder.close(*bridge.core, bridge.at());
    bridge.core->commit();
    bridge.open("one");
    bridge.ms += 3 * minute_ms;
    bridge.pass(6 * minute_ms);
    const json lane = bridge.lane_answer(from, from + 10 * minute_ms, 10);
    CHECK(lane["received"] == json{1, 0, 0, 0, 0, 1, 0, nullptr, nullptr, nullptr});
    const json links = bridge.answer(from, from + 10 * minute_ms, 10)["links"];
    REQUIRE(links["site"].size() == 1);
    CHECK(links["site"][0]["until"] == time_text(from + 7 * minute_ms));
  }
}

TEST_CASE("history: a link has a stretch for each state, also over rows") {
  Recorded bridge;
  bridge.look();
  const std::int64_t from = bridge.wall();
  bridge.pass(2 * minute_ms);
  bridge.links[1] = State::down;
  bridge.pass(9 * minute_ms);
  bridge.links[1] = State::up;
  bridge.pass(2 * minute_ms);
  const json links = bridge.answer(from, bridge.wall(), 10)["links"];
  REQUIRE(links["central"].size() == 3);
  CHECK(links["central"][1]["state"] == "down");
  const auto time = [&](const char* name) {
    return parse_time(links["central"][1][name].get<std::string>()).value_or(0);
  };
  CHECK(time("from") == from + 2 * minute_ms + 20'000);
  CHECK(time("until") == from + 11 * minute_ms + 20'000);
  CHECK(links["site"].size() == 1);
}

TEST_CASE("history: a block of an earlier build has no round trips, and is joined all the same") {
  HistoryBlock block;
  block.length_ms = 60'000;
  block.samples = {{{1, {5, 4, 3, 2, 1}}}};
  std::string data = encode(block);
  REQUIRE(data.back() == 0);  // no round trips
  data.pop_back();
  data[0] = 1;
  CHECK(decode_block(data) == block);
  HistoryBlock next = block;
  next.round_trips = {{7, 8}};
  append(block, next);
  CHECK(block.round_trips == std::vector<RoundTrips>{{0, 0}, {7, 8}});
  CHECK(thinned(block, 2).round_trips == std::vector<RoundTrips>{{7, 8}});
}

TEST_CASE("history: of round trips the longest are told, and nothing where there was none") {
  Recorded bridge;
  bridge.look();
  const std::int64_t from = bridge.wall();
  bridge.round_trips = {1'500, 0};
  bridge.pass(minute_ms);
  bridge.round_trips = {400, 90'000};
  bridge.pass(minute_ms);
  bridge.round_trips = {};
  bridge.pass(4 * minute_ms);
  const json trips = bridge.answer(from, from + 4 * minute_ms, 4)["round_trips"];
  CHECK(trips["site"] == json{1.5, 0.4, nullptr, nullptr});
  CHECK(trips["central"] == json{nullptr, 90.0, nullptr, nullptr});
  const json thin = bridge.answer(from, from + 4 * minute_ms, 2)["round_trips"];
  CHECK(thin["site"] == json{1.5, nullptr});
}

TEST_CASE("history: a hub has one link") {
  Recorded bridge;
  bridge.links[1] = {};
  bridge.look();
  bridge.pass(6 * minute_ms);
  CHECK(bridge.answer(bridge.wall() - hour_ms, bridge.wall(), 10)["links"].size() == 1);
}

TEST_CASE("history: a machine that slept has no samples of that time") {
  Recorded bridge;
  bridge.look();
  const std::int64_t from = bridge.wall();
  bridge.append(1);
  bridge.pass(3 * minute_ms);
  bridge.ms += hour_ms;
  bridge.append(1);
  bridge.look();
  bridge.pass(6 * minute_ms);
  const json lane = bridge.lane_answer(from, from + 70 * minute_ms, 7);
  CHECK(lane["received"] == json{1, nullptr, nullptr, nullptr, nullptr, nullptr, 0});
}

TEST_CASE("history: of another boot it is where the wall clock says, once that is known") {
  Recorded bridge;
  bridge.look();
  const std::int64_t from = bridge.wall();
  bridge.append(4);
  bridge.pass(5 * minute_ms);
  bridge.open("two");
  bridge.ms += 30 * minute_ms;
  bridge.look();
  bridge.pass(5 * minute_ms);
  const json lane = bridge.lane_answer(from, from + 40 * minute_ms, 8);
  CHECK(lane["received"] == json{4, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0});
  CHECK(bridge.rows()[0].boot != bridge.rows()[1].boot);
}

TEST_CASE("history: after a day it is thinned, after two weeks forgotten, and always bounded") {
  Recorded bridge;
  bridge.look();
  const std::int64_t from = bridge.wall();
  for (int hour = 0; hour < 30; ++hour) {
    bridge.append(6);
    bridge.pass(hour_ms, minute_ms);
  }
  std::int64_t thin = 0;
  for (const HistoryRow& row : bridge.rows()) thin += row.step_s == 600 ? 1 : 0;
  CHECK(thin >= 5);
  CHECK(thin <= 7);
  CHECK(bridge.rows().size() < 12 * 26);
  const json hours = bridge.lane_answer(from, from + 30 * hour_ms, 30);
  for (int hour = 0; hour < 30; ++hour) {
    CHECK(hours["received"][hour] == 6);
    CHECK(hours["pending"][hour] == 6 * (hour + 1));
  }
  CHECK(bridge.answer(from, from + hour_ms, 60)["step"] == 600);
  CHECK(bridge.answer(from, from + 30 * hour_ms, 30)["links"]["central"].size() == 1);
  bridge.pass(16 * day_ms, minute_ms);
  const auto rows = bridge.rows();
  CHECK(rows.front().from_ms >= bridge.ms - 14 * day_ms - 2 * hour_ms);
  CHECK(rows.size() < 14 * 24 + 12 * 27);
  CHECK(bridge.bytes() < 100'000);
}

TEST_CASE("history: rows that are too many bytes go, the oldest first") {
  Recorded bridge;
  for (int n = 0; n < 60; ++n) {
    bridge.core->change().history().save(
        {n + 1, bridge.core->timeline().current(), n, 60, std::string(100 << 10, 'x')});
  }
  bridge.core->commit();
  bridge.look();
  bridge.pass(6 * minute_ms);
  CHECK(bridge.bytes() <= HistoryRecorder::bytes_max);
  CHECK(bridge.rows().front().from_ms == 60 - 40);
  // What is no block is passed by.
  CHECK(bridge.answer(bridge.wall() - hour_ms, bridge.wall(), 10)["lanes"].size() > 0);
}

TEST_CASE("history: a line that flaps costs a bounded number of changes") {
  Recorded bridge;
  bridge.look();
  for (int n = 0; n < 400; ++n) {
    bridge.links[1] = n % 2 == 0 ? State::down : State::up;
    bridge.pass(1'000, 1'000);
  }
  const auto block = decode_block(bridge.rows().at(0).data);
  REQUIRE(block);
  CHECK(block->changes.size() == HistoryBlock::changes_max);
}

TEST_CASE("history: a question that is wrong says so") {
  Recorded bridge;
  CHECK_THROWS_AS(bridge.answer(bridge.wall(), bridge.wall(), 10), std::invalid_argument);
  Query query;
  query.set("since", "yesterday");
  CHECK_THROWS_AS(history_answer(*bridge.core, bridge.recorder, query, bridge.at()),
                  std::invalid_argument);
  CHECK(bridge
            .answer(bridge.wall() - 14 * day_ms, bridge.wall(),
                    1'000'000)["lanes"]["up/default"]["pending"]
            .size() <= 2'000);
}
