#include "message/per_direction.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("per direction: each direction has a value of its own, empty at first") {
  PerDirection<int> counts;
  for (const Direction direction : both_directions) CHECK(counts[direction] == 0);
  counts[Direction::up] = 3;
  counts[Direction::down] = 4;
  CHECK(counts[Direction::up] == 3);
  CHECK(counts[Direction::down] == 4);
}
