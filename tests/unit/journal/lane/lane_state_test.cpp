#include "journal/lane/lane_state.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

// Ten messages of 10 bytes each.
LaneState ten() {
  LaneState lane;
  lane.next = 11;
  lane.appended_bytes = 100;
  return lane;
}

}  // namespace

TEST_CASE("lane: the cursor waits for what is missing") {
  LaneState lane = ten();
  CHECK(lane.resolve(2, 3, 20, Fate::forwarded) == 2);
  CHECK(lane.cursor == 0);
  CHECK(lane.backlog() == 8);
  CHECK(lane.resolved(3));
  CHECK_FALSE(lane.resolved(1));
  CHECK(lane.resolve(1, 1, 10, Fate::expired) == 1);
  CHECK(lane.cursor == 3);
  CHECK(lane.done.empty());
  CHECK(lane.backlog_bytes() == 70);
  CHECK(lane.balanced());
}

TEST_CASE("lane: what is held is backlog, but no hole that the cursor waits for") {
  LaneState lane = ten();
  CHECK(lane.hold(1, 10, false));
  CHECK(lane.cursor == 1);
  CHECK(lane.backlog() == 10);
  CHECK(lane.backlog_bytes() == 100);
  CHECK(lane.in_order() == 9);
  CHECK(lane.balanced());
  CHECK_FALSE(lane.hold(1, 10, false));  // resolved already
  lane.release(10, Fate::forwarded);
  CHECK(lane.backlog() == 9);
  CHECK(lane.backlog_bytes() == 90);
  CHECK(lane.count(Fate::forwarded) == 1);
  CHECK(lane.balanced());
}

TEST_CASE("lane: history that is sent again and refused waits again") {
  LaneState lane = ten();
  lane.resolve(1, 2, 20, Fate::forwarded);
  CHECK(lane.hold(2, 10, true));
  CHECK(lane.count(Fate::forwarded) == 1);
  CHECK(lane.held == 1);
  CHECK(lane.balanced());
  lane.resolve(3, 10, 80, Fate::evicted);
  CHECK_FALSE(lane.held == 0);
  lane.release(10, Fate::quarantined);
  CHECK(lane.backlog() == 0);
  CHECK(lane.balanced());
}

TEST_CASE("lane: what is resolved keeps its fate") {
  LaneState lane = ten();
  lane.resolve(1, 4, 40, Fate::forwarded);
  CHECK(lane.resolve(3, 6, 40, Fate::evicted) == 2);
  CHECK(lane.count(Fate::forwarded) == 4);
  CHECK(lane.count(Fate::evicted) == 2);
  CHECK(lane.resolve(1, 6, 60, Fate::expired) == 0);
  CHECK(lane.backlog_bytes() == 40);
  CHECK(lane.balanced());
}

TEST_CASE("lane: bytes given for more than waits count by share and never below nothing") {
  LaneState lane = ten();
  lane.resolve(1, 9, 90, Fate::forwarded);
  CHECK(lane.resolve(1, 9, 90, Fate::evicted) == 0);
  LaneState half = ten();
  half.resolve(1, 5, 50, Fate::forwarded);
  CHECK(half.resolve(1, 9, 90, Fate::evicted) == 4);
  CHECK(half.backlog_bytes() == 10);
  LaneState wrong = ten();
  wrong.resolve(1, 1, 1'000, Fate::forwarded);
  CHECK(wrong.backlog_bytes() == 0);
}

TEST_CASE("lane: numbers that were not given out cannot be resolved") {
  LaneState lane = ten();
  CHECK(lane.resolve(11, 20, 100, Fate::forwarded) == 0);
  CHECK(lane.resolve(10, 20, 110, Fate::forwarded) == 1);
  CHECK(lane.resolve(5, 4, 0, Fate::forwarded) == 0);
  CHECK(lane.balanced());
}

TEST_CASE("lane: an empty backlog has no bytes") {
  LaneState lane = ten();
  lane.resolve(1, 10, 3, Fate::forwarded);
  CHECK(lane.backlog() == 0);
  CHECK(lane.backlog_bytes() == 0);
}

TEST_CASE("lane: what waits of a range is what lies between the resolved") {
  LaneState lane = ten();
  lane.resolve(1, 2, 20, Fate::forwarded);
  lane.resolve(5, 5, 10, Fate::forwarded);
  lane.resolve(8, 9, 20, Fate::forwarded);
  CHECK(lane.backlog_in(1, 20) == std::vector<SequenceRange>{{3, 4}, {6, 7}, {10, 10}});
  CHECK(lane.backlog_in(4, 6) == std::vector<SequenceRange>{{4, 4}, {6, 6}});
  CHECK(lane.backlog_in(8, 9).empty());
  CHECK(lane.backlog_in(1, 2).empty());
}

TEST_CASE("lane: books that do not balance are noticed") {
  LaneState lane = ten();
  lane.resolve(1, 4, 40, Fate::forwarded);
  CHECK(lane.balanced());
  LaneState uncounted = lane;
  ++uncounted.cursor;
  CHECK_FALSE(uncounted.balanced());
  LaneState beyond = lane;
  beyond.next = 4;
  CHECK_FALSE(beyond.balanced());
}

TEST_CASE("lane state: a row that contradicts itself is mended, and says what was wrong") {
  LaneState lane;
  lane.name = "sales";
  lane.next = 10;
  lane.cursor = 4;
  lane.count(Fate::forwarded) = 4;
  CHECK(lane.mend().empty());
  lane.done.add(3, 6);  // what is beyond the cursor begins beyond it
  lane.done.add(12, 12);
  lane.count(Fate::evicted) = 1;
  CHECK_FALSE(lane.balanced());
  CHECK(lane.mend().find("lane sales up") != std::string::npos);
  CHECK(lane.balanced());
  CHECK(lane.cursor == 6);
  CHECK(lane.done.ranges() == std::vector<SequenceRange>{{12, 12}});
  CHECK(lane.next == 13);  // no number is given twice
  CHECK(lane.count(Fate::evicted) == 1);
  CHECK(lane.count(Fate::forwarded) == 6);
  lane.count(Fate::quarantined) = 50;  // more than there are
  lane.mend();
  CHECK(lane.balanced());
}

TEST_CASE("lane: history is sent again in ranges, and what waits before it is not passed over") {
  LaneState lane;
  lane.next = 21;
  lane.resolve(1, 10, 0, Fate::forwarded);
  lane.resolve(13, 16, 0, Fate::forwarded);
  using Ranges = std::vector<SequenceRange>;
  CHECK(lane.resolved_in(9, 14) == Ranges{{9, 10}, {13, 14}});
  CHECK(lane.last_resolved() == 16);
  lane.replay({{13, 14}});
  CHECK(lane.replay_next == 11);
  CHECK(lane.replaying() == Ranges{{13, 14}});
  lane.replay({{2, 3}, {6, 6}});
  CHECK(lane.replay_next == 2);
  CHECK(lane.replay_last == 14);
  CHECK(lane.replaying() == Ranges{{2, 3}, {6, 6}, {13, 14}});
  CHECK(lane.replayed(2, 6) == 2);
  CHECK(lane.replaying() == Ranges{{6, 6}, {13, 14}});
  CHECK(lane.replayed(13, 15) == 2);  // of a round that knew of no more
  CHECK(lane.replaying() == Ranges{{6, 6}});
  CHECK(lane.replayed(1, 17) == 1);
  CHECK(lane.replay_next == 0);
  CHECK(lane.replay_skips.empty());
}
