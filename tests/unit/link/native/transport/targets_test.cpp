// Several addresses of a broker; and what a broker says beside yes and no: another server to use,
// and why it refuses.
#include "link/native/transport/targets.hpp"

#include <doctest/doctest.h>

#include <atomic>

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

TEST_CASE("targets: one round through all addresses, then a wait, then again") {
  Targets targets({*parse_url("mqtt://a"), *parse_url("mqtt://b"), *parse_url("mqtt://c")});
  std::string order;
  for (int i = 0; i < 6; ++i) {
    order += targets.target().host;
    order += targets.ended(false) ? "" : " ";
  }
  CHECK(order == "abc abc ");
  CHECK(targets.at_first());
  targets.ended(false);
  CHECK(targets.at_other());
  CHECK_FALSE(targets.ended(true));  // it was up there: the first is next
  CHECK(targets.at_first());
}

TEST_CASE("targets: who is sent on by another address speaks there as he did here") {
  Targets targets({*parse_url("mqtt://a"), *parse_url("wss://b/way")});
  targets.ended(false);
  REQUIRE(targets.follow("c:444", false));
  CHECK(url_text(targets.target()) == "wss://c:444/way");
  CHECK_FALSE(targets.at_other());
  CHECK(targets.ended(true));
  CHECK(targets.target().host == "c");
  CHECK_FALSE(targets.ended(true));
  CHECK(targets.at_first());
}

TEST_CASE("urls: the next one is tried at once when one cannot be reached or refuses") {
  std::uint16_t gone = 0;
  {
    ScriptedBroker away([](const Peer&, int) {});
    gone = away.port();
  }
  const std::string dead = "mqtt://127.0.0.1:" + std::to_string(gone);
  ScriptedBroker strict([](const Peer& peer, int) {
    peer.read_packet();
    peer.send(bytes({0x20, 3, 0, 0x87, 0}));
  });
  ScriptedBroker last([](const Peer& peer, int) {
    bring_up(peer);
    peer.read_to_end();
  });
  auto settings = settings_for(dead);
  settings.other_urls = {strict.url(), last.url()};
  settings.reconnect_min = settings.reconnect_max = std::chrono::hours(1);  // never, here
  LinkProbe out(settings, {all});
  REQUIRE(out.wait_up());
  CHECK(strict.connections() == 1);
  CHECK(out.link().status().broker == last.url());
  CHECK(out.link().status().last_error == dead + ": cannot connect: Connection refused; " +
                                              strict.url() +
                                              ": the broker refused: not authorized (0x87)");
  out.stop();
}

TEST_CASE("urls: the first is gone back to when it can be reached again, and not before") {
  std::atomic<int> probes = 0;
  std::atomic<bool> back = false;
  ScriptedBroker first([&](const Peer& peer, int) {
    const auto packet = peer.read_packet();
    if (packet.empty()) {  // it only looks
      ++probes;
    } else if (back) {
      peer.send(welcome);
      peer.read_packet();
      peer.send(granted(1));
      peer.read_to_end();
    }
  });
  std::atomic<int> goodbyes = 0;
  ScriptedBroker second([&](const Peer& peer, int) {
    bring_up(peer);
    if (peer.read_packet() == bytes({0xe0, 0})) ++goodbyes;
  });
  auto settings = settings_for(first.url());
  settings.other_urls = {second.url()};
  LinkProbe out(settings, {all});
  REQUIRE(out.wait_up());
  CHECK(out.link().status().broker == second.url());
  back = true;
  REQUIRE(out.wait_up(2));
  CHECK(out.link().status().broker == first.url());
  CHECK(probes == 1);
  CHECK(goodbyes == 1);
  CHECK(out.downs() == std::vector<std::string>{"to go back to " + first.url()});
  out.stop();
}

TEST_CASE("urls: while the first is dead no connection ends over it") {
  std::uint16_t gone = 0;
  {
    ScriptedBroker away([](const Peer&, int) {});
    gone = away.port();
  }
  std::atomic<int> pings = 0;
  ScriptedBroker second([&](const Peer& peer, int) {
    bring_up(peer);
    while (peer.read_packet() == bytes({0xc0, 0})) {
      peer.send(bytes({0xd0, 0}));
      ++pings;
    }
  });
  auto settings = settings_for("mqtt://127.0.0.1:" + std::to_string(gone));
  settings.other_urls = {second.url()};
  settings.keep_alive = std::chrono::seconds(1);
  settings.reconnect_max = std::chrono::milliseconds(50);
  LinkProbe out(settings, {all});
  REQUIRE(wait_for([&] { return pings >= 4; }));  // it has looked often meanwhile
  CHECK(second.connections() == 1);
  CHECK(out.downs().empty());
  out.stop();
}

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
