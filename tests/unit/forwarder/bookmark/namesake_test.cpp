#include "forwarder/bookmark/namesake.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("namesake: another bridge with the id is told for a day, or until it is gone") {
  constexpr std::int64_t day_ms = 24 * 3'600'000;
  Namesake namesake("store-42");
  CHECK(namesake.text(5).empty());
  namesake.seen("0123456789abcdef", "mqtt://there", 10);
  CHECK(
      namesake.text(11).starts_with("another bridge has the id store-42 (epoch 0123456789abcdef)"));
  CHECK_FALSE(namesake.text(9 + day_ms).empty());
  CHECK(namesake.text(10 + day_ms).empty());
  namesake.seen("0123456789abcdef", "mqtt://there", day_ms);
  CHECK_FALSE(namesake.text(10 + day_ms).empty());
  namesake.learn("", false, "mqtt://there", day_ms);  // there is none any more
  CHECK_FALSE(namesake.text(10 + day_ms).empty());
  namesake.learn("5f3a9c1e0d2b4a67", false, "mqtt://there", day_ms);
  CHECK(namesake.text(10 + day_ms).empty());
  namesake.learn("0123456789abcdef", true, "mqtt://there", day_ms);
  CHECK_FALSE(namesake.text(10 + day_ms).empty());
}
