// A lane waits for another where a route was moved between them.
#include "journal/backlog/lane_order.hpp"

#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

void forward(JournalCore& core, LaneId lane, std::uint64_t last) {
  const LaneState& state = lane_of(core, lane);
  core.progress(told(lane, state.cursor + 1, last, 0));
}

}  // namespace

TEST_CASE("lane order: what comes after the change waits for what waited before it") {
  const Directory directory;
  LaneId slow = 0, fast = 0;
  {
    JournalCore core = open_journal(directory, {lane_settings("slow"), lane_settings("fast")});
    slow = core.lane(Direction::up, "slow");
    fast = core.lane(Direction::up, "fast");
    fill(core, 2, fast);
    fill(core, 3, slow);
    core.put_behind(fast, slow);
    fill(core, 2, fast);
    fill(core, 1, slow);
    CHECK(read_all(core, fast).size() == 2);
    CHECK(core.report().lanes[fast - 1U].behind == "slow");
    CHECK(core.report().lanes[fast - 1U].behind_messages == 3);
    core.commit();
  }
  // Also after a restart.
  JournalCore core = open_journal(directory, {lane_settings("slow"), lane_settings("fast")});
  CHECK(read_all(core, fast).size() == 2);
  forward(core, slow, 2);
  CHECK(core.read(fast, 3, 1'000).empty());
  forward(core, slow, 3);
  CHECK(read_all(core, fast).size() == 4);
  CHECK(core.report().lanes[fast - 1U].behind.empty());
  core.maintain();
  CHECK(core.store().configuration().orders().empty());
}

TEST_CASE("lane order: nobody waits for a lane in which nothing does, nor in a circle") {
  const Directory directory;
  JournalCore core = open_journal(directory, {lane_settings("slow"), lane_settings("fast")});
  const LaneId slow = core.lane(Direction::up, "slow"), fast = core.lane(Direction::up, "fast");
  core.put_behind(fast, slow);
  CHECK(core.store().configuration().orders().empty());
  fill(core, 1, slow);
  core.put_behind(fast, slow);
  fill(core, 1, fast);
  core.put_behind(slow, fast);
  fill(core, 1, slow);
  core.put_behind(fast, slow);
  fill(core, 1, fast);
  CHECK(read_all(core, slow).size() == 1);
  CHECK(read_all(core, fast).empty());
  forward(core, slow, 1);
  CHECK(read_all(core, fast).size() == 1);
  forward(core, fast, 1);
  CHECK(read_all(core, slow).size() == 2);
  forward(core, slow, 2);
  CHECK(read_all(core, fast).size() == 2);
}
