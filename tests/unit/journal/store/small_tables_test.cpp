// Sessions, stamps, retained values, and what the journal knows of itself.
#include "journal/store/store.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("sessions: what is saved of a direction comes back, with the ids it holds") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  CHECK(store.sessions().load(Direction::up).number == 0);
  store.sessions().save(Direction::up, {7, "broker", {1, 300, 65'535}});
  store.sessions().save(Direction::down, {8, "", {}});
  const SessionRow session = store.sessions().load(Direction::up);
  CHECK(session.number == 7);
  CHECK(session.peer == "broker");
  CHECK(session.held == std::set<std::uint16_t>{1, 300, 65'535});
  CHECK(store.sessions().load(Direction::down).held.empty());
}

TEST_CASE("seen: a source's ranges are what was saved last") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  SequenceSet ranges;
  ranges.add(1, 3);
  store.seen().save("store-7/e/l", ranges);
  ranges.add(9);
  store.seen().save("store-7/e/l", ranges);
  int sources = 0;
  store.seen().each([&](std::string_view source, const SequenceSet& stored) {
    ++sources;
    CHECK(source == "store-7/e/l");
    CHECK(stored.ranges() == ranges.ranges());
  });
  CHECK(sources == 1);
}

TEST_CASE("retained: a row is of its direction, and comes back as it was") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  CHECK_FALSE(store.retained().find(Direction::up, "t"));
  RetainedRow row;
  row.target = "there";
  row.held = 0xFFFF'FFFF;
  row.crossed = 7;
  row.sets = true;
  row.expires_ms = 1'000;
  row.place = {3, 9};
  store.retained().save(Direction::up, "t", row);
  const auto stored = store.retained().find(Direction::up, "t");
  REQUIRE(stored);
  CHECK(stored->target == "there");
  CHECK(stored->held == 0xFFFF'FFFF);
  CHECK(stored->crossed == 7);
  CHECK(stored->sets);
  CHECK_FALSE(stored->clear);
  CHECK(stored->expires_ms == 1'000);
  CHECK((stored->place == LaneSequence{3, 9}));
  row.held.reset();
  row.clear = true;
  store.retained().save(Direction::up, "t", row);
  store.retained().save(Direction::up, "u", row);
  store.retained().save(Direction::down, "v", row);
  const auto topics = [&](std::string_view after, std::size_t limit) {
    std::string names;
    for (const auto& [topic, each] : store.retained().behind(Direction::up, after, limit)) {
      names += topic;
      CHECK_FALSE(each.held);
      CHECK(each.clear);
    }
    return names;
  };
  CHECK(topics("", 9) == "tu");
  CHECK(topics("", 1) == "t");
  CHECK(topics("t", 9) == "u");
  store.retained().erase(Direction::up, "t");
  CHECK_FALSE(store.retained().find(Direction::up, "t"));
  CHECK_FALSE(store.retained().find(Direction::down, "t"));
}

TEST_CASE("retained: targets that were left are of their direction") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  store.retained().save_former(Direction::up, "t", 3);
  store.retained().save_former(Direction::up, "t", 4);
  store.retained().save_former(Direction::down, "u", 5);
  CHECK(store.retained().former(Direction::up) == RetainedTable::Former{{"t", 4}});
  store.retained().erase_former(Direction::up, "t");
  CHECK(store.retained().former(Direction::up).empty());
  CHECK(store.retained().former(Direction::down).size() == 1);
}

TEST_CASE("meta: the mark of a boot is there until it is taken away") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  CHECK_FALSE(store.meta().unsynced());
  store.meta().save_unsynced("");
  CHECK(store.meta().unsynced() == "");
  store.meta().save_unsynced({});
  CHECK_FALSE(store.meta().unsynced());
}

TEST_CASE("meta: an epoch is drawn once, and anew when it is asked for") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  const std::string epoch = store.epoch();
  CHECK(epoch.size() == 16);
  CHECK(store.meta().epoch() == epoch);
  store.renew_epoch();
  CHECK(store.epoch() != epoch);
  CHECK(store.meta().epoch() == store.epoch());
  CHECK(store.meta().bridge() == "store-42");
}

TEST_CASE("meta: boots come back by their number") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  store.meta().save_boot(3, {"id", -5, true});
  const auto boots = store.meta().boots();
  REQUIRE(boots.contains(3));
  CHECK(boots.at(3).id == "id");
  CHECK(boots.at(3).offset_ms == -5);
  CHECK(boots.at(3).synchronized);
}

