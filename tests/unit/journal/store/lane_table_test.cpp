#include "journal/store/store.hpp"
#include "support/journal_probe.hpp"
#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("lanes: a row is what was saved of its state") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  const LaneId id = store.lanes().add(Direction::down, "sales");
  LaneState lane = store.lanes().load().at(id - 1U);
  CHECK(lane.direction == Direction::down);
  CHECK(lane.name == "sales");
  CHECK(lane.next == 1);
  lane.next = 30;
  lane.resolve(1, 4, 0, Fate::forwarded);
  lane.resolve(7, 8, 0, Fate::evicted);
  lane.confirmed = 3;
  lane.replay_next = 2;
  lane.replay_last = 4;
  lane.claims.add({9, 60'000, true});
  lane.answered.add(2, 3);
  lane.crossed.note(1, 1'000, 4, 0);
  REQUIRE(lane.dirty);
  store.lanes().save(lane);
  CHECK_FALSE(lane.dirty);
  const LaneState saved = store.lanes().load().at(id - 1U);
  CHECK(saved.next == 30);
  CHECK(saved.cursor == 4);
  CHECK(saved.done.ranges() == std::vector<SequenceRange>{{7, 8}});
  CHECK(saved.count(Fate::forwarded) == 4);
  CHECK(saved.count(Fate::evicted) == 2);
  CHECK(saved.confirmed == 3);
  CHECK(saved.replay_next == 2);
  CHECK(saved.replay_last == 4);
  CHECK(saved.claims.find(9)->packet_id == 60'000);
  CHECK(saved.claims.find(9)->received);
  CHECK(saved.answered.contains(3));
  CHECK(saved.crossed.encode() == lane.crossed.encode());
}

TEST_CASE("lanes: a direction's tally is its own") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  store.lanes().save_tally(Direction::up, {1, 2, 3, 4});
  const Tally tally = store.lanes().tally(Direction::up);
  CHECK(tally.unrouted == 1);
  CHECK(tally.repeats == 2);
  CHECK(tally.refused == 3);
  CHECK(tally.emitted == 4);
  CHECK(store.lanes().tally(Direction::down).repeats == 0);
}

TEST_CASE("lanes: however many ranges are resolved beyond the cursor, they are what was saved") {
  check_property("lanes: resolved, saved and loaded", [] {
    const Directory directory;
    Store store(journal_settings(directory), "store-42");
    const LaneId id = store.lanes().add(Direction::up, "state");
    LaneState lane = store.lanes().load().at(id - 1U);
    lane.next = 10'000;
    for (int saves = 0; saves < 20; ++saves) {
      for (int i = *rc::gen::inRange(0, 60); i > 0; --i) {
        const auto first = *rc::gen::inRange<std::uint64_t>(1, 9'990);
        // Once in a while whole blocks of the table.
        const std::uint64_t most = *rc::gen::inRange(0, 20) == 0 ? 3'000 : 4;
        lane.resolve(first, first + *rc::gen::inRange<std::uint64_t>(0, most), 0, Fate::evicted);
      }
      if (*rc::gen::inRange(0, 4) == 0) lane.resolve(1, lane.cursor + 400, 0, Fate::forwarded);
      store.lanes().save(lane);
      if (*rc::gen::inRange(0, 3) > 0) continue;
      const LaneState saved = store.lanes().load().at(id - 1U);
      RC_ASSERT(saved.cursor == lane.cursor);
      RC_ASSERT(saved.done.ranges() == lane.done.ranges());
      RC_ASSERT(saved.balanced());
      lane = saved;
    }
  });
}
