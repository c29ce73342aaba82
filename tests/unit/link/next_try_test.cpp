#include <doctest/doctest.h>

#include "clock.hpp"
#include "support/link_probe.hpp"

namespace bascule::test {

using namespace std::chrono_literals;

TEST_CASE("link: while it is down it says when it connects next") {
  auto client = Client::native;
  SUBCASE("native") { client = Client::native; }
  SUBCASE("paho") { client = Client::paho; }
  Broker broker;
  auto settings = link_settings(client, broker.url(), "in");
  settings.reconnect_min = settings.reconnect_max = 3'600s;
  LinkProbe in(settings, {});
  REQUIRE(in.wait_up());
  CHECK(in.link().status().next_try_ms == 0);
  const std::int64_t before_ms = now().wall_ms;
  broker.kill();
  REQUIRE(wait_for([&] { return in.link().status().next_try_ms != 0; }));
  const LinkStatus status = in.link().status();
  CHECK(status.state == LinkStatus::State::down);
  CHECK(status.next_try_ms >= before_ms);
  CHECK(status.next_try_ms <= now().wall_ms + 3'600'000);
  in.link().pause("someone asked");
  CHECK(wait_for([&] { return in.link().status().next_try_ms == 0; }));
}

}  // namespace bascule::test
