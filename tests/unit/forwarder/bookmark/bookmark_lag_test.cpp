#include "forwarder/bookmark/bookmark_lag.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace bascule;

namespace {

Bookmark::Lanes lanes(std::uint64_t sales) { return {{"sales", sales}}; }

}  // namespace

TEST_CASE("bookmark lag: without one, what is accepted is said") {
  BookmarkLag lag(std::chrono::milliseconds(0));
  for (const std::uint64_t sales : {3, 5, 4}) {
    CHECK(lag.take(lanes(sales), 0) == lanes(sales));
    CHECK_FALSE(lag.behind(lanes(sales)));
  }
}

TEST_CASE("bookmark lag: what was accepted a while ago is said, and later the rest") {
  BookmarkLag lag(std::chrono::milliseconds(1'000));
  CHECK(lag.take(lanes(3), 5'000) == lanes(3));
  CHECK(lag.take(lanes(9), 5'200) == lanes(3));
  CHECK(lag.take(lanes(10), 6'000) == lanes(3));
  CHECK(lag.behind(lanes(10)));
  CHECK(lag.take(lanes(20), 6'999) == lanes(3));
  CHECK(lag.take(lanes(20), 7'000) == lanes(10));
  CHECK(lag.behind(lanes(20)));
  CHECK(lag.take(lanes(20), 8'000) == lanes(20));
  CHECK_FALSE(lag.behind(lanes(20)));
}

TEST_CASE("bookmark lag: however long nothing was written, what is new is not said at once") {
  BookmarkLag lag(std::chrono::milliseconds(1'000));
  lag.take(lanes(3), 0);
  CHECK(lag.take(lanes(900), 3'600'000) == lanes(3));
  CHECK(lag.take(lanes(900), 3'601'000) == lanes(900));
}

TEST_CASE("bookmark lag: what has to be sent again is not said") {
  BookmarkLag lag(std::chrono::milliseconds(1'000));
  lag.take(lanes(50), 0);
  CHECK(lag.take(lanes(20), 100) == lanes(20));
  CHECK(lag.take(lanes(50), 200) == lanes(20));
  CHECK(lag.take(lanes(50), 1'500) == lanes(20));  // it was 20 a second ago
  CHECK(lag.take(lanes(50), 2'500) == lanes(50));
}

TEST_CASE("bookmark lag: of a lane that is new, all is said") {
  BookmarkLag lag(std::chrono::milliseconds(1'000));
  lag.take(lanes(50), 0);
  CHECK(lag.take({{"sales", 60}, {"media", 7}}, 100) ==
        Bookmark::Lanes{{"sales", 50}, {"media", 7}});
}
