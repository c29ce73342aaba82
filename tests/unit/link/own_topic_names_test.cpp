#include "link/own_topic_names.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("own topic names: without settings they lie under the id of the bridge") {
  const OwnTopicNames own("store.42");
  CHECK(own.prefix() == "bascule/store~42/");
  CHECK(own.state() == "bascule/store~42/state");
  CHECK(own.events() == "bascule/store~42/events");
  CHECK(own.summary() == "bascule/store~42/summary");
  CHECK(own.bookmark(Direction::up) == "bascule/store~42/bookmark/up");
  CHECK(own.bookmark(Direction::down) == "bascule/store~42/bookmark/down");
  CHECK(own.mark() == "bascule/store~42/bookmark/retained");
  CHECK(own.will());
  CHECK(own.cost().empty());
  CHECK(own.has("bascule/store~42/anything"));
  CHECK_FALSE(own.has("bascule/store~421/state"));
}

TEST_CASE("own topic names: each is below the prefix, on a topic of its own, or off") {
  OwnTopics settings;
  settings.prefix = "devices/42";
  settings.state.topic = "alive/42";
  settings.bookmark.topic = "marks/42";
  settings.events.on = false;
  const OwnTopicNames own("store-42", settings);
  CHECK(own.state() == "alive/42");
  CHECK(own.bookmark(Direction::up) == "marks/42");
  CHECK(own.bookmark(Direction::down) == "marks/42");
  CHECK(own.mark() == "marks/42/retained");
  CHECK(own.events().empty());
  CHECK(own.summary() == "devices/42/summary");
}

TEST_CASE("own topic names: what it says there, or has said, is its own, and nothing beside it") {
  OwnTopics settings;
  settings.prefix = "devices/42";
  settings.state.topic = "alive/42";
  settings.bookmark.on = settings.events.on = false;
  const OwnTopicNames own("store-42", settings);
  for (const char* topic :
       {"alive/42", "devices/42/summary", "devices/42/bookmark/up", "devices/42/bookmark/down",
        "devices/42/bookmark/retained", "devices/42/events", "devices/42/doctor/site",
        "bascule/store-42/state", "bascule/store-42/bookmark/up"}) {
    CAPTURE(topic);
    CHECK(own.has(topic));
  }
  for (const char* topic : {"devices/42/temperature", "devices/42", "alive/42/more", "alive",
                            "devices/42/doctors", "devices/421/summary"}) {
    CAPTURE(topic);
    CHECK_FALSE(own.has(topic));
  }
}

TEST_CASE("own topic names: where nothing is retained there is no bookmark, and it says so") {
  const OwnTopicNames own("store-42", {}, false);
  CHECK(own.bookmark(Direction::up).empty());
  CHECK(own.mark().empty());
  CHECK_FALSE(own.state().empty());
  CHECK(own.cost().starts_with("'retain: off' leaves no bookmark here"));
  CHECK(own.has("bascule/store-42/bookmark/up"));
}

TEST_CASE("own topic names: a state that is off has no will either") {
  OwnTopics settings;
  settings.state.on = false;
  CHECK_FALSE(OwnTopicNames("store-42", settings).will());
}
