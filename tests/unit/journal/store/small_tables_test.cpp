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

TEST_CASE("retained: a topic's digest is of its direction") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  CHECK_FALSE(store.retained().digest(Direction::up, "t"));
  store.retained().save(Direction::up, "t", 0xFFFF'FFFF);
  CHECK(store.retained().digest(Direction::up, "t") == 0xFFFF'FFFF);
  CHECK_FALSE(store.retained().digest(Direction::down, "t"));
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
