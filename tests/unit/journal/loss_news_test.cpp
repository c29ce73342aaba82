#include "journal/loss_news.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

Loss loss(LaneId lane, std::uint64_t sequence, const char* reason = "max_size") {
  return {lane, sequence, sequence, 1, 100, reason, static_cast<std::int64_t>(sequence)};
}

}  // namespace

TEST_CASE("losses: the first is told at once, what follows within a second together") {
  LossNews news;
  news.add(loss(1, 1));
  CHECK(news.take_due(5'000).empty());  // not committed
  news.committed();
  REQUIRE(news.take_due(5'000).size() == 1);
  for (std::uint64_t sequence = 2; sequence <= 500; ++sequence) {
    news.add(loss(1, sequence));
    news.committed();
    CHECK(news.take_due(5'040).empty());
  }
  CHECK(news.take_due(5'999).empty());
  const auto due = news.take_due(6'000);
  REQUIRE(due.size() == 1);
  CHECK(due[0].first == 2);
  CHECK(due[0].last == 500);
  CHECK(due[0].count == 499);
  CHECK(due[0].bytes == 49'900);
  CHECK(news.take_due(7'000).empty());
}

TEST_CASE("losses: lanes and reasons are told apart") {
  LossNews news;
  news.add(loss(1, 1));
  news.add(loss(2, 1));
  news.add(loss(2, 2, "ttl"));
  news.committed();
  CHECK(news.take_due(0).size() == 3);
}

TEST_CASE("losses: what was undone is not told; the rest is, at the end") {
  LossNews news;
  news.add(loss(1, 1));
  news.undone();
  news.committed();
  CHECK(news.take_due(0).empty());
  news.add(loss(1, 2));
  news.committed();
  CHECK(news.take_due(10).size() == 1);
  news.add(loss(1, 3));
  news.committed();
  CHECK(news.take_due(20).empty());
  REQUIRE(news.take_all().size() == 1);
  CHECK(news.take_all().empty());
}
