// A broker that is out to harm, or broken, or just strange: the native link tells what is wrong in
// words, comes back, keeps no more than its limits, and acknowledges only what it was told to.
#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "support/dialect.hpp"

namespace bascule::test {

namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

// The link gets `sent` when it is up, says `error`, and is up again.
void check_refused(const Dialect& dialect, const std::string& sent, const std::string& error) {
  CAPTURE(error);
  CAPTURE(static_cast<int>(dialect.protocol));
  ScriptedBroker broker([&](const Peer& peer, int connection) {
    bring_up(peer, dialect);
    if (connection == 1) peer.send(sent);
    peer.read_to_end();
  });
  LinkProbe in(settings_for(broker, dialect), {all_in}, false);
  CHECK(in.wait_error(error));
  CHECK(in.wait_up(2));
  CHECK(in.received().empty());
}

std::size_t resident_bytes() {
  std::size_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST_CASE("hostile broker: packets that only a client sends, or nobody, end the connection") {
  for (const auto& dialect : dialects) {
    for (const int head : {0x10, 0x82, 0xa2, 0xc0, 0xf0}) {
      check_refused(dialect, packet(head, ""), "which we never asked for");
    }
    check_refused(dialect, packet(0x00, ""), "not MQTT");
  }
}

TEST_CASE("hostile broker: answers that break the rules of their version end the connection") {
  for (const auto& dialect : dialects) {
    check_refused(dialect, dialect.welcome, "CONNACK that breaks the rules");
    check_refused(dialect, dialect.granted, "SUBACK that breaks the rules");
    check_refused(dialect, packet(0x40, bytes({0, 0})), "PUBACK that breaks the rules");
    check_refused(dialect, packet(0x32, text("in/a")), "PUBLISH that breaks the rules");
    check_refused(dialect, publish(dialect, 0, "x"), "PUBLISH that breaks the rules");
  }
  const auto& v3 = dialects[1];
  check_refused(v3, packet(0x40, bytes({0, 1, 0})), "PUBACK that breaks the rules");
  check_refused(v3, packet(0xe0, ""), "DISCONNECT that breaks the rules");
  check_refused(v5, packet(0xe0, bytes({0x8b, 2, 36, 1})), "DISCONNECT that breaks the rules");
  check_refused(v5, packet(0x40, bytes({0, 1, 0x10, 4, 31, 0, 1, 0})), "PUBACK that breaks");
  check_refused(v5, packet(0x32, text("in/a") + bytes({0, 1, 0x80, 0}) + "x"), "PUBLISH that br");
}

TEST_CASE("hostile broker: an answer to a subscription that was answered already is none") {
  const std::string wrongs[] = {
      bytes({0x90, 4, 0, 1, 0, 1}) + bytes({0x90, 4, 0, 1, 0, 1}),  // one of two, twice
      bytes({0x90, 4, 0, 3, 0, 1}),                                 // of nobody's
      bytes({0x90, 5, 0, 1, 0, 1, 1}),                              // two codes for one filter
      bytes({0x90, 3, 0, 1, 0}),                                    // none
  };
  for (const auto& wrong : wrongs) {
    ScriptedBroker broker([&](const Peer& peer, int) {
      peer.read_packet();
      peer.send(v5.welcome);
      peer.read_packet();
      peer.send(wrong);
      peer.read_to_end();
    });
    LinkProbe in(settings_for(broker), {all_in, {"more/#", true}});
    CHECK(in.wait_error("SUBACK that breaks the rules"));
    CHECK(in.ups().empty());
  }
}

TEST_CASE("hostile broker: topics that nobody may use are handed in, and acknowledged when told") {
  const std::string topics[] = {bytes({0xc3, 0x28}),      bytes({'a', 0}), "in/+", "#", "",
                                bytes({0xed, 0xa0, 0x80})};
  for (const auto& dialect : dialects) {
    std::string acknowledged, expected;
    ScriptedBroker broker([&](const Peer& peer, int) {
      bring_up(peer, dialect);
      int id = 0;
      for (const auto& topic : topics) {
        peer.send(publish(dialect, ++id, "x", topic));
        expected += bytes({0x40, 2, 0, id});
      }
      acknowledged = peer.read(expected.size());
      peer.read_to_end();
    });
    LinkProbe in(settings_for(broker, dialect), {all_in});
    REQUIRE(in.wait_received(std::size(topics)));
    for (std::size_t i = 0; i < std::size(topics); ++i) CHECK(in.received()[i].topic == topics[i]);
    in.stop();
    broker.finish();
    CHECK(acknowledged == expected);
    CHECK(broker.connections() == 1);
  }
}

TEST_CASE("hostile broker: a topic alias that was never agreed on does not end the connection") {
  ScriptedBroker broker([&](const Peer& peer, int) {
    bring_up(peer, v5);
    const auto alias = bytes({3, 35, 0, 9});
    peer.send(packet(0x32, text("") + bytes({0, 1}) + alias + "x"));
    peer.send(publish(v5, 2, "good"));
    peer.read_to_end();
  });
  LinkProbe in(settings_for(broker), {all_in});
  REQUIRE(in.wait_received(2));
  CHECK(in.received()[0].topic == "");  // for intake to set aside
  CHECK(in.received()[0].properties == bytes({35, 0, 9}));
  CHECK(in.received()[1].payload == "good");
}

TEST_CASE("hostile broker: one packet id for several messages gets an acknowledgement for each") {
  for (const auto& dialect : dialects) {
    std::string acknowledged;
    ScriptedBroker broker([&](const Peer& peer, int) {
      bring_up(peer, dialect);
      peer.send(publish(dialect, 7, "a") + publish(dialect, 7, "b") + publish(dialect, 7, "c"));
      acknowledged = peer.read(12);
      peer.read_to_end();
    });
    LinkProbe in(settings_for(broker, dialect), {all_in}, false);
    REQUIRE(in.wait_received(3));
    in.link().acknowledge(2);
    in.link().acknowledge(3);
    in.stop();
    broker.finish();
    const auto one = bytes({0x40, 2, 0, 7});
    CHECK(acknowledged == one + one + one);
  }
}

TEST_CASE("hostile broker: acknowledgements and answers that nobody waits for do no harm") {
  for (const auto& dialect : dialects) {
    ScriptedBroker broker([&](const Peer& peer, int) {
      bring_up(peer, dialect);
      std::string noise;
      for (int id = 1; id <= 300; ++id) noise += bytes({0x40, 2, id >> 8, id & 255, 0xd0, 0});
      peer.send(noise + publish(dialect, 1, "good"));
      peer.read_to_end();
    });
    LinkProbe in(settings_for(broker, dialect), {all_in});
    REQUIRE(in.wait_received(1));
    CHECK(in.up());
    CHECK(in.outcomes().empty());
  }
}

TEST_CASE("hostile broker: a packet that is announced costs no memory until it comes") {
  const auto before = resident_bytes();
  ScriptedBroker broker([&](const Peer& peer, int) {
    bring_up(peer, v5);
    peer.send(bytes({0x32, 0x80, 0x80, 0x80, 0x0f}) + text("in/a"));  // 30 MiB
    peer.read_to_end();
  });
  LinkProbe in(settings_for(broker), {all_in});
  REQUIRE(in.wait_up());
  CHECK_FALSE(wait_for([&] { return resident_bytes() > before + (16 << 20); }, 100ms));
  CHECK(in.received().empty());
}

TEST_CASE("hostile broker: what it sends beyond our Receive Maximum is not read without end") {
  ScriptedBroker broker([&](const Peer& peer, int) {
    bring_up(peer, v5);
    std::thread reader([&] { peer.read_to_end(); });
    std::string burst;
    for (int i = 0; i < 40'000; ++i) burst += publish(v5, i % 60'000 + 1, std::string(90, 'x'));
    peer.send(burst);
    reader.join();
  });
  LinkProbe in(settings_for(broker), {all_in}, false);
  REQUIRE(in.wait_received(10'000));
  CHECK_FALSE(wait_for([&] { return in.received().size() > 13'000; }, 300ms));
}

TEST_CASE("hostile broker: a packet that is cut off is not handed in") {
  for (const auto& dialect : dialects) {
    ScriptedBroker broker([&](const Peer& peer, int connection) {
      bring_up(peer, dialect);
      const auto whole = publish(dialect, 1, "a message");
      peer.send(connection == 1 ? whole.substr(0, whole.size() - 1) : whole);
      if (connection > 1) peer.read_to_end();
    });
    LinkProbe in(settings_for(broker, dialect), {all_in});
    REQUIRE(in.wait_received(1));
    CHECK(in.ups().size() == 2);
    CHECK(in.received()[0].payload == "a message");
    CHECK(in.received()[0].tag == 1);
  }
}

TEST_CASE("hostile broker: half a CONNACK is no answer") {
  ScriptedBroker broker([](const Peer& peer, int) {
    peer.read_packet();
    peer.send(bytes({0x20, 3, 0}));
    peer.read_to_end();
  });
  auto settings = settings_for(broker);
  settings.keep_alive = 1s;
  LinkProbe in(settings, {all_in});
  CHECK(in.wait_error("no answer within the time limit"));
}

TEST_CASE("hostile broker: another server that it names is told, and not gone to") {
  const std::pair<int, std::string> answers[] = {{0x9c, "use another server (0x9c): full"},
                                                 {0x9d, "the server has moved (0x9d): full"}};
  const auto details = bytes({31}) + text("full") + bytes({28}) + text("other:1883");
  const auto length = static_cast<int>(details.size());
  for (const auto& [reason, words] : answers) {
    for (const bool at_once : {true, false}) {
      ScriptedBroker broker([&](const Peer& peer, int) {
        if (at_once) {
          peer.read_packet();
          peer.send(packet(0x20, bytes({0, reason, length}) + details));
        } else {
          bring_up(peer, v5);
          peer.send(packet(0xe0, bytes({reason, length}) + details));
        }
        peer.read_to_end();
      });
      LinkProbe in(settings_for(broker), {all_in});
      CHECK(in.wait_error(words + "; the server to use: other:1883"));
      CHECK(wait_for([&] { return broker.connections() >= 2; }));  // it stays with its URL
    }
  }
}

TEST_CASE("hostile broker: one that takes no retained will gets a plain one") {
  for (const int reason : {0x9a, 0x9b}) {
    std::string second;
    ScriptedBroker broker([&](const Peer& peer, int connection) {
      const auto connect = peer.read_packet();
      if (connection == 1) return peer.send(packet(0x20, bytes({0, reason, 0})));
      if (second.empty()) second = connect;
      peer.send(v5.welcome);
      peer.read_packet();
      peer.send(v5.granted);
      peer.read_to_end();
    });
    auto settings = settings_for(broker);
    settings.will = Will{"in/state", "offline", Qos::at_least_once, true};
    LinkProbe in(settings, {all_in});
    REQUIRE(in.wait_up());
    in.stop();
    broker.finish();
    REQUIRE(second.size() > 10);
    const auto flags = static_cast<unsigned char>(second[9]);
    CHECK((flags & 4) == 4);     // a will
    CHECK((flags & 0x38) == 0);  // of QoS 0, not retained
  }
}

TEST_CASE("hostile broker: its keep alive is kept, if it is shorter than ours") {
  std::string ping;
  ScriptedBroker broker([&](const Peer& peer, int) {
    peer.read_packet();
    peer.send(bytes({0x20, 6, 0, 0, 3, 19, 0, 1}));
    peer.read_packet();
    peer.send(v5.granted);
    ping = peer.read_packet(10'000);
    peer.send(bytes({0xd0, 0}));
    peer.read_to_end();
  });
  LinkProbe in(settings_for(broker), {all_in});  // with 30 s
  REQUIRE(in.wait_up());
  REQUIRE(wait_for([&] { return in.link().status().rtt_ms > 0; }));
  in.stop();
  broker.finish();
  CHECK(ping == bytes({0xc0, 0}));
}

TEST_CASE("hostile broker: a subscription that it refuses, or grants at QoS 0 only, is told") {
  const std::pair<std::string, std::string> answers[] = {
      {bytes({0x90, 13, 0, 1, 9, 31}) + text("nobody") + bytes({0x87}), "not authorized (0x87)"},
      {bytes({0x90, 11, 0, 1, 7, 31}) + text("none") + bytes({0x8f}),
       "the broker refused the subscription to in/#: topic filter invalid (0x8f): none"},
      {bytes({0x90, 4, 0, 1, 0, 0}), "grants the subscription to in/# at QoS 0 only"},
  };
  for (const auto& [answer, words] : answers) {
    CAPTURE(words);
    ScriptedBroker broker([&](const Peer& peer, int) {
      peer.read_packet();
      peer.send(v5.welcome);
      peer.read_packet();
      peer.send(answer);
      peer.read_to_end();
    });
    LinkProbe in(settings_for(broker), {all_in});
    CHECK(in.wait_error(words));
    CHECK(in.wait_up());
  }
}

TEST_CASE("hostile broker: what is lost says whether the broker may have closed over it") {
  const std::pair<std::string, int> ends[] = {
      {"", 0x80},                              // it just closes
      {packet(0xe0, bytes({0x90, 0})), 0x90},  // topic name invalid
      {packet(0xe0, bytes({0x8b, 0})), 0},     // it is shutting down
      {packet(0xe0, bytes({0x8e, 0})), 0},     // session taken over
      {"garbage", 0},
  };
  for (const auto& [end, reason] : ends) {
    CAPTURE(reason);
    ScriptedBroker broker([&](const Peer& peer, int connection) {
      bring_up(peer, v5);
      if (connection > 1) return peer.read_to_end();
      peer.read_packet();
      peer.send(end);
    });
    LinkProbe out(settings_for(broker), {all_in});
    REQUIRE(out.wait_up());
    out.publish(1, "in/a", "x");
    REQUIRE(out.wait_outcomes(1));
    CHECK(out.outcomes()[0].kind == Kind::lost);
    CHECK(out.outcomes()[0].reason == reason);
  }
}

}  // namespace bascule::test
