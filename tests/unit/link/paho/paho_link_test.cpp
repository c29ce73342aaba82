#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <string>

#include "support/link_probe.hpp"
#include "support/scripted_broker.hpp"

namespace bascule::test {

namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const Subscription all{"in/#", true};

}  // namespace

TEST_CASE("paho link: a message waits for its acknowledgement, and the next waits behind it") {
  Broker broker;
  LinkProbe in(link_settings(Client::paho, broker.url(), "in"), {all}, false);
  LinkProbe out(link_settings(Client::paho, broker.url(), "out"));
  REQUIRE(in.wait_up());
  REQUIRE(out.wait_up());
  // A held callback holds all of Paho: another process publishes.
  const auto port = std::to_string(broker.port());
  for (const char* text : {"one", "two"}) {
    REQUIRE(run({"mosquitto_pub", "-p", port, "-t", "in/x", "-m", text, "-q", "1"}) == 0);
  }
  REQUIRE(in.wait_received(1));
  CHECK_FALSE(wait_for([&] { return in.received().size() > 1; }, 300ms));
  in.link().acknowledge(1);
  REQUIRE(in.wait_received(2));
  in.link().acknowledge(2);
}

TEST_CASE("paho link: publishes that the broker never saw are sent again when it is back") {
  Broker broker;
  LinkProbe in(link_settings(Client::paho, broker.url(), "in"), {all});
  auto settings = link_settings(Client::paho, broker.url(), "out");
  LinkProbe out(settings);
  REQUIRE(in.wait_up());
  REQUIRE(out.wait_up());
  broker.freeze(true);
  for (int i = 1; i <= 15; ++i) out.publish(i, "in/a", std::to_string(i));
  out.link().loop().post([&] { out.link().drop("a break"); });
  REQUIRE(wait_for([&] { return !out.up(); }));
  broker.freeze(false);
  REQUIRE(out.wait_up(2));
  REQUIRE(out.wait_outcomes(15));
  CHECK(out.ups()[1].session_present);
  for (const auto& outcome : out.outcomes()) CHECK(outcome.kind == Kind::accepted);
  REQUIRE(in.wait_received(15));
}

TEST_CASE("paho link: an answer to CONNECT that comes when the link is gone ends nothing else") {
  std::atomic<bool> asked = false;
  std::atomic<bool> gone = false;
  ScriptedBroker broker([&](const Peer& peer, int) {
    peer.read_packet();
    asked = true;
    wait_for([&] { return gone.load(); });
    peer.send(bytes({0x20, 3, 0, 0, 0}) + bytes({0x30, 5, 0, 1, 'a', 0, 'x'}));
    peer.read_to_end();
  });
  {
    LinkProbe out(link_settings(Client::paho, broker.url(), "out"));
    REQUIRE(wait_for([&] { return asked.load(); }));
  }
  gone = true;
  broker.finish();
}

TEST_CASE("paho link: what was published before the link pauses goes out, and DISCONNECT") {
  constexpr int rounds = 50;
  std::atomic<int> whole = 0;
  ScriptedBroker broker([&](const Peer& peer, int) {
    peer.read_packet();
    peer.send(welcome);
    const bool published = (peer.read_packet() + "x")[0] == 0x30;
    const bool ended = (peer.read_packet() + "x")[0] == static_cast<char>(0xE0);
    if (published && ended) ++whole;
    peer.read_to_end();
  });
  LinkProbe out(link_settings(Client::paho, broker.url(), "out"));
  for (int round = 1; round <= rounds; ++round) {
    REQUIRE(out.wait_up(static_cast<std::size_t>(round)));
    out.publish(1, "mark", std::string(30'000, 'x'), Qos::at_most_once);
    out.link().loop().post([&] { out.link().pause("done"); });
    REQUIRE(wait_for([&] { return out.link().status().state == LinkStatus::State::paused; }));
    out.link().resume();
  }
  REQUIRE(out.wait_up(rounds + 1));
  CHECK(whole == rounds);
}

}  // namespace bascule::test
