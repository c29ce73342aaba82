#include "link/native/packet_id.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

namespace bascule::test {

TEST_CASE("packet id: it tells the serial number, also where the ids begin anew") {
  CHECK(packet_id(1) == 1);
  CHECK(packet_id(56'319) == 56'319);
  CHECK(packet_id(56'320) == 1);
  for (const std::uint64_t first : {1, 2, 56'318, 56'319, 56'320, 112'637, 112'638, 112'639}) {
    for (const std::uint64_t further : {0, 1, 2, 1'000, 56'318}) {
      const auto serial = first + further;
      CHECK(packet_id(serial) != 0);
      CHECK(packet_id(serial) < first_request_id);
      CHECK(serial_number(packet_id(serial), first) == serial);
    }
  }
}

}  // namespace bascule::test
