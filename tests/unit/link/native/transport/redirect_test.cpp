// What a broker says beside yes and no: another server to use, and why it refuses.
#include <doctest/doctest.h>

#include "support/link_probe.hpp"
#include "support/scripted_broker.hpp"

namespace bascule::test {

namespace {

const Subscription all{"in/#", true};

LinkSettings settings_for(const std::string& url) {
  return link_settings(Client::native, url, "client");
}

// What a broker says that sends us on: a CONNACK, or a DISCONNECT once we are up.
std::string with_reference(std::string packet, int reason, const std::string& reference) {
  const int length = static_cast<int>(reference.size());
  const auto property = bytes({0x1c, 0, length}) + reference;
  const auto body = packet + bytes({reason, length + 3}) + property;
  const int type = packet.empty() ? 0xe0 : 0x20;
  return bytes({type, static_cast<int>(body.size())}) + body;
}

}  // namespace

TEST_CASE("redirects: a broker sends us on to another, for once or from now on") {
  for (const bool moved : {false, true}) {
    CAPTURE(moved);
    ScriptedBroker other([&](const Peer& peer, int connection) {
      bring_up(peer);
      if (connection > 1) peer.read_to_end();
    });
    const auto reference = "no:port [::1]:x 127.0.0.1:" + std::to_string(other.port());
    ScriptedBroker broker([&](const Peer& peer, int) {
      peer.read_packet();
      peer.send(with_reference(bytes({0}), moved ? 0x9d : 0x9c, reference));
    });
    LinkProbe out(settings_for(broker.url()), {all}, false);
    REQUIRE(wait_for([&] { return out.ups().size() == 2; }));
    CHECK(other.connections() == 2);
    CHECK(broker.connections() == (moved ? 1 : 2));
    out.stop();
  }
}

TEST_CASE("redirects: a DISCONNECT may send us on, too") {
  ScriptedBroker other([](const Peer& peer, int) {
    bring_up(peer);
    peer.read_to_end();
  });
  ScriptedBroker broker([&](const Peer& peer, int) {
    bring_up(peer);
    peer.send(with_reference("", 0x9c, "127.0.0.1:" + std::to_string(other.port())));
    peer.read_to_end();
  });
  LinkProbe out(settings_for(broker.url()), {all}, false);
  REQUIRE(wait_for([&] { return out.ups().size() == 2; }));
  CHECK(other.connections() == 1);
  CHECK(broker.connections() == 1);
  out.stop();
}

TEST_CASE("redirects: sent around in a circle, it waits as after any refusal") {
  std::string self;
  ScriptedBroker broker([&](const Peer& peer, int) {
    peer.read_packet();
    peer.send(with_reference(bytes({0}), 0x9d, self));
  });
  self = "127.0.0.1:" + std::to_string(broker.port());
  LinkProbe out(settings_for(broker.url()), {all}, false);
  REQUIRE(wait_for([&] { return broker.connections() > 12; }));
  CHECK(out.ups().empty());
  CHECK(out.link().status().last_error.find("(0x9d); the server to use: " + self) !=
        std::string::npos);
  out.stop();
}

TEST_CASE("redirects: who sent us on is asked again when the other cannot be reached") {
  std::uint16_t gone = 0;
  {
    ScriptedBroker away([](const Peer&, int) {});
    gone = away.port();
  }
  ScriptedBroker broker([&](const Peer& peer, int connection) {
    if (connection == 1) {
      peer.read_packet();
      peer.send(with_reference(bytes({0}), 0x9d, "127.0.0.1:" + std::to_string(gone)));
    } else {
      bring_up(peer);
      peer.read_to_end();
    }
  });
  LinkProbe out(settings_for(broker.url()), {all}, false);
  CHECK(wait_for([&] { return !out.ups().empty(); }));
  CHECK(broker.connections() == 2);
  out.stop();
}

TEST_CASE("native link: what a broker says of a message that it refuses is shown") {
  ScriptedBroker broker([](const Peer& peer, int) {
    bring_up(peer);
    const auto packet = peer.read_packet();
    const auto id = packet.substr(2 + 2 + 5, 2);  // behind the topic "out/a"
    const auto reason = bytes({0x1f, 0, 6}) + "no pos";
    const auto body = id + bytes({0x87, static_cast<int>(reason.size())}) + reason;
    peer.send(bytes({0x40, static_cast<int>(body.size())}) + body);
    peer.read_to_end();
  });
  LinkProbe out(settings_for(broker.url()), {all}, false);
  REQUIRE(wait_for([&] { return !out.ups().empty(); }));
  Outgoing out_a;
  out_a.message = {"out/a", "x", {}, Qos::at_least_once, false};
  out.link().publish({&out_a, 1});
  CHECK(wait_for([&] {
    return out.link().status().last_error ==
           "the broker refused a message: not authorized (0x87): no pos";
  }));
  out.stop();
}

}  // namespace bascule::test
