#include "control/query/replay_query.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <vector>

#include "control/query/carry_query.hpp"
#include "control/query/queries.hpp"
#include "support/journal_case.hpp"

using namespace bascule;
using namespace bascule::test;
using nlohmann::json;

namespace {

json crossed_of(JournalCase& journal, const Query::Parameters& parameters = {}) {
  json answer;
  journal->inspect([&](JournalCore& core) {
    answer = journal_query(core, "/data", crossed_question, Query(parameters));
  });
  return answer;
}

}  // namespace

TEST_CASE("replay: what has crossed is found by sequence, topic and time, and nothing else") {
  JournalCase journal;
  for (int i = 1; i <= 12; ++i) {
    const std::string topic = i % 2 == 0 ? "even/" : "odd/";
    journal.append("default", {topic + std::to_string(i), "x", {}, Qos::at_least_once, false});
  }
  CHECK(crossed_of(journal)["messages"] == 0);
  const LaneId id = journal->lane(Direction::up, "default");
  Progress progress;
  progress.lane = id;
  progress.parts = {
      {1, 8, 0, Fate::forwarded}, {9, 9, 10, Fate::expired}, {10, 10, 10, Fate::quarantined}};
  progress.quarantined = {{Direction::up, id, 10, "not authorized (0x87)", "even/10", "", "x", 1}};
  journal->progress(progress);

  const json all = crossed_of(journal);
  CHECK(all["ranges"] == json::array({{1, 8}}));
  CHECK(all["messages"] == 8);
  CHECK(all["first_stored"] == 1);
  CHECK(all["last"] == 10);
  CHECK(crossed_of(journal, {{"from", "3"}, {"to", "5"}})["ranges"] == json::array({{3, 5}}));
  CHECK(crossed_of(journal, {{"topic", "even/+"}, {"from", "4"}})["ranges"] ==
        json::array({{4, 4}, {6, 6}, {8, 8}}));
  const auto at_ms = std::to_string(all["first_stored_ms"].get<std::int64_t>());
  CHECK(crossed_of(journal, {{"until_ms", at_ms}})["messages"] >= 1);
  CHECK(crossed_of(journal, {{"until_ms", "1"}})["messages"] == 0);
  CHECK(crossed_of(journal, {{"since_ms", "9000000000000"}})["messages"] == 0);
}

TEST_CASE("replay: a lane that is not there is refused, with the one that was meant") {
  JournalCase journal;
  const auto refuse = [&](const char* lane) { return crossed_of(journal, {{"lane", lane}}); };
  CHECK_THROWS_WITH_AS(refuse("defalt"), "no lane 'defalt' goes up; did you mean 'default'?",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(refuse("zzz"), "no lane 'zzz' goes up; 'bascule journal list' names them",
                       std::invalid_argument);
  CHECK_THROWS_AS(crossed_of(journal, {{"topic", "a/#/b"}}), std::invalid_argument);
}

namespace {

json carry_of(JournalCase& journal, const Query::Parameters& parameters = {}) {
  json answer;
  journal->inspect([&](JournalCore& core) {
    answer = journal_query(core, "/data", carry_question, Query(parameters));
  });
  return answer;
}

}  // namespace

TEST_CASE("carry: all behind the bookmark that was confirmed, without what is given up") {
  JournalCase journal;
  for (int i = 1; i <= 9; ++i) journal.append("default", std::to_string(i));
  const LaneId id = journal->lane(Direction::up, "default");
  Progress progress;
  progress.lane = id;
  progress.parts = {{1, 4, 0, Fate::forwarded}, {5, 5, 10, Fate::quarantined}};
  progress.quarantined = {{Direction::up, id, 5, "not authorized (0x87)", "t", "", "x", 1}};
  progress.confirmed = 2;
  journal->progress(progress);

  const json lane = carry_of(journal);
  CHECK(lane["first"] == 3);
  CHECK(lane["last"] == 9);
  CHECK(lane["cursor"] == 5);
  CHECK(carry_of(journal, {{"history", "1"}})["first"] == 1);
  std::vector<std::uint64_t> sequences;
  const json part = carry_of(journal, {{"from", "3"}, {"to", "9"}});
  for (const json& one : part["messages"]) sequences.push_back(one["sequence"]);
  CHECK(sequences == std::vector<std::uint64_t>{3, 4, 6, 7, 8, 9});
  CHECK_FALSE(part.contains("next"));
  CHECK_THROWS_AS(carry_of(journal, {{"direction", "down"}}), std::invalid_argument);
}

TEST_CASE("carry: a lane names those of which something comes before what waits in it") {
  JournalCase journal({lane_settings("slow"), lane_settings("fast")});
  const LaneId slow = journal->lane(Direction::up, "slow");
  const LaneId fast = journal->lane(Direction::up, "fast");
  journal.append("slow", "1");
  journal->inspect([&](JournalCore& core) { core.put_behind(fast, slow); });
  CHECK(carry_of(journal, {{"lane", "fast"}})["behind"].empty());  // nothing waits in it
  journal.append("fast", "2");
  CHECK(carry_of(journal, {{"lane", "fast"}})["behind"] == json::array({"slow"}));
  CHECK(carry_of(journal, {{"lane", "slow"}})["behind"].empty());
  const json part = carry_of(journal, {{"lane", "fast"}, {"from", "1"}});
  CHECK(part["messages"][0].contains("age_ms"));

  Progress progress;
  progress.lane = slow;
  progress.parts = {{1, 1, 0, Fate::forwarded}};
  journal->progress(progress);
  CHECK(carry_of(journal, {{"lane", "fast"}})["behind"].empty());
}
