#include <doctest/doctest.h>

#include "link_probe.hpp"
#include "properties.hpp"

namespace bascule::test {

namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const Subscription all{"in/#", true};

LinkSettings with_version(const Broker& broker, const std::string& client_id, Protocol protocol) {
  auto settings = link_settings(broker.url(), client_id);
  settings.protocol = protocol;
  return settings;
}

}  // namespace

TEST_CASE("paho link: a message is delivered and acknowledged on both versions of MQTT") {
  Broker broker;
  for (const auto protocol : {Protocol::v5, Protocol::v3_1_1}) {
    const auto version = std::to_string(static_cast<int>(protocol));
    LinkProbe in(with_version(broker, "in" + version, protocol), {all});
    LinkProbe out(with_version(broker, "out" + version, protocol));
    REQUIRE(in.wait_up());
    REQUIRE(out.wait_up());
    CHECK(in.ups()[0].protocol == protocol);
    for (int i = 1; i <= 50; ++i) out.publish(i, "in/a", std::to_string(i));
    REQUIRE(in.wait_received(50));
    REQUIRE(out.wait_outcomes(50));
    for (int i = 0; i < 50; ++i) {
      CHECK(in.received()[i].payload == std::to_string(i + 1));
      CHECK(in.received()[i].tag == static_cast<std::uint64_t>(i + 1));
      CHECK(in.received()[i].packet_id != 0);
      CHECK(out.outcomes()[i].kind == Kind::accepted);
      CHECK(out.outcomes()[i].tag == static_cast<std::uint64_t>(i + 1));
    }
    CHECK(out.link().status().rtt_ms > 0);
    CHECK(out.link().status().protocol == static_cast<int>(protocol));
  }
}

TEST_CASE("paho link: what is dropped in the callback comes again as a duplicate") {
  Broker broker;
  for (const auto protocol : {Protocol::v5, Protocol::v3_1_1}) {
    const auto version = std::to_string(static_cast<int>(protocol));
    LinkProbe in(with_version(broker, "in" + version, protocol), {all}, false);
    REQUIRE(in.wait_up());
    REQUIRE(run({"mosquitto_pub", "-p", std::to_string(broker.port()), "-t", "in/x", "-m", "one",
                 "-q", "1"}) == 0);
    REQUIRE(in.wait_received(1));
    CHECK_FALSE(in.received()[0].duplicate);
    in.link().drop("the journal is full");
    REQUIRE(in.wait_received(2));
    CHECK(in.received()[1].duplicate);
    CHECK(in.received()[1].payload == "one");
    CHECK(in.received()[1].packet_id == in.received()[0].packet_id);
    CHECK(in.received()[1].tag == 2);
    CHECK(in.link().status().last_error == "the journal is full");
    in.link().acknowledge(2);
    in.acknowledges(true);
    REQUIRE(in.wait_up(2));
    CHECK(in.ups()[1].session_present);
    // Acknowledged now: a third connection brings only what is new.
    in.link().drop("again");
    REQUIRE(in.wait_up(3));
    REQUIRE(run({"mosquitto_pub", "-p", std::to_string(broker.port()), "-t", "in/x", "-m", "two",
                 "-q", "1"}) == 0);
    REQUIRE(in.wait_received(3));
    CHECK(in.received()[2].payload == "two");
  }
}

}  // namespace bascule::test
