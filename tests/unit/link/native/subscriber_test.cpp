// What a connection asks for.
#include "link/native/subscriber.hpp"

#include <doctest/doctest.h>

#include "support/bytes.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("subscriber: each filter is asked for in a packet of its own, and answered once") {
  const std::vector<Subscription> wanted{{"a", true}, {"b", true}};
  Subscriber subscriber(Protocol::v3_1_1, wanted);
  CHECK(subscriber.done());
  std::string out;
  subscriber.subscribe(out);
  CHECK(out ==
        bytes({0x82, 6, 0, 1}) + text("a") + bytes({1, 0x82, 6, 0, 2}) + text("b") + bytes({1}));
  CHECK_FALSE(subscriber.done());
  CHECK(subscriber.take({3, 1, {}}) == nullptr);
  CHECK(subscriber.take({2, 1, {}}) == &wanted[1]);
  CHECK(subscriber.take({2, 1, {}}) == nullptr);
  CHECK_FALSE(subscriber.done());
  CHECK(subscriber.take({1, 1, {}}) == &wanted[0]);
  CHECK(subscriber.done());
}

TEST_CASE("subscriber: nothing to ask for is done") {
  const std::vector<Subscription> none;
  Subscriber subscriber(Protocol::v5, none);
  std::string out;
  subscriber.subscribe(out);
  CHECK(out.empty());
  CHECK(subscriber.done());
}
