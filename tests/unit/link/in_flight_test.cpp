#include "link/in_flight.hpp"

#include <doctest/doctest.h>

using namespace bascule;
using namespace std::chrono_literals;

namespace {

using Kind = Outcome::Kind;
const InFlight::Time start{};

std::vector<Outcome> take(InFlight& in_flight) {
  std::vector<Outcome> out;
  in_flight.take(out);
  return out;
}

}  // namespace

TEST_CASE("in flight: each publish has one outcome, the first") {
  InFlight in_flight;
  const auto a = in_flight.add(10, Qos::at_least_once, start);
  const auto b = in_flight.add(11, Qos::at_least_once, start + 1s);
  CHECK((in_flight.waiting()->since == start));
  CHECK(in_flight.settle(b, Kind::refused, 0x87, start + 3s));
  CHECK_FALSE(in_flight.settle(b, Kind::accepted, 0, start + 4s));
  CHECK_FALSE(in_flight.settle(a, Kind::accepted, 0, start + 5s));
  CHECK(in_flight.size() == 0);
  CHECK_FALSE(in_flight.waiting().has_value());
  CHECK((in_flight.last_round_trip() == 5s));
  const auto out = take(in_flight);
  REQUIRE(out.size() == 2);
  CHECK(out[0].tag == 11);
  CHECK(out[0].kind == Kind::refused);
  CHECK(out[0].reason == 0x87);
  CHECK(out[1].tag == 10);
  CHECK_FALSE(in_flight.settle(a, Kind::lost, 0, start));
  CHECK_FALSE(in_flight.settle(99, Kind::lost, 0, start));
  CHECK(take(in_flight).empty());
}

TEST_CASE("in flight: what is lost is lost in order, and settled no more") {
  InFlight in_flight;
  const auto a = in_flight.add(1, Qos::at_most_once, start);
  const auto b = in_flight.add(2, Qos::at_least_once, start);
  in_flight.add(3, Qos::at_most_once, start);
  CHECK(in_flight.settle(a, Kind::accepted, 0, start));
  CHECK_FALSE(in_flight.lose_qos0());
  auto out = take(in_flight);
  REQUIRE(out.size() == 2);
  CHECK(out[1].tag == 3);
  CHECK(out[1].kind == Kind::lost);
  CHECK(in_flight.lose_all());
  CHECK_FALSE(in_flight.settle(b, Kind::accepted, 0, start));
  out = take(in_flight);
  REQUIRE(out.size() == 1);
  CHECK(out[0].tag == 2);
  CHECK_FALSE(in_flight.lose_all());
}

TEST_CASE("in flight: while it is our turn, the broker is not waited for") {
  InFlight in_flight;
  const auto a = in_flight.add(1, Qos::exactly_once, start);
  const auto b = in_flight.add(2, Qos::at_least_once, start + 1s);
  CHECK(in_flight.receive(a, start + 2s));
  CHECK((in_flight.waiting()->serial == b));
  CHECK((in_flight.waiting()->since == start + 1s));
  CHECK(in_flight.size() == 2);
  auto out = take(in_flight);
  REQUIRE(out.size() == 1);
  CHECK(out[0].kind == Kind::received);
  CHECK(out[0].tag == 1);
  in_flight.release(a, start + 3s);
  CHECK((in_flight.waiting()->since == start + 3s));
  CHECK(in_flight.waiting()->serial > b);  // a ping before the PUBREL proves nothing
  CHECK(in_flight.settle(a, Kind::accepted, 0, start + 4s));
  out = take(in_flight);
  REQUIRE(out.size() == 1);
  CHECK(out[0].kind == Kind::accepted);
}
