#include "link/packet_id.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

namespace bascule::test {

TEST_CASE("packet id: it tells the serial number, also where the ids begin anew") {
  CHECK(packet_id(1) == 1);
  CHECK(packet_id(65'535) == 65'535);
  CHECK(packet_id(65'536) == 1);
  for (const std::uint64_t first : {1, 2, 65'534, 65'535, 65'536, 131'069, 131'070, 131'071}) {
    for (const std::uint64_t further : {0, 1, 2, 1'000, 65'534}) {
      const auto serial = first + further;
      CHECK(packet_id(serial) != 0);
      CHECK(serial_number(packet_id(serial), first) == serial);
    }
  }
}

}  // namespace bascule::test
