#include "fold.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("fold: the first is told at once, later ones once a minute and with how many") {
  Fold fold;
  CHECK(fold.add(5'000) == 1);
  CHECK(fold.add(5'001) == 0);
  CHECK(fold.add(64'999) == 0);
  CHECK(fold.add(65'000) == 3);
  CHECK(fold.add(124'999) == 0);
  CHECK(fold.add(1'000'000) == 2);
}
