#include "journal/lane/drain_rate.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("drain rate: what crosses while something waits, and nothing else") {
  DrainRate rate;
  rate.look(1'000, 500, 0);
  rate.look(2'000, 900, 0);  // it came and went
  CHECK(rate.per_s() == 0);
  rate.look(3'000, 900, 4'000);
  rate.look(4'000, 900, 5'000);  // the line is down
  CHECK(rate.per_s() == 0);
  rate.look(5'000, 2'900, 3'000);
  CHECK(rate.per_s() == 2'000);
  rate.look(6'000, 3'900, 2'000);
  CHECK(rate.per_s() == doctest::Approx(1'700));
  rate.look(6'500, 5'900, 0);  // at least 4,000/s
  CHECK(rate.per_s() == 4'000);
  rate.look(60'000, 5'900, 10);
  rate.look(90'000, 5'909, 1);  // nobody looked for long
  CHECK(rate.per_s() == 4'000);
}
