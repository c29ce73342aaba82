#include "journal/lane/crossing_times.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

std::uint64_t by(const CrossingTimes& times, std::int64_t boottime_ms, int boot = 1) {
  return times.crossed([&](int its_boot, std::int64_t at_ms) {
    return its_boot < boot || (its_boot == boot && at_ms <= boottime_ms);
  });
}

}  // namespace

TEST_CASE("crossing times: what had crossed by a time is known, to the last note before it") {
  CrossingTimes times;
  CHECK(by(times, 1'000'000) == 0);
  CHECK_FALSE(times.note(1, 50, 0, 10));  // nothing has crossed
  CHECK(times.note(1, 100, 5, 10));
  CHECK(times.note(1, 200, 9, 10));
  CHECK(by(times, 99) == 0);
  CHECK(by(times, 100) == 5);
  CHECK(by(times, 199) == 5);
  CHECK(by(times, 1'000) == 9);
}

TEST_CASE("crossing times: notes keep apart, and say only what is new") {
  CrossingTimes times;
  CHECK(times.note(1, 100, 5, 10));
  CHECK_FALSE(times.note(1, 109, 6, 10));
  CHECK_FALSE(times.note(1, 500, 5, 10));
  CHECK(times.note(1, 110, 6, 10));
  CHECK(times.note(2, 3, 7, 10));  // another boot has a time of its own
  CHECK(by(times, 2, 2) == 6);
}

TEST_CASE("crossing times: the oldest notes make room") {
  CrossingTimes times;
  for (int i = 1; i <= 40; ++i) times.note(1, i * 10, static_cast<std::uint64_t>(i), 10);
  CHECK(by(times, 80) == 0);
  CHECK(by(times, 90) == 9);
  CHECK(by(times, 400) == 40);
}

TEST_CASE("crossing times: they come back as they were, and a torn end is ignored") {
  CrossingTimes times;
  times.note(1, 100, 5, 10);
  times.note(3, -7, 1'000'000'000'000, 10);
  const std::string bytes = times.encode();
  CHECK(bytes.size() == 40);
  CHECK(CrossingTimes::decode(bytes).encode() == bytes);
  CHECK(CrossingTimes::decode(bytes.substr(0, 39)).encode() == bytes.substr(0, 20));
}
