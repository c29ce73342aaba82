#include "forwarder/lane/rate.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

std::tm at(int hour, int minute, int second = 0) {
  std::tm local{};
  local.tm_hour = hour;
  local.tm_min = minute;
  local.tm_sec = second;
  return local;
}

}  // namespace

TEST_CASE("rate: without a cap everything may go at once") {
  RateLimit rate({});
  for (int i = 0; i < 1'000; ++i) {
    CHECK(rate.wait_ms(1 << 20, 5) == 0);
    rate.take(1 << 20);
  }
}

TEST_CASE("rate: a second's worth goes at once, the rest at its pace") {
  RateLimit rate({0, 10});
  std::int64_t now_ms = 1'000'000;
  for (int i = 0; i < 10; ++i) {
    CHECK(rate.wait_ms(1, now_ms) == 0);
    rate.take(1);
  }
  CHECK(rate.wait_ms(1, now_ms) == 100);
  CHECK(rate.wait_ms(1, now_ms + 60) == 40);
  now_ms += 100;
  CHECK(rate.wait_ms(1, now_ms) == 0);
  rate.take(1);
  CHECK(rate.wait_ms(1, now_ms) == 100);
}

TEST_CASE("rate: an hour of silence saves up one second's worth, not more") {
  RateLimit rate({0, 10});
  CHECK(rate.wait_ms(1, 0) == 0);
  for (int i = 0; i < 10; ++i) {
    REQUIRE(rate.wait_ms(1, 3'600'000) == 0);
    rate.take(1);
  }
  CHECK(rate.wait_ms(1, 3'600'000) > 0);
}

TEST_CASE("rate: a message over the burst passes when the bucket is full and leaves it in debt") {
  RateLimit rate({1'000, 0});
  CHECK(rate.wait_ms(5'000, 0) == 0);
  rate.take(5'000);
  CHECK(rate.wait_ms(1, 0) == 4'001);
  CHECK(rate.wait_ms(5'000, 0) == 5'000);
  CHECK(rate.wait_ms(1, 4'001) == 0);
}

TEST_CASE("rate: of two caps the stricter one decides") {
  RateLimit rate({1'000, 2});
  CHECK(rate.wait_ms(900, 0) == 0);
  rate.take(900);
  CHECK(rate.wait_ms(10, 0) == 0);
  CHECK(rate.wait_ms(400, 0) == 300);
  rate.take(10);
  CHECK(rate.wait_ms(10, 0) == 500);
}

TEST_CASE("rate: hours of a day are open from their first minute until before their last") {
  const Hours day{8 * 60, 18 * 60};
  CHECK(closed_for_ms(day, at(8, 0)) == 0);
  CHECK(closed_for_ms(day, at(17, 59, 59)) == 0);
  CHECK(closed_for_ms(day, at(18, 0)) == 14 * 3'600'000);
  CHECK(closed_for_ms(day, at(7, 59, 30)) == 30'000);
}

TEST_CASE("rate: hours may pass midnight") {
  const Hours night{22 * 60, 6 * 60};
  CHECK(closed_for_ms(night, at(23, 0)) == 0);
  CHECK(closed_for_ms(night, at(0, 0)) == 0);
  CHECK(closed_for_ms(night, at(5, 59)) == 0);
  CHECK(closed_for_ms(night, at(6, 0)) == 16 * 3'600'000);
  CHECK(closed_for_ms(night, at(21, 59, 59)) == 1'000);
}

TEST_CASE("rate: hours until midnight, and all day") {
  CHECK(closed_for_ms({20 * 60, 24 * 60}, at(23, 59, 59)) == 0);
  CHECK(closed_for_ms({20 * 60, 24 * 60}, at(0, 0)) == 20 * 3'600'000);
  CHECK(closed_for_ms({}, at(12, 0)) == 0);
}
