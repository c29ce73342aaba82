#include "link/unacknowledged.hpp"

#include <doctest/doctest.h>

namespace bascule::test {

namespace {

std::vector<int> ids(Unacknowledged& deliveries, std::uint64_t tag) {
  std::vector<int> taken;
  deliveries.acknowledge(tag, [&](std::uint16_t id) { taken.push_back(id); });
  return taken;
}

}  // namespace

TEST_CASE("unacknowledged: tags rise by one, and ids come back in order") {
  Unacknowledged deliveries;
  for (std::uint16_t id = 11; id <= 15; ++id) CHECK(deliveries.add(id, 10) == id - 10u);
  CHECK(deliveries.count() == 5);
  CHECK(ids(deliveries, 3) == std::vector{11, 12, 13});
  CHECK(deliveries.count() == 2);
  CHECK(deliveries.bytes() == 20);
  CHECK(ids(deliveries, 3).empty());
  CHECK(deliveries.add(16, 10) == 6);
  CHECK(ids(deliveries, 100) == std::vector{14, 15, 16});
  CHECK(deliveries.bytes() == 0);
  CHECK(deliveries.add(17, 10) == 7);
}

TEST_CASE("unacknowledged: QoS 0 has a tag and no id") {
  Unacknowledged deliveries;
  deliveries.add(0, 10);
  deliveries.add(5, 10);
  CHECK(ids(deliveries, 2) == std::vector{5});
}

TEST_CASE("unacknowledged: tags of an earlier connection mean nothing, and new ones go on") {
  Unacknowledged deliveries;
  deliveries.add(1, 10);
  deliveries.add(2, 10);
  deliveries.forget_all();
  CHECK(deliveries.count() == 0);
  CHECK(deliveries.add(1, 10) == 3);
  CHECK(ids(deliveries, 2).empty());
  CHECK(deliveries.count() == 1);
  CHECK(ids(deliveries, 3) == std::vector{1});
}

}  // namespace bascule::test
