#include "message/own.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("own: the bridge's topics lie under its id") {
  CHECK(own_topic("store-42", "bookmark/up") == "bascule/store-42/bookmark/up");
  CHECK(own_topic("store-42", "") == "bascule/store-42/");
}

TEST_CASE("own: a dot in the id, which not every broker can carry, is in no topic") {
  CHECK(own_topic("shop.4.b_c-d", "bookmark/up") == "bascule/shop~4~b_c-d/bookmark/up");
}

TEST_CASE("own: what the bridge says goes at QoS 1, without properties") {
  const Message message = own_message("t", "p", true);
  CHECK(message.topic == "t");
  CHECK(message.payload == "p");
  CHECK(message.properties.empty());
  CHECK(message.qos == Qos::at_least_once);
  CHECK(message.retain);
  CHECK_FALSE(own_message("t", "p").retain);
}
