#include "link/backoff.hpp"

#include <doctest/doctest.h>

using namespace bascule;
using namespace std::chrono_literals;

namespace {

const Backoff::Time start{};

}  // namespace

TEST_CASE("backoff: the ceiling doubles up to its cap, and the delay is spread below it") {
  Backoff backoff(1s, 60s);
  CHECK(backoff.next(0.5) == 500ms);
  CHECK(backoff.next(0.5) == 1s);
  CHECK(backoff.next(0.0) == 0ms);
  CHECK(backoff.next(0.5) == 4s);
  for (int i = 0; i < 40; ++i) backoff.next(0.5);
  CHECK(backoff.next(0.5) == 30s);
  CHECK(backoff.next(0.999) < 60s);
}

TEST_CASE("backoff: a connection that was stable starts it again, one that was short does not") {
  Backoff backoff(1s, 60s, 60s);
  for (int i = 0; i < 10; ++i) backoff.next(0.5);
  backoff.up(start);
  backoff.down(start + 59s);
  CHECK(backoff.next(0.5) == 30s);
  backoff.up(start);
  backoff.down(start + 60s);
  CHECK(backoff.next(0.5) == 500ms);
  backoff.down(start + 600s);  // an attempt failed: that was no connection
  CHECK(backoff.next(0.5) == 1s);
}
