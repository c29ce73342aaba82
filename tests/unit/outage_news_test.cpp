#include "outage_news.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace bascule;
using Kind = OutageNews::Kind;

TEST_CASE(
    "outage: its beginning is told once, its end with how long it was and how often it failed") {
  OutageNews news(0);
  CHECK_FALSE(news.tick(500));
  const auto began = news.failed(1'000);
  REQUIRE(began);
  CHECK(began->kind == Kind::began);
  CHECK_FALSE(news.failed(2'000));
  CHECK_FALSE(news.failed(3'000));
  CHECK_FALSE(news.tick(4'000));
  news.well(6'000);
  const auto over = news.tick(6'000);
  REQUIRE(over);
  CHECK(over->kind == Kind::over);
  CHECK(over->lasted_ms == 5'000);
  CHECK(over->times == 3);
  CHECK_FALSE(news.tick(7'000));
  CHECK(news.failed(8'000)->times == 1);
}

TEST_CASE("outage: what is well for a moment, again and again, is one outage") {
  OutageNews news(5'000);
  int told = 0;
  for (std::int64_t at = 100; at < 30'000; at += 200) {
    told += news.failed(at) ? 1 : 0;
    news.well(at + 100);
    told += news.tick(at + 150) ? 1 : 0;
  }
  CHECK(told == 1);
  CHECK_FALSE(news.tick(34'900));
  const auto over = news.tick(35'000);
  REQUIRE(over);
  CHECK(over->lasted_ms == 29'900);  // until it was well, not until that was certain
  CHECK(over->times == 150);
}

TEST_CASE("outage: that it lasts is told at intervals that grow to an hour") {
  OutageNews news(0);
  news.failed(1);
  std::vector<std::int64_t> minutes;
  for (std::int64_t at = 0; at < 4 * 3'600'000; at += 1'000) {
    news.failed(at + 1);
    if (news.tick(at + 1)) minutes.push_back(at / 60'000);
  }
  CHECK(minutes == std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 64, 124, 184});
}
