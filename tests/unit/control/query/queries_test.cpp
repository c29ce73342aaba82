#include "control/query/queries.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "base64.hpp"
#include "support/journal_case.hpp"

using namespace bascule;
using namespace bascule::test;
using nlohmann::json;

namespace {

json ask(JournalCase& journal, const char* what, const Query::Parameters& parameters = {}) {
  json answer;
  journal->inspect(
      [&](JournalCore& core) { answer = journal_query(core, "/data", what, Query(parameters)); });
  return answer;
}

JournalCase& filled(JournalCase& journal, int messages) {
  for (int i = 1; i <= messages; ++i) journal.append("default", std::to_string(i));
  return journal;
}

}  // namespace

TEST_CASE("queries: lanes are told with what they hold") {
  JournalCase journal;
  const json answer = ask(filled(journal, 3), "/v1/lanes");
  CHECK(answer["journal"]["path"] == "/data/journal.db");
  CHECK(answer["journal"]["epoch"].get<std::string>().size() == 16);
  const json& lane = answer["lanes"][0];
  CHECK(lane["name"] == "default");
  CHECK(lane["direction"] == "up");
  CHECK(lane["first_sequence"] == 1);
  CHECK(lane["next_sequence"] == 4);
  CHECK(lane["backlog"] == 3);
  CHECK(lane["stored"] == 3);
  CHECK(lane["stored_bytes"] == lane["backlog_bytes"]);
}

TEST_CASE("queries: messages are shown from where one asks, as many as one asks for") {
  JournalCase journal;
  filled(journal, 5);
  Progress progress;
  progress.lane = journal->lane(Direction::up, "default");
  progress.parts = {{1, 2, 0, Fate::forwarded}};
  journal->progress(progress);
  const json all = ask(journal, "/v1/journal/show")["messages"];
  REQUIRE(all.size() == 5);
  CHECK(all[1]["state"] == "forwarded");
  CHECK(all[2]["state"] == "pending");
  const json some = ask(journal, "/v1/journal/show", {{"from", "2"}, {"count", "2"}})["messages"];
  REQUIRE(some.size() == 2);
  CHECK(some[0]["sequence"] == 2);
  CHECK(some[0]["payload_base64"] == to_base64("2"));
  CHECK(some[1]["sequence"] == 3);
  CHECK(ask(journal, "/v1/journal/show", {{"from", "9"}})["messages"].empty());
  CHECK(ask(journal, "/v1/journal/show", {{"direction", "down"}})["messages"].empty());
}

TEST_CASE("queries: messages are found by topic, state and time, from the front and the end") {
  JournalCase journal;
  for (int i = 1; i <= 300; ++i) {
    const std::string topic = i % 2 == 0 ? "even/" : "odd/";
    journal.append("default", {topic + std::to_string(i), "x", {}, Qos::at_least_once, false});
  }
  const LaneId id = journal->lane(Direction::up, "default");
  Progress progress;
  progress.lane = id;
  progress.parts = {
      {1, 8, 0, Fate::forwarded}, {9, 9, 10, Fate::expired}, {10, 11, 10, Fate::quarantined}};
  progress.quarantined = {{Direction::up, id, 10, "not authorized (0x87)", "even/10", "", "x", 1},
                          {Direction::up, id, 11, "not authorized (0x87)", "odd/11", "", "x", 1}};
  journal->progress(progress);
  const auto found = [&](const Query::Parameters& parameters) {
    std::vector<std::uint64_t> sequences;
    const json answer = ask(journal, "/v1/journal/show", parameters);
    for (const json& one : answer["messages"]) {
      sequences.push_back(one["sequence"]);
    }
    return sequences;
  };
  using Sequences = std::vector<std::uint64_t>;
  CHECK(found({{"topic", "even/#"}, {"count", "3"}}) == Sequences{2, 4, 6});
  CHECK(found({{"topic", "odd/+"}, {"tail", "2"}}) == Sequences{297, 299});
  CHECK(found({{"tail", "2"}, {"before", "12"}}) == Sequences{10, 11});
  CHECK(found({{"state", "quarantined"}}) == Sequences{10, 11});
  CHECK(found({{"state", "lost"}}) == Sequences{9});
  CHECK(found({{"state", "forwarded"}, {"tail", "1"}}) == Sequences{8});
  CHECK(found({{"state", "pending"}, {"count", "1"}}) == Sequences{12});
  CHECK(found({{"since_ms", "99999999999999"}}).empty());
  const json ten = ask(journal, "/v1/journal/show", {{"from", "9"}, {"count", "2"}});
  CHECK(ten["messages"][0]["state"] == "lost: expired");
  CHECK(ten["messages"][1]["state"] == "quarantined: not authorized (0x87)");
  CHECK(ten["next"] == 11);
  CHECK_FALSE(ask(journal, "/v1/journal/show", {{"tail", "5"}}).contains("next"));
  CHECK_THROWS_AS(found({{"state", "gone"}}), std::invalid_argument);
  CHECK_THROWS_AS(found({{"topic", "a/#/b"}}), std::invalid_argument);
}

