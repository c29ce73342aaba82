// What every client of a link must do, against a real mosquitto.
#include <doctest/doctest.h>

#include "message/properties.hpp"
#include "support/certificates.hpp"
#include "support/link_probe.hpp"
#include "support/old_broker.hpp"

namespace bascule::test {

namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const Subscription all{"in/#", true};

// mosquitto announces a Receive Maximum of 20 otherwise, and Paho is slow at that limit.
const std::string wide = "allow_anonymous true\nmax_inflight_messages 2000\n";

// Runs the test case that calls it once for each client.
Client each_client() {
  auto client = Client::native;
  SUBCASE("native") { client = Client::native; }
  SUBCASE("paho") { client = Client::paho; }
  return client;
}

LinkSettings with_version(Client client, const Broker& broker, const std::string& client_id,
                          Protocol protocol) {
  auto settings = link_settings(client, broker.url(), client_id);
  settings.protocol = protocol;
  return settings;
}

}  // namespace

TEST_CASE("link: a message is delivered and acknowledged on both versions of MQTT") {
  const auto client = each_client();
  Broker broker;
  for (const auto protocol : {Protocol::v5, Protocol::v3_1_1}) {
    const auto version = std::to_string(static_cast<int>(protocol));
    LinkProbe in(with_version(client, broker, "in" + version, protocol), {all});
    LinkProbe out(with_version(client, broker, "out" + version, protocol));
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

TEST_CASE("link: on hold nothing is acknowledged; when it goes on, it comes again") {
  const auto client = each_client();
  Broker broker;
  LinkProbe in(with_version(client, broker, "in", Protocol::v5), {all}, false);
  const auto enters = [&](LinkStatus::State state) {
    return wait_for([&] { return in.link().status().state == state; });
  };
  REQUIRE(in.wait_up());
  REQUIRE(run({"mosquitto_pub", "-p", std::to_string(broker.port()), "-t", "in/x", "-m", "one",
               "-q", "1"}) == 0);
  REQUIRE(in.wait_received(1));
  in.link().hold("the journal is full");
  REQUIRE(enters(LinkStatus::State::paused));
  CHECK(in.link().status().last_error == "paused: the journal is full");
  in.link().acknowledge(1);
  if (client == Client::native) {  // what goes out still does
    in.publish(1, "other", "x");
    REQUIRE(in.wait_outcomes(1));
    CHECK(in.link().status().state == LinkStatus::State::paused);
  }
  CHECK(in.ups().size() == 1);
  in.link().go_on();
  REQUIRE(in.wait_received(2));
  CHECK(in.received()[1].payload == "one");
  CHECK(in.received()[1].duplicate);
  in.link().acknowledge(in.received()[1].tag);
  CHECK(enters(LinkStatus::State::up));
}

TEST_CASE("link: what was acknowledged before it is put on hold does not come again") {
  Broker broker;
  LinkProbe in(with_version(Client::native, broker, "in", Protocol::v5), {all}, false);
  REQUIRE(in.wait_up());
  for (const char* text : {"one", "two"}) {
    REQUIRE(run({"mosquitto_pub", "-p", std::to_string(broker.port()), "-t", "in/x", "-m", text,
                 "-q", "1"}) == 0);
  }
  REQUIRE(in.wait_received(2));
  const std::uint64_t first = in.received()[0].tag;
  in.link().loop().post([&] {  // at once: the loop has not come to sending it yet
    in.link().acknowledge(first);
    in.link().hold("the journal is full");
  });
  in.publish(1, "other", "x");  // behind it
  REQUIRE(in.wait_outcomes(1));
  in.link().go_on();
  REQUIRE(in.wait_received(3));
  CHECK(in.received()[2].payload == "two");
  CHECK(in.downs() == std::vector<std::string>{std::string(delivered_anew)});
}

TEST_CASE("link: what is dropped in the callback comes again as a duplicate") {
  const auto client = each_client();
  Broker broker;
  for (const auto protocol : {Protocol::v5, Protocol::v3_1_1}) {
    const auto version = std::to_string(static_cast<int>(protocol));
    LinkProbe in(with_version(client, broker, "in" + version, protocol), {all}, false);
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
    CHECK(in.downs().at(0) == "the journal is full");
    in.link().acknowledge(2);
    in.acknowledges(true);
    REQUIRE(in.wait_up(2));
    CHECK(in.ups()[1].session_present);
    in.publish(1, "other", "x");  // behind the acknowledgement
    REQUIRE(in.wait_outcomes(1));
    // Acknowledged now: a third connection brings only what is new.
    in.link().drop("again");
    REQUIRE(in.wait_up(3));
    REQUIRE(run({"mosquitto_pub", "-p", std::to_string(broker.port()), "-t", "in/x", "-m", "two",
                 "-q", "1"}) == 0);
    REQUIRE(in.wait_received(3));
    CHECK(in.received()[2].payload == "two");
  }
}

TEST_CASE("link: publishes in flight are lost, once each, when the broker forgot the session") {
  const auto client = each_client();
  Broker broker(wide);
  LinkProbe out(link_settings(client, broker.url(), "out"));
  REQUIRE(out.wait_up());
  constexpr int rounds = 5;
  constexpr std::uint64_t per_round = 900;
  std::uint64_t tag = 0;
  int forgotten = 0;  // an attempt whose answer was lost on the way leaves a session behind, too
  for (int round = 1; round <= rounds; ++round) {
    for (std::uint64_t i = 0; i < per_round; ++i) out.publish(++tag, "in/a", std::string(200, 'x'));
    REQUIRE(out.wait_outcomes((round - 1) * per_round + 100));
    broker.kill();
    REQUIRE(wait_for([&] { return !out.up(); }));
    broker.start();
    REQUIRE(out.wait_up(round + 1));
    REQUIRE(out.wait_outcomes(round * per_round));
    if (!out.ups().back().session_present) ++forgotten;
  }
  CHECK(forgotten > 0);
  std::vector<int> seen(tag + 1);
  for (const auto& outcome : out.outcomes()) ++seen[outcome.tag];
  for (std::uint64_t t = 1; t <= tag; ++t) CHECK(seen[t] == 1);
}

TEST_CASE("link: properties cross both ways") {
  const auto client = each_client();
  Broker broker;
  LinkProbe in(link_settings(client, broker.url(), "in"), {all});
  LinkProbe out(link_settings(client, broker.url(), "out"));
  REQUIRE(in.wait_up());
  REQUIRE(out.wait_up());
  std::string block;
  append_property(block, {PropertyId::payload_format, 1, {}, {}});
  append_property(block, {PropertyId::content_type, 0, {}, "text/plain"});
  append_property(block, {PropertyId::response_topic, 0, {}, "in/answer"});
  append_property(block, {PropertyId::correlation_data, 0, {}, std::string_view("a\0b", 3)});
  append_property(block, {PropertyId::user_property, 0, "one", "1"});
  append_property(block, {PropertyId::user_property, 0, "one", "2"});
  out.publish(1, "in/a", "", Qos::at_least_once, block);
  REQUIRE(in.wait_received(1));
  const auto received = in.received()[0];
  CHECK(received.payload.empty());
  CHECK(user_property(received.properties, "one") == "1");
  PropertyReader sent(block);
  std::size_t found = 0;
  while (const auto want = sent.next()) {
    PropertyReader got(received.properties);
    while (const auto have = got.next()) {
      if (have->id == want->id && have->number == want->number && have->name == want->name &&
          have->value == want->value) {
        ++found;
      }
    }
  }
  CHECK(found == 6);
}

TEST_CASE("link: a publish that the access list forbids is refused with its reason") {
  const auto client = each_client();
  TempDir dir;
  const auto acl = dir.write("acl", "topic read in/#\n");
  Broker broker("allow_anonymous true\nacl_file " + acl + "\n");
  LinkProbe out(link_settings(client, broker.url(), "out"));
  REQUIRE(out.wait_up());
  out.publish(7, "in/secret", "x");
  REQUIRE(out.wait_outcomes(1));
  CHECK(out.outcomes()[0].kind == Kind::refused);
  CHECK(out.outcomes()[0].reason == 0x87);
  CHECK(out.outcomes()[0].tag == 7);
}

TEST_CASE("link: a wrong password is told, and a new one is read without a restart") {
  const auto client = each_client();
  TempDir dir;
  const auto users = dir.file("users");
  REQUIRE(run({"mosquitto_passwd", "-c", "-b", users, "store", "right"}) == 0);
  Broker broker("allow_anonymous false\npassword_file " + users + "\n");
  auto settings = link_settings(client, broker.url(), "in");
  settings.username = "store";
  settings.password_file = dir.write("password", "wrong\n");
  LinkProbe in(settings);
  REQUIRE(in.wait_error("not authorized"));
  CHECK(in.ups().empty());
  dir.write("password", "right\n");
  REQUIRE(in.wait_up());
}

TEST_CASE("link: the will is seen when the connection breaks") {
  const auto client = each_client();
  Broker broker;
  LinkProbe watcher(link_settings(client, broker.url(), "watcher"), {all});
  REQUIRE(watcher.wait_up());
  auto settings = link_settings(client, broker.url(), "mortal");
  settings.will = Will{"in/state", "offline", Qos::at_least_once, true};
  LinkProbe mortal(settings);
  REQUIRE(mortal.wait_up());
  mortal.link().drop("a break");
  REQUIRE(watcher.wait_received(1));
  CHECK(watcher.received()[0].payload == "offline");
}

TEST_CASE("link: an end of ours says what the will would, but for the last of all") {
  const auto client = each_client();
  Broker broker;
  LinkProbe watcher(link_settings(client, broker.url(), "watcher"), {all});
  REQUIRE(watcher.wait_up());
  for (const auto protocol : {Protocol::v5, Protocol::v3_1_1}) {
    auto settings = with_version(client, broker, "mortal", protocol);
    settings.will = Will{"in/state", "offline", Qos::at_least_once, true};
    LinkProbe mortal(settings);
    REQUIRE(mortal.wait_up());
    CHECK(mortal.ups()[0].will_retained);
    mortal.link().pause("someone asked");
    REQUIRE(wait_for([&] { return mortal.link().status().state == LinkStatus::State::paused; }));
    mortal.link().resume();
    REQUIRE(mortal.wait_up(2));
    mortal.publish(1, "in/state", "said");
    REQUIRE(mortal.wait_outcomes(1));
    mortal.link().stop(1s);
  }
  LinkProbe last(link_settings(client, broker.url(), "last"));
  REQUIRE(last.wait_up());
  CHECK_FALSE(last.ups()[0].will_retained);
  last.publish(1, "in/state", "end");
  REQUIRE(wait_for([&] {
    const auto received = watcher.received();
    return !received.empty() && received.back().payload == "end";
  }));
  std::string states;
  for (const auto& one : watcher.received()) states += one.payload + " ";
  // Paho may close before its DISCONNECT is out: then the broker says the will, too.
  if (client == Client::native) CHECK(states == "offline said offline said end ");
  if (client == Client::paho) CHECK(states.starts_with("offline "));
}

TEST_CASE("link: pause ends the connection until resume") {
  const auto client = each_client();
  Broker broker;
  LinkProbe in(link_settings(client, broker.url(), "in"), {all});
  REQUIRE(in.wait_up());
  in.link().pause("someone asked");
  REQUIRE(wait_for([&] { return in.link().status().state == LinkStatus::State::paused; }));
  CHECK(in.downs() == std::vector<std::string>{"paused: someone asked"});
  in.link().resume();
  REQUIRE(in.wait_up(2));
  CHECK(in.link().status().state == LinkStatus::State::up);
  CHECK(in.link().status().reconnects == 1);
}

TEST_CASE("link: what is wanted changes with the next connection") {
  const auto client = each_client();
  Broker broker;
  LinkProbe out(link_settings(client, broker.url(), "out"));
  REQUIRE(out.wait_up());
  out.publish(1, "a", "1", Qos::at_least_once, "", true);
  out.publish(2, "b", "2", Qos::at_least_once, "", true);
  REQUIRE(out.wait_outcomes(2));
  auto settings = link_settings(client, broker.url(), "in");
  settings.keep_session = false;
  const auto wanting = [](const std::string& filter) {
    Subscription one{filter, false, true, Qos::at_most_once};
    one.retain_as_published = false;
    return std::vector<Subscription>{one};
  };
  LinkProbe in(settings, wanting("a"));
  REQUIRE(in.wait_received(1));
  CHECK(in.received()[0].payload == "1");
  CHECK(in.received()[0].retain);
  in.link().pause("all has come");
  REQUIRE(wait_for([&] { return in.link().status().state == LinkStatus::State::paused; }));
  in.link().want(wanting("b"));
  in.link().resume();
  REQUIRE(in.wait_received(2));
  CHECK(in.received()[1].payload == "2");
  REQUIRE(in.wait_up(2));
  CHECK(wait_for([&] { return in.link().status().subscriptions.size() == 1; }));
  CHECK(in.link().status().subscriptions[0].filter == "b");
  // What is published now does not have the flag, and nothing comes for what is not wanted any
  // more.
  out.publish(3, "a", "3", Qos::at_least_once, "", true);
  out.publish(4, "b", "4", Qos::at_least_once, "", true);
  REQUIRE(in.wait_received(3));
  CHECK(in.received()[2].payload == "4");
  CHECK_FALSE(in.received()[2].retain);
  CHECK(in.received().size() == 3);
}

TEST_CASE("link: another client with the same id is noticed") {
  const auto client = each_client();
  Broker broker;
  auto settings = link_settings(client, broker.url(), "twin");
  LinkProbe one(settings);
  REQUIRE(one.wait_up());
  LinkProbe two(settings);
  CHECK(wait_for([&] {
    const auto told = [](LinkProbe& probe) {
      return probe.link().status().last_error.find("client id twin") != std::string::npos;
    };
    return told(one) || told(two);
  }));
}

TEST_CASE("link: a dead line is noticed by what it does not acknowledge") {
  const auto client = each_client();
  Broker broker;
  auto settings = link_settings(client, broker.url(), "out");
  settings.keep_alive = 1s;
  settings.slow_after = 100ms;
  LinkProbe out(settings);
  REQUIRE(out.wait_up());
  broker.freeze(true);
  out.publish(1, "in/a", "x");
  CHECK(wait_for([&] { return out.link().status().state == LinkStatus::State::slow; }));
  CHECK(wait_for([&] { return !out.up(); }, 3s));
  broker.freeze(false);
  REQUIRE(out.wait_up(2));
  REQUIRE(out.wait_outcomes(1));
  CHECK((out.outcomes()[0].kind == Kind::lost) == (client == Client::native));
}

TEST_CASE("link: a broker that does not speak MQTT 5 is asked for 3.1.1") {
  const auto client = each_client();
  Broker broker("allow_anonymous true\n");
  OldBroker old(broker.port());
  LinkProbe out(link_settings(client, "mqtt://127.0.0.1:" + std::to_string(old.port()), "out"));
  REQUIRE(out.wait_up());
  CHECK(out.ups()[0].protocol == Protocol::v3_1_1);
}

TEST_CASE("link: stop lets what is in flight be acknowledged") {
  const auto client = each_client();
  Broker broker(wide);
  LinkProbe out(link_settings(client, broker.url(), "out"));
  REQUIRE(out.wait_up());
  for (int i = 1; i <= 500; ++i) out.publish(i, "in/a", "x");
  out.stop(10s);
  REQUIRE(out.outcomes().size() == 500);
  for (const auto& outcome : out.outcomes()) CHECK(outcome.kind == Kind::accepted);
}

TEST_CASE("link: stop does not acknowledge what is still held") {
  const auto client = each_client();
  Broker broker;
  {
    LinkProbe in(link_settings(client, broker.url(), "in"), {all}, false);
    REQUIRE(in.wait_up());
    REQUIRE(run({"mosquitto_pub", "-p", std::to_string(broker.port()), "-t", "in/x", "-m", "one",
                 "-q", "1"}) == 0);
    REQUIRE(in.wait_received(1));
  }
  LinkProbe in(link_settings(client, broker.url(), "in"), {all});
  REQUIRE(in.wait_received(1));
  CHECK(in.received()[0].duplicate);
}

TEST_CASE("link: TLS comes up with a good certificate, and a bad one is told by its cause") {
  const auto client = each_client();
  Certificates certificates;
  Broker good(certificates.broker(9));
  Broker expired(certificates.broker(-1));
  REQUIRE(certificates.made);
  auto settings = link_settings(client, good.url("mqtts", "localhost"), "in");
  settings.tls.ca_file = certificates.dir.file("ca.crt");
  {
    LinkProbe in(settings);
    REQUIRE(in.wait_up());
    in.publish(1, "other", "x");
    REQUIRE(in.wait_outcomes(1));
    CHECK(in.outcomes()[0].kind == Kind::accepted);
  }
  const auto fails = [&](const std::string& cause) {
    LinkProbe in(settings);
    CHECK(in.wait_error(cause));
    CHECK(in.ups().empty());
  };
  settings.url = expired.url("mqtts", "localhost");
  fails("the certificate has expired");
  settings.url = good.url("mqtts", "127.0.0.1");
  fails("the certificate is not for the host name 127.0.0.1");
  settings.tls.ca_file = "";
  settings.url = good.url("mqtts", "localhost");
  fails("unknown CA");
  settings.tls.ca_file = certificates.dir.file("none.crt");
  fails("tls.ca_file: cannot read");
  settings.tls = {};
  settings.tls.insecure = true;
  LinkProbe in(settings);
  CHECK(in.wait_up());
}

}  // namespace bascule::test
