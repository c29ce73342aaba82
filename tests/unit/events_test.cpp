#include "events.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "support/journal_case.hpp"

using namespace bascule;
using namespace bascule::test;
using nlohmann::json;

namespace {

// What is in the lane of events.
std::vector<json> told(JournalCase& journal) {
  std::vector<json> events;
  journal.settle();
  journal->inspect([&](JournalCore& core) {
    const LaneId id = core.lane(Direction::up, events_lane);
    for (const BatchPtr& batch : core.read(id, 1, 1 << 20)) {
      RecordReader reader(id, batch->first, batch->chain, batch->data,
                          RecordReader::Check::lengths);
      while (const auto record = reader.next()) {
        CHECK(record->message.topic == "bascule/store-42/events");
        CHECK(record->message.qos == Qos::at_least_once);
        CHECK_FALSE(record->message.retain);
        events.push_back(json::parse(record->message.payload));
        CHECK(events.back().contains("at"));
        events.back().erase("at");
      }
    }
  });
  return events;
}

}  // namespace

TEST_CASE("events: a link that comes back says how long it was away") {
  JournalCase journal;
  Events events("bascule/store-42/events", *journal);
  events.link_up("central");
  events.link_down("central", "cut \xff");
  events.link_down("central", "refused");  // still down: no news
  events.link_up("central");
  events.link_up("site");
  const auto all = told(journal);
  REQUIRE(all.size() == 4);
  CHECK(all[0] == json{{"event", "link_up"}, {"link", "central"}});
  CHECK(all[1] ==
        json{{"event", "link_down"}, {"link", "central"}, {"reason", "cut \xef\xbf\xbd"}});
  CHECK(all[2]["down_s"].is_number_integer());
  CHECK(all[3] == json{{"event", "link_up"}, {"link", "site"}});
}

TEST_CASE("events: a loss is told with all that the ledger knows") {
  JournalCase journal;
  Events events("bascule/store-42/events", *journal);
  events.loss({3, 10, 19, 10, 5'000, "ttl", 0}, "media", Direction::down);
  events.loss({3, 20, 20, 1, 50, "superseded", 0}, "state", Direction::up);
  const auto all = told(journal);
  REQUIRE(all.size() == 1);
  CHECK(all[0] == json{{"event", "loss"},
                       {"direction", "down"},
                       {"lane", "media"},
                       {"first", 10},
                       {"last", 19},
                       {"count", 10},
                       {"bytes", 5'000},
                       {"reason", "ttl"}});
}

TEST_CASE("events: an event that is lost makes no further event") {
  LaneSettings small = lane_settings(std::string(events_lane));
  small.max_size_bytes = 1;
  small.when_full = WhenFull::drop_newest;
  JournalCase journal({small});
  Events events("bascule/store-42/events", *journal);
  journal.on_loss = [&](const Loss& loss, const std::string& lane, Direction direction) {
    events.loss(loss, lane, direction);
  };
  events.link_up("central");
  for (int i = 0; i < 10; ++i) journal.settle();
  CHECK(journal.state(std::string(events_lane)).journaled() == 1);
  journal.close();
}

TEST_CASE("events: they are not in the books of what crosses") {
  JournalCase journal;
  Events events("bascule/store-42/events", *journal);
  events.link_up("central");
  CHECK(told(journal).size() == 1);
  CHECK(journal->report().received[Direction::up] == 0);
}

TEST_CASE("events: that nothing is taken in is published at once, that it is again is journaled") {
  JournalCase journal;
  Events events("bascule/store-42/events", *journal);
  std::vector<json> published;
  events.publish_now = [&](const std::string& topic, const std::string& payload) {
    CHECK(topic == "bascule/store-42/events");
    published.push_back(json::parse(payload));
    published.back().erase("at");
  };
  events.journal({false, Direction::up, "the disk is full"});
  events.journal({false, std::nullopt, "its files are gone"});
  events.journal({true, std::nullopt, "its files are gone", 12'500});
  REQUIRE(published.size() == 2);
  CHECK(published[0] ==
        json{{"event", "journal_paused"}, {"link", "site"}, {"reason", "the disk is full"}});
  CHECK(published[1] == json{{"event", "journal_paused"}, {"reason", "its files are gone"}});
  const auto all = told(journal);
  REQUIRE(all.size() == 1);
  CHECK(all[0] ==
        json{{"event", "journal_resumed"}, {"reason", "its files are gone"}, {"paused_s", 12}});
}

TEST_CASE("events: a comparison of retained values tells what it found, or why it failed") {
  JournalCase journal;
  Events events("bascule/store-42/events", *journal);
  events.retained("central", {3, 2, 1, ""});
  events.retained("site", {0, 0, 0, "no answer"});
  const auto all = told(journal);
  REQUIRE(all.size() == 2);
  CHECK(
      all[0] ==
      json{
          {"event", "retained"}, {"link", "central"}, {"changed", 3}, {"cleared", 2}, {"kept", 1}});
  CHECK(all[1] == json{{"event", "retained"}, {"link", "site"}, {"reason", "no answer"}});
}

TEST_CASE("events: that a person pauses the way to the centre is published at once") {
  JournalCase journal;
  Events events("bascule/store-42/events", *journal);
  std::vector<std::string> at_once;
  events.publish_now = [&](const std::string&, const std::string& payload) {
    at_once.push_back(payload);
  };
  events.paused({"central", Direction::up, "", now().wall_ms, "ann"});
  events.paused({"site", Direction::up, "", now().wall_ms, "ann"});
  events.paused({"", Direction::down, "media", now().wall_ms, "ann"});
  events.resumed({"central", Direction::up, "", now().wall_ms + 5'000, "ann"}, "bob");
  REQUIRE(at_once.size() == 1);
  CHECK(json::parse(at_once[0])["link"] == "central");
  const auto all = told(journal);
  REQUIRE(all.size() == 3);
  CHECK(all[0] == json{{"event", "paused"}, {"link", "site"}, {"by", "ann"}});
  CHECK(all[1] ==
        json{{"event", "paused"}, {"lane", "media"}, {"direction", "down"}, {"by", "ann"}});
  CHECK(all[2] == json{{"event", "resumed"}, {"link", "central"}, {"by", "bob"}, {"paused_s", 0}});
}