TEST_CASE("queries: a message is shown with its properties, its payload cut as one asks") {
  JournalCase journal;
  const std::string properties = expiry_property(60) + user_property_block("till", "7");
  journal.append("default", {"a/b", "payload", properties, Qos::at_least_once, true});
  const json message = ask(journal, "/v1/journal/show", {{"payload_max", "3"}})["messages"][0];
  CHECK(message["topic"] == "a/b");
  CHECK(message["qos"] == 1);
  CHECK(message["retain"] == true);
  CHECK(message["bytes"] == 7);
  CHECK(message["payload_base64"] == to_base64("pay"));
  CHECK(message["properties"] == json::parse(R"([{"name":"message expiry","value":"60 s"},
                                                 {"name":"till","value":"7"}])"));
}

TEST_CASE("queries: a sound journal is verified whole") {
  JournalCase journal;
  const json answer = ask(filled(journal, 4), "/v1/journal/verify");
  CHECK(answer["checked"] == 4);
  CHECK(answer["total"] == 4);
  CHECK(answer["damaged"].empty());
  CHECK_FALSE(answer.contains("next"));
}

TEST_CASE("queries: what is wrong with a row is told with its sequences") {
  JournalCase journal;
  filled(journal, 2);
  journal->inspect([](JournalCore& core) {
    Batch bad = *core.store().batches().read(1, 2);
    core.store().batches().erase(1, 2, 2);
    bad.data.back() ^= 1;
    core.store().batches().insert(bad);
  });
  const json damaged = ask(journal, "/v1/journal/verify")["damaged"];
  REQUIRE(damaged.size() == 1);
  CHECK(damaged[0]["first"] == 2);
  CHECK(damaged[0]["last"] == 2);
  CHECK(damaged[0]["what"] == "checksum");
}

TEST_CASE("queries: losses and what is quarantined are listed") {
  JournalCase journal;
  filled(journal, 2);
  const LaneId id = journal->lane(Direction::up, "default");
  Progress progress;
  progress.lane = id;
  progress.parts = {{1, 1, 10, Fate::expired}, {2, 2, 10, Fate::quarantined}};
  progress.quarantined = {{Direction::up, id, 2, "refused", "t", "", "\xff\x01", 2}};
  journal->progress(progress);
  const json ledger = ask(journal, "/v1/journal/losses");
  CHECK(ledger["quarantined"]["messages"] == 1);
  const json losses = ledger["losses"];
  REQUIRE(losses.size() == 1);
  CHECK(losses[0]["lane"] == "default");
  CHECK(losses[0]["reason"] == "expired");
  CHECK(losses[0]["count"] == 1);
  const json aside = ask(journal, "/v1/journal/quarantine")["messages"];
  REQUIRE(aside.size() == 1);
  CHECK(aside[0]["sequence"] == 2);
  CHECK(aside[0]["lane"] == "default");
  CHECK(aside[0]["payload_base64"] == to_base64("\xff\x01"));
  const json shown = ask(journal, "/v1/journal/show")["messages"];
  CHECK(shown[1]["state"] == "quarantined: refused");
}

TEST_CASE("queries: a wrong question is named as such") {
  TemporaryDirectory directory;
  JournalSettings settings;
  settings.data_dir = directory.path;
  JournalCore core(settings, "store-42", {});
  const auto question = [&](const char* what, const Query::Parameters& parameters = {}) {
    return journal_query(core, "/data", what, Query(parameters));
  };
  CHECK_THROWS_AS(question("/v1/nothing"), std::invalid_argument);
  CHECK_THROWS_AS(question("/v1/journal/show", {{"lane", "none"}}), std::invalid_argument);
  CHECK_THROWS_AS(question("/v1/journal/show", {{"direction", "left"}}), std::invalid_argument);
  for (const char* after : {"", "x", "x:1", "1:x", "0:1", "99999999999999999999:1"}) {
    CAPTURE(after);
    CHECK_THROWS_AS(question("/v1/journal/verify", {{"after", after}}), std::invalid_argument);
  }
}

TEST_CASE("queries: without a daemon the file answers, unless another holds it or none is there") {
  TemporaryDirectory directory;
  BridgeConfig config;
  config.id = "store-42";
  config.data_dir = config.journal.data_dir = directory.path;
  CHECK_THROWS_AS(offline_query(config, "/v1/lanes", {}), std::runtime_error);
  {
    Journal journal(config.journal, config.id, {});
    CHECK_THROWS_AS(offline_query(config, "/v1/lanes", {}), std::runtime_error);
  }
  CHECK(offline_query(config, "/v1/lanes", {})["lanes"].size() == 3);
}
