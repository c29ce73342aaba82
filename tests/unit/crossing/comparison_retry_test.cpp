#include "crossing/comparison_retry.hpp"

#include <doctest/doctest.h>

#include <chrono>

namespace bascule::test {

using namespace std::chrono_literals;
using Failure = ComparisonFailure;

TEST_CASE("comparison retry: the intervals grow from a minute to an hour") {
  CHECK(comparison_retry(1, Failure::other) == 1min);
  CHECK(comparison_retry(2, Failure::other) == 2min);
  CHECK(comparison_retry(7, Failure::other) == 1h);
  CHECK(comparison_retry(1'000, Failure::other) == 1h);
}

TEST_CASE("comparison retry: where the mark is not shown they begin with seconds") {
  CHECK(comparison_retry(1, Failure::unproven) == 5s);
  CHECK(comparison_retry(2, Failure::unproven) == 10s);
  CHECK(comparison_retry(10, Failure::unproven) == 2'560s);
  CHECK(comparison_retry(11, Failure::unproven) == 1h);
  CHECK(comparison_retry(1'000, Failure::unproven) == 1h);
}

}  // namespace bascule::test
