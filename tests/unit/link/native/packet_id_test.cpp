#include "link/native/packet_id.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

namespace bascule::test {

TEST_CASE("packet id: it tells the serial number, also where the ids begin anew") {
  CHECK(packet_id(1) == 1);
  CHECK(packet_id(57'343) == 57'343);
  CHECK(packet_id(57'344) == 1);
  for (const std::uint64_t first : {1, 2, 57'342, 57'343, 57'344, 114'685, 114'686, 114'687}) {
    for (const std::uint64_t further : {0, 1, 2, 1'000, 57'342}) {
      const auto serial = first + further;
      CHECK(packet_id(serial) != 0);
      CHECK(packet_id(serial) < first_claimable_id);
      CHECK(serial_number(packet_id(serial), first) == serial);
    }
  }
}

}  // namespace bascule::test