TEST_CASE("meta: that a broker has spoken MQTT 5 is known by client id and URL") {
  const Directory directory;
  {
    Store store(journal_settings(directory), "store-42");
    CHECK_FALSE(store.meta().has_spoken_v5("client mqtt://there"));
    store.meta().save_spoken_v5("client mqtt://there");
    store.meta().save_spoken_v3("client mqtt://elsewhere");
    CHECK(store.meta().bookmarked(Direction::up) == 0);
    store.meta().save_bookmarked(Direction::up, 7);
    CHECK(store.meta().marked(Direction::up).empty());
    store.meta().save_marked(Direction::up, "0123456789abcdef");
  }
  Store store(journal_settings(directory), "store-42");
  CHECK(store.meta().has_spoken_v5("client mqtt://there"));
  CHECK_FALSE(store.meta().has_spoken_v5("client mqtt://elsewhere"));
  CHECK(store.meta().has_spoken_v3("client mqtt://elsewhere"));
  CHECK_FALSE(store.meta().has_spoken_v3("client mqtt://there"));
  CHECK(store.meta().bookmarked(Direction::up) == 7);
  CHECK(store.meta().bookmarked(Direction::down) == 0);
  CHECK(store.meta().marked(Direction::up) == "0123456789abcdef");
  CHECK(store.meta().marked(Direction::down).empty());
  CHECK_FALSE(store.meta().has_spoken_v5("another mqtt://there"));
}

TEST_CASE("meta: what a broker forgot is kept by direction, and what an older version wrote") {
  const Directory directory;
  {
    Store store(journal_settings(directory), "store-42");
    CHECK(store.meta().forgotten(Direction::up).last_ms == 0);
    store.meta().save_forgotten(Direction::up, {3, 2, 1'000, Evidence::bookmark, 4, true});
  }
  {
    Store store(journal_settings(directory), "store-42");
    const Forgotten up = store.meta().forgotten(Direction::up);
    CHECK(up.sessions == 3);
    CHECK(up.bookmarks == 2);
    CHECK(up.last_ms == 1'000);
    CHECK(up.evidence == Evidence::bookmark);
    CHECK(up.unanswered);
    CHECK(up.silent_ends == 4);
    CHECK(store.meta().forgotten(Direction::down).sessions == 0);
  }
  sql(directory, "UPDATE meta SET value='5 4 2000' WHERE key='forgotten_up'");
  Store store(journal_settings(directory), "store-42");
  const Forgotten before = store.meta().forgotten(Direction::up);
  CHECK(before.sessions == 5);
  CHECK(before.last_ms == 2'000);
  CHECK(before.evidence == Evidence::none);
  CHECK_FALSE(before.unanswered);
  CHECK(before.silent_ends == 0);
}

TEST_CASE("subscriptions: whose session at this address may hold something still") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  const auto others = [&] { return store.subscriptions().other_clients("new", "mqtt://there"); };
  store.subscriptions().save("new mqtt://there", {{1, 1, "a/#", true, true}});
  store.subscriptions().save("old mqtt://elsewhere", {{1, 1, "a/#", true, true}});
  CHECK(others().empty());
  store.subscriptions().save("old mqtt://there", {{1, 1, "a/#", true, true}});
  CHECK(others() == std::vector<std::string>{"old"});
  store.subscriptions().save("old mqtt://there", {{1, 1, "a/#", true, false}});
  CHECK(others().empty());
}

TEST_CASE("meta: what is paused is there until it is resumed, with who said so") {
  const Directory directory;
  {
    Store store(journal_settings(directory), "store-42");
    CHECK(store.meta().pauses().empty());
    store.begin();
    store.meta().save_pause({"central", Direction::up, "", 17, "ann of the shop"});
    store.meta().save_pause({"", Direction::down, "sales", 18, ""});
    Pause timed{"site", Direction::up, "", 19, "bob"};
    timed.for_ms = 7'200'000;
    timed.boot = 3;
    timed.boottime_ms = 123'456;
    store.meta().save_pause(timed);
    store.commit();
  }
  Store store(journal_settings(directory), "store-42");
  const std::vector<Pause> pauses = store.meta().pauses();
  REQUIRE(pauses.size() == 3);
  CHECK(pauses[0].lane == "sales");
  CHECK(pauses[0].direction == Direction::down);
  CHECK(pauses[0].since_ms == 18);
  CHECK(pauses[0].by.empty());
  CHECK(pauses[1].link == "central");
  CHECK(pauses[1].by == "ann of the shop");
  CHECK(pauses[0].same_place({"", Direction::down, "sales"}));
  CHECK_FALSE(pauses[0].same_place({"", Direction::up, "sales"}));
  CHECK(pauses[1].same_place({"central"}));
  CHECK(pauses[1].for_ms == 0);
  CHECK(pauses[2].link == "site");
  CHECK(pauses[2].for_ms == 7'200'000);
  CHECK(pauses[2].boot == 3);
  CHECK(pauses[2].boottime_ms == 123'456);
  store.meta().end_pause({"central"});
  store.meta().end_pause({"site"});
  CHECK(store.meta().pauses().size() == 1);
  store.meta().save_pause({"site", Direction::up, "", 20, "ann"});
  CHECK(store.meta().pauses().back().for_ms == 0);
}
