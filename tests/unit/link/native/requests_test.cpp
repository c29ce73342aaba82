#include "link/native/requests.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("requests: an answer finds what it is about, once") {
  Requests requests;
  CHECK(requests.subscribe(4) == 1);
  CHECK(requests.unsubscribe({"a", "b"}) == 2);
  CHECK_FALSE(requests.subscribed(2));
  CHECK(requests.subscribed(1) == 4);
  CHECK_FALSE(requests.subscribed(1));
  CHECK(requests.unsubscribed(2) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("requests: once there may be publishes, their packet ids are left to them") {
  Requests requests;
  requests.leave_room();
  for (int i = 0; i < 1'024; ++i) {
    CHECK(requests.room());
    const auto id = requests.subscribe(0);
    CHECK(id >= first_request_id);
    CHECK(id < first_claimable_id);
  }
  CHECK_FALSE(requests.room());
  CHECK(requests.subscribed(first_request_id + 5));
  CHECK(requests.subscribe(0) == first_request_id + 5);
}
