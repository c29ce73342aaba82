// P6: what the far broker has, compared with what it once had.
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

// Ten messages in lane 1, five of them forwarded.
struct Half {
  Directory directory;
  JournalCore core = open_journal(directory);
  Half() {
    fill(core, 10);
    core.progress(told(1, 1, 5, 5 * Put().bytes()));
    core.commit();
  }

  void confirm(std::uint64_t sequence) {
    Progress progress;
    progress.lane = 1;
    progress.confirmed = sequence;
    core.progress(progress);
    core.commit();
  }

  FarKnowledge bookmark(std::uint64_t sequence, bool session = true) const {
    FarKnowledge far;
    far.readable = true;
    far.session_present = session;
    far.epoch = core.epoch();
    far.lanes["default"] = sequence;
    return far;
  }

  LanePosition position(const FarKnowledge& far) {
    const auto positions = core.positions(Direction::up, far);
    core.commit();
    for (const LanePosition& position : positions) {
      if (position.id == 1) return position;
    }
    FAIL("lane 1 has no position");
    return {};
  }

  void check_replay(const FarKnowledge& far, std::uint64_t first, std::uint64_t last) {
    const LanePosition at = position(far);
    CHECK(at.cursor == 5);
    CHECK(at.replay_next == first);
    CHECK(at.replay_last == last);
  }
};

}  // namespace

TEST_CASE("far: nothing known and nothing ever confirmed: the cursor stands") {
  Half half;
  half.check_replay({}, 0, 0);
  FarKnowledge empty;
  empty.readable = true;
  half.check_replay(empty, 0, 0);
}

TEST_CASE("far: only the lanes of the direction are told") {
  Half half;
  for (const LanePosition& at : half.core.positions(Direction::down, {})) {
    CHECK(at.direction == Direction::down);
  }
}

TEST_CASE("far: a bookmark ahead of the cursor was accepted before a crash") {
  Half half;
  const LanePosition at = half.position(half.bookmark(8));
  CHECK(at.cursor == 8);
  CHECK(at.replay_next == 0);
  CHECK(lane_of(half.core, 1).count(Fate::forwarded) == 8);
  CHECK(lane_of(half.core, 1).backlog_bytes() == 2 * Put().bytes());
  half.core.reopen();
  CHECK(lane_of(half.core, 1).cursor == 8);
}

TEST_CASE("far: a bookmark among what is done beyond the cursor keeps the bytes right") {
  Half half;
  half.core.progress(told(1, 7, 7, Put().bytes()));
  half.core.progress(told(1, 9, 10, 2 * Put().bytes()));
  CHECK(half.position(half.bookmark(8)).cursor == 10);
  CHECK(lane_of(half.core, 1).backlog_bytes() == 0);

  Half other;
  other.core.progress(told(1, 9, 10, 2 * Put().bytes()));
  const LanePosition at = other.position(other.bookmark(7));
  CHECK(at.cursor == 7);
  CHECK(lane_of(other.core, 1).backlog_bytes() == Put().bytes());
}

TEST_CASE("far: a bookmark behind what was confirmed: it is sent again from there") {
  Half half;
  half.confirm(5);
  half.check_replay(half.bookmark(5), 0, 0);
  half.check_replay(half.bookmark(2), 3, 5);
  half.check_replay(half.bookmark(2), 3, 5);  // asked again: still to be done
  half.core.reopen();
  half.check_replay(half.bookmark(2), 3, 5);
}

TEST_CASE("far: a bookmark that is behind only because it is written late means nothing") {
  Half half;
  half.confirm(3);
  half.check_replay(half.bookmark(3), 0, 0);
}

TEST_CASE("far: a confirmed bookmark that is missing or of another epoch: all is sent again") {
  Half missing;
  missing.confirm(5);
  FarKnowledge empty;
  empty.readable = true;
  empty.session_present = true;
  missing.check_replay(empty, 1, 5);

  Half other;
  other.confirm(4);
  FarKnowledge far = other.bookmark(5);
  far.epoch = "0000000000000000";
  other.check_replay(far, 1, 5);
}

TEST_CASE("far: a bookmark that cannot be read says nothing") {
  Half half;
  half.confirm(5);
  FarKnowledge unreadable = half.bookmark(1);
  unreadable.readable = false;
  half.check_replay(unreadable, 0, 0);
}

TEST_CASE("far: with the session gone, what came after the bookmark is sent again") {
  Half half;
  half.confirm(3);
  half.check_replay(half.bookmark(3, false), 4, 5);
}

TEST_CASE("far: a bookmark beyond what was ever written draws a new epoch") {
  Half half;
  half.confirm(5);
  const std::string epoch = half.core.epoch();
  const LanePosition at = half.position(half.bookmark(11));
  CHECK(half.core.epoch() != epoch);
  CHECK(at.cursor == 5);
  CHECK(at.replay_next == 0);
  CHECK(lane_of(half.core, 1).confirmed == 0);
  const Directory left = half.directory.copy();
  JournalCore after = open_journal(left);
  CHECK(after.epoch() == half.core.epoch());
  CHECK(payloads(read_backlog(after, 1)) == "fghij");
}

TEST_CASE("far: a replay goes on where it was, and ends") {
  Half half;
  half.confirm(5);
  half.check_replay(half.bookmark(0), 1, 5);
  CHECK(payloads(read_all(half.core, 1)) == "abcdefghij");
  Progress progress;
  progress.lane = 1;
  progress.replay_next = 4;
  half.core.progress(progress);
  half.core.commit();
  CHECK(half.core.report().resent == 3);
  const Directory left = half.directory.copy();
  JournalCore after = open_journal(left);
  CHECK(lane_of(after, 1).replay_next == 4);
  progress.replay_next = 6;
  after.progress(progress);
  CHECK(lane_of(after, 1).replay_next == 0);
  CHECK(lane_of(after, 1).replay_last == 0);
  CHECK(lane_of(after, 1).cursor == 5);
}

TEST_CASE("far: what is beyond the history is in the ledger, the rest is sent again") {
  Half half;
  half.confirm(5);
  half.core.store().begin();
  half.core.store().batches().erase(1, 1, 3);
  half.core.store().commit();
  half.check_replay(half.bookmark(1), 4, 5);
  const auto ledger = losses(half.core);
  REQUIRE(ledger.size() == 1);
  CHECK(ledger[0].reason == "beyond_history");
  CHECK(ledger[0].first == 2);
  CHECK(ledger[0].last == 3);
  CHECK(ledger[0].count == 2);
}
