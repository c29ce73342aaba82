#include "journal/lane/quarantine_entry.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("quarantine: an entry has its place and reason, and a payload up to 64 KiB") {
  const std::string payload(70'000, 'x');
  const Message message{"t\xFF", payload, "p", Qos::at_least_once, false};
  const auto entry = quarantine_entry(Direction::down, {3, 9}, message, "why");
  CHECK(entry.direction == Direction::down);
  CHECK(entry.lane == 3);
  CHECK(entry.sequence == 9);
  CHECK(entry.reason == "why");
  CHECK(entry.topic == "t\xFF");
  CHECK(entry.properties == "p");
  CHECK(entry.payload == std::string(64 << 10, 'x'));
  CHECK(entry.size == 70'000);
}
