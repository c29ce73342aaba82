#include "link/native/unacknowledged.hpp"

#include <doctest/doctest.h>

namespace bascule::test {

namespace {

std::vector<int> ids(Unacknowledged& deliveries, std::uint64_t tag) {
  std::vector<int> taken;
  deliveries.acknowledge(tag, [&](PacketType, std::uint16_t id) { taken.push_back(id); });
  return taken;
}

}  // namespace

TEST_CASE("unacknowledged: tags rise by one, and ids come back in order") {
  Unacknowledged deliveries;
  for (std::uint16_t id = 11; id <= 15; ++id)
    CHECK(deliveries.add(id, PacketType::puback, 10) == id - 10u);
  CHECK(deliveries.count() == 5);
  CHECK(ids(deliveries, 3) == std::vector{11, 12, 13});
  CHECK(deliveries.count() == 2);
  CHECK(deliveries.bytes() == 20);
  CHECK(ids(deliveries, 3).empty());
  CHECK(deliveries.add(16, PacketType::puback, 10) == 6);
  CHECK(ids(deliveries, 100) == std::vector{14, 15, 16});
  CHECK(deliveries.bytes() == 0);
  CHECK(deliveries.add(17, PacketType::puback, 10) == 7);
}

TEST_CASE("unacknowledged: QoS 0 has a tag and no id") {
  Unacknowledged deliveries;
  deliveries.add(0, PacketType::puback, 10);
  deliveries.add(5, PacketType::puback, 10);
  CHECK(ids(deliveries, 2) == std::vector{5});
}

TEST_CASE("unacknowledged: tags of an earlier connection mean nothing, and new ones go on") {
  Unacknowledged deliveries;
  deliveries.add(1, PacketType::puback, 10);
  deliveries.add(2, PacketType::puback, 10);
  deliveries.forget_all();
  CHECK(deliveries.count() == 0);
  CHECK(deliveries.add(1, PacketType::puback, 10) == 3);
  CHECK(ids(deliveries, 2).empty());
  CHECK(deliveries.count() == 1);
  CHECK(ids(deliveries, 3) == std::vector{1});
}

TEST_CASE("unacknowledged: each is answered in its own way, in order") {
  Unacknowledged deliveries;
  deliveries.add(1, PacketType::pubrec, 10);
  deliveries.add(2, PacketType::puback, 10);
  deliveries.add(1, PacketType::pubcomp, 10);
  std::vector<PacketType> answers;
  deliveries.acknowledge(3, [&](PacketType answer, std::uint16_t) { answers.push_back(answer); });
  CHECK((answers == std::vector{PacketType::pubrec, PacketType::puback, PacketType::pubcomp}));
}

}  // namespace bascule::test
