#include "clock.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t wall_ms = 1'763'817'600'000;

}  // namespace

TEST_CASE("clock: boot time moves on") {
  const Now first = now();
  CHECK(first.boottime_ms > 0);
  CHECK(first.wall_ms > 0);
  CHECK(boottime_ms() >= first.boottime_ms);
}

TEST_CASE("clock: within a boot, age is exact whatever the wall clock does") {
  Timeline timeline;
  timeline.enter("a", {1'000, wall_ms, false});
  CHECK(timeline.age_ms(1, 1'500, {5'000, 0, false}) == 3'500);
  CHECK(timeline.age_ms(1, 1'500, {5'000, wall_ms + 100 * hour_ms, true}) == 3'500);
  CHECK(timeline.age_ms(1, 9'000, {5'000, wall_ms, false}) == 0);
}

TEST_CASE("clock: an unsynchronized clock that jumps changes nothing") {
  Timeline timeline;
  timeline.enter("a", {1'000, wall_ms, false});
  CHECK_FALSE(timeline.adjust({2'000, 0, false}));
  CHECK(timeline.wall_ms(1, 3'000) == wall_ms + 2'000);
}

TEST_CASE("clock: a synchronized clock corrects the boot, and small drift is left alone") {
  Timeline timeline;
  timeline.enter("a", {1'000, 1'000, false});
  CHECK(timeline.adjust({2'000, wall_ms, true}));
  CHECK(timeline.wall_ms(1, 2'000) == wall_ms);
  CHECK(timeline.boot(1).synchronized);
  CHECK_FALSE(timeline.adjust({3'000, wall_ms + 1'000 + 900, true}));
  CHECK(timeline.adjust({4'000, wall_ms + 2'000 + 1'001, true}));
  CHECK(timeline.wall_ms(1, 4'000) == wall_ms + 3'001);
}

TEST_CASE("clock: a boot that is known is entered again, another gets the next number") {
  Timeline timeline;
  timeline.add(1, {"a", 5, true});
  timeline.add(7, {"b", 6, true});
  timeline.enter("a", {1'000, 9'000'000, false});
  CHECK(timeline.current() == 1);
  CHECK(timeline.boot(1).offset_ms == 5);
  timeline.enter("c", {1'000, wall_ms, true});
  CHECK(timeline.current() == 8);
  timeline.enter("", {1'000, wall_ms, true});
  timeline.enter("", {1'000, wall_ms, true});
  CHECK(timeline.current() == 10);
}

TEST_CASE("clock: age over boots needs both clocks to be synchronized, else it is a lower bound") {
  Timeline timeline;
  timeline.add(1, {"a", wall_ms, true});
  timeline.add(2, {"b", wall_ms, false});
  timeline.enter("c", {500, wall_ms + hour_ms, true});
  const Now at{1'000, wall_ms + hour_ms + 500, true};
  CHECK(timeline.age_ms(1, 0, at) == hour_ms + 500);
  CHECK(timeline.age_ms(2, 0, at) == 1'000);
  CHECK(timeline.age_ms(9, 0, at) == 1'000);
  CHECK(timeline.age_ms(1, 0, {1'000, at.wall_ms, false}) == 1'000);
  // Captured in the future, as the wall clocks tell it: older than this boot all the same.
  CHECK(timeline.age_ms(1, 10 * hour_ms, at) == 1'000);
}
