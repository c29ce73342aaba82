// What tighter limits would take of what waits.
#include "journal/backlog/tightening.hpp"

#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr std::uint64_t mebi = 1 << 20;

LimitsOfFile limits(LaneSettings lane, std::uint64_t max_size = 4096 * mebi) {
  lane.name = "sales";
  return {max_size, WhenFull::drop_oldest, {std::move(lane), lane_settings("default")}};
}

// A journal that ran with these limits, and in which messages of 20 kB wait in lane sales.
struct Ran {
  Directory directory;
  JournalCore core;
  LaneId lane;
  explicit Ran(const LimitsOfFile& before, int count = 5)
      : core(open_journal(directory, before.lanes)), lane(core.lane(Direction::up, "sales")) {
    core.apply_limits(core.plan_limits(before), before);
    for (int i = 0; i < count; ++i) store(core, {{lane, "t", std::string(20'000, 'x')}});
  }
  std::uint64_t discarded(const LimitsOfFile& now) {
    std::uint64_t count = 0;
    for (const Discard& discard : core.plan_limits(now)) count += discard.count;
    return count;
  }
};

LaneSettings of_size(std::uint64_t bytes) {
  LaneSettings lane;
  lane.max_size_bytes = bytes;
  return lane;
}

LaneSettings of_ttl(std::int64_t ms) {
  LaneSettings lane;
  lane.ttl_ms = ms;
  return lane;
}

}  // namespace

TEST_CASE(
    "tightening: a journal that never ran with a file, or an unchanged one, gives up nothing") {
  Ran with(limits(of_size(200'000)));
  CHECK(with.discarded(limits(of_size(200'000))) == 0);
  CHECK(with.discarded(limits(of_size(300'000))) == 0);
  CHECK(with.discarded(limits({})) == 0);
  const Directory directory;
  JournalCore core = open_journal(directory, {lane_settings("sales")});
  fill(core, 5, core.lane(Direction::up, "sales"));
  CHECK(core.plan_limits(limits(of_ttl(0))).empty());
}

TEST_CASE("tightening: a smaller lane gives up its oldest, as many as it says") {
  Ran with(limits({}));
  const LimitsOfFile now = limits(of_size(50'000));
  const auto plan = with.core.plan_limits(now);
  REQUIRE(plan.size() == 1);
  CHECK(plan[0].count == 3);
  CHECK(to_string(plan[0], lane_of(with.core, with.lane)) ==
        "lane sales up: max_size 50000B (it was none) gives up 3 of 5 messages that wait");
  CHECK(lane_of(with.core, with.lane).backlog() == 5);
  with.core.apply_limits(plan, now);
  with.core.commit();
  CHECK(lane_of(with.core, with.lane).backlog() == 2);
  CHECK(lane_of(with.core, with.lane).count(Fate::evicted) == 3);
  const auto lost = with.core.store().losses().newest(10);
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].reason == "max_size_tightened");
  CHECK(lost[0].count == 3);
  CHECK(with.discarded(now) == 0);
}

TEST_CASE("tightening: a lane that waits when it is full gives up nothing") {
  Ran with(limits({}));
  LaneSettings waits = of_size(50'000);
  waits.when_full = WhenFull::pause;
  CHECK(with.discarded(limits(waits)) == 0);
  // It would, once it drops instead.
  with.core.apply_limits({}, limits(waits));
  CHECK(with.discarded(limits(of_size(50'000))) == 3);
}

TEST_CASE("tightening: a shorter ttl takes what is older, but not what goes by itself") {
  Ran with(limits(of_ttl(3'600'000)));
  CHECK(with.discarded(limits(of_ttl(1'800'000))) == 0);
  CHECK(with.discarded(limits(of_ttl(0))) == 5);
  with.core.apply_limits({}, limits(of_ttl(0)));
  CHECK(with.discarded(limits(of_ttl(-1))) == 0);  // all had had their time before
}

TEST_CASE("tightening: of a smaller journal the lanes of low priority give way first") {
  Ran with(limits({}, 4 * mebi), 100);
  store(with.core, {{1, "t", std::string(20'000, 'x')}});
  LimitsOfFile now = limits({}, mebi);
  now.lanes[0].priority = 1;
  const auto plan = with.core.plan_limits(now);
  REQUIRE(plan.size() == 1);
  CHECK(plan[0].lane == with.lane);
  CHECK(plan[0].count > 40);
  CHECK(plan[0].count < 80);
  with.core.apply_limits(plan, now);
  with.core.commit();
  CHECK(with.core.report().used_bytes < mebi);
  CHECK(lane_of(with.core, 1).backlog() == 1);
}
