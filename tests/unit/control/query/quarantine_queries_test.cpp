#include "control/query/quarantine_queries.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "support/journal_case.hpp"

using namespace bascule;
using namespace bascule::test;
using nlohmann::json;

namespace {

constexpr auto requeue = quarantine_changes[0], drop = quarantine_changes[1];

// `count` quarantined messages of the lane, to t/1, t/2, …
void fill(JournalCase& journal, int count, const std::string& reason) {
  Progress progress;
  progress.lane = journal->lane(Direction::up, "default");
  for (int i = 1; i <= count; ++i) {
    const std::string topic = "t/" + std::to_string(i);
    REQUIRE(journal.append("default", {topic, topic, {}, Qos::at_least_once, false}) ==
            AppendResult::stored);
    const std::uint64_t sequence = journal.state("default").next - 1;
    progress.parts.push_back({sequence, sequence, 30, Fate::quarantined});
    progress.quarantined.push_back(quarantine_entry(Direction::up, {progress.lane, sequence},
                                                    {topic, topic, {}, Qos::at_least_once, false},
                                                    reason));
  }
  journal->progress(progress);
}

json ask(JournalCase& journal, const Query::Parameters& parameters) {
  json answer;
  journal->inspect([&](JournalCore& core) { answer = quarantine_answer(core, Query(parameters)); });
  return answer;
}

json change(JournalCase& journal, const char* what, const Query::Parameters& parameters) {
  json answer;
  journal->change(
      [&](JournalCore& core) { answer = quarantine_change(core, what, Query(parameters)); });
  return answer;
}

}  // namespace

TEST_CASE("quarantine queries: filters narrow what is listed, newest first") {
  JournalCase journal;
  fill(journal, 3, "packet too large (0x95)");
  fill(journal, 2, "payload format invalid (0x99)");
  const json all = ask(journal, {})["messages"];
  REQUIRE(all.size() == 5);
  CHECK(all[0]["number"] == 5);
  CHECK(all[4]["number"] == 1);
  CHECK(ask(journal, {{"reason", "0x95"}})["messages"].size() == 3);
  CHECK(ask(journal, {{"topic", "t/1"}})["messages"].size() == 2);
  CHECK(ask(journal, {{"lane", "sales"}})["messages"].empty());
  CHECK(ask(journal, {{"direction", "down"}})["messages"].empty());
  const json one = ask(journal, {{"number", "2"}})["messages"];
  REQUIRE(one.size() == 1);
  CHECK(one[0]["topic"] == "t/2");
  CHECK(one[0]["kept_bytes"] == one[0]["bytes"]);
  CHECK_THROWS_AS(ask(journal, {{"direction", "left"}}), std::invalid_argument);
  CHECK_THROWS_AS(ask(journal, {{"topic", "a/#/b"}}), std::invalid_argument);
}

TEST_CASE("quarantine queries: what does not fit into one answer goes on from where it ended") {
  JournalCase journal;
  fill(journal, 5, "no");
  json page = ask(journal, {{"count", "3"}});
  REQUIRE(page["messages"].size() == 3);
  REQUIRE(page.contains("next"));
  page = ask(journal, {{"count", "3"}, {"before", page["next"].dump()}});
  CHECK(page["messages"].size() == 2);
  CHECK_FALSE(page.contains("next"));
  CHECK(page["total"]["messages"] == 5);
}

TEST_CASE("quarantine queries: requeue and drop take what the filter says, oldest first") {
  JournalCase journal;
  fill(journal, 4, "no");
  CHECK(change(journal, drop, {{"topic", "t/2"}})["done"] == 1);
  CHECK(change(journal, requeue, {{"all", "1"}})["done"] == 3);
  CHECK(ask(journal, {})["messages"].empty());
  const LaneState lane = journal.state("default");
  CHECK(lane.next == 8);
  CHECK(lane.backlog() == 3);
  CHECK(journal.losses().size() == 1);
  CHECK_THROWS_AS(change(journal, requeue, {}), std::invalid_argument);
  CHECK_THROWS_AS(change(journal, requeue, {{"number", "1"}}), std::invalid_argument);
}

TEST_CASE("quarantine queries: many are changed a portion at a time, up to what was there") {
  JournalCase journal;
  fill(journal, 150, "no");
  const json first = change(journal, requeue, {{"all", "1"}});
  CHECK(first["done"] == 100);
  REQUIRE(first.contains("next"));
  fill(journal, 1, "no");  // came meanwhile
  const json second = change(journal, requeue,
                             {{"all", "1"},
                              {"after", first["next"]["after"].dump()},
                              {"until", first["next"]["until"].dump()}});
  CHECK(second["done"] == 50);
  CHECK_FALSE(second.contains("next"));
  CHECK(ask(journal, {})["messages"].size() == 1);
}

TEST_CASE("quarantine queries: what never got a lane can only be dropped") {
  JournalCase journal;
  AppendGroup group;
  group.received = 1;
  group.tally.refused = 1;
  const std::string large(100'000, 'x');
  group.quarantined.push_back(quarantine_entry(
      Direction::up, {}, {"t", large, {}, Qos::at_least_once, false}, "too large"));
  journal->append(std::move(group), [](AppendResult) {});
  journal.settle();
  const json one = ask(journal, {})["messages"][0];
  CHECK(one["lane"] == "");
  CHECK(one["kept_bytes"] == 64 << 10);
  const json tried = change(journal, requeue, {{"all", "1"}});
  CHECK(tried["done"] == 0);
  CHECK(tried["skipped"].size() == 1);
  CHECK(change(journal, drop, {{"all", "1"}})["done"] == 1);
  CHECK(journal.losses().size() == 1);
}
