#include <doctest/doctest.h>

#include "link_probe.hpp"
#include "properties.hpp"

namespace bascule::test {

namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const Subscription all{"in/#", true};

// mosquitto announces a Receive Maximum of 20 otherwise, and Paho is slow at that limit.
const std::string wide = "allow_anonymous true\nmax_inflight_messages 2000\n";

LinkSettings with_version(const Broker& broker, const std::string& client_id, Protocol protocol) {
  auto settings = link_settings(broker.url(), client_id);
  settings.protocol = protocol;
  return settings;
}

// Closes every connection that begins with an MQTT 5 CONNECT, and passes the others on.
class OldBroker {
 public:
  explicit OldBroker(std::uint16_t behind) : behind_(behind) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    listen(listener_, 5);
    thread_ = std::thread([this] { accept_all(); });
  }
  ~OldBroker() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  std::uint16_t port() const { return port_; }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }

  void accept_all() {
    for (int fd; (fd = accept(listener_, nullptr, nullptr)) >= 0;) {
      char head[9] = {};
      if (recv(fd, head, sizeof head, MSG_PEEK | MSG_WAITALL) == sizeof head && head[8] == 4) {
        const int side = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address = loopback(behind_);
        connect(side, reinterpret_cast<sockaddr*>(&address), sizeof address);
        pumps_.emplace_back([fd, side] { pump(fd, side); });
        pumps_.emplace_back([fd, side] { pump(side, fd); });
        open_.push_back(fd);
        open_.push_back(side);
      } else {
        close(fd);
      }
    }
    for (int fd : open_) shutdown(fd, SHUT_RDWR);
    for (auto& pump : pumps_) pump.join();
    for (int fd : open_) close(fd);
  }

  static void pump(int from, int to) {
    char bytes[4096];
    for (ssize_t count; (count = recv(from, bytes, sizeof bytes, 0)) > 0;) {
      send(to, bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL);
    }
    shutdown(to, SHUT_RDWR);
  }

  std::uint16_t behind_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::vector<int> open_;
  std::vector<std::thread> pumps_;
  std::thread thread_;
};

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

TEST_CASE("paho link: a message waits for its acknowledgement, and the next waits behind it") {
  Broker broker;
  LinkProbe in(link_settings(broker.url(), "in"), {all}, false);
  LinkProbe out(link_settings(broker.url(), "out"));
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
  LinkProbe in(link_settings(broker.url(), "in"), {all});
  auto settings = link_settings(broker.url(), "out");
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

TEST_CASE(
    "paho link: publishes in flight are lost, once each, when the broker forgot the session") {
  Broker broker(wide);
  LinkProbe out(link_settings(broker.url(), "out"));
  REQUIRE(out.wait_up());
  constexpr int rounds = 5;
  constexpr std::uint64_t per_round = 900;
  std::uint64_t tag = 0;
  for (int round = 1; round <= rounds; ++round) {
    for (std::uint64_t i = 0; i < per_round; ++i) out.publish(++tag, "in/a", std::string(200, 'x'));
    REQUIRE(out.wait_outcomes((round - 1) * per_round + 100));
    broker.kill();
    REQUIRE(wait_for([&] { return !out.up(); }));
    broker.start();
    REQUIRE(out.wait_up(round + 1));
    REQUIRE(out.wait_outcomes(round * per_round));
    CHECK_FALSE(out.ups().back().session_present);
  }
  std::vector<int> seen(tag + 1);
  for (const auto& outcome : out.outcomes()) ++seen[outcome.tag];
  for (std::uint64_t t = 1; t <= tag; ++t) CHECK(seen[t] == 1);
}

TEST_CASE("paho link: properties cross both ways") {
  Broker broker;
  LinkProbe in(link_settings(broker.url(), "in"), {all});
  LinkProbe out(link_settings(broker.url(), "out"));
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

TEST_CASE("paho link: a publish that the access list forbids is refused with its reason") {
  TempDir dir;
  const auto acl = dir.write("acl", "topic read in/#\n");
  Broker broker("allow_anonymous true\nacl_file " + acl + "\n");
  LinkProbe out(link_settings(broker.url(), "out"));
  REQUIRE(out.wait_up());
  out.publish(7, "in/secret", "x");
  REQUIRE(out.wait_outcomes(1));
  CHECK(out.outcomes()[0].kind == Kind::refused);
  CHECK(out.outcomes()[0].reason == 0x87);
  CHECK(out.outcomes()[0].tag == 7);
}

TEST_CASE("paho link: a wrong password is told, and a new one is read without a restart") {
  TempDir dir;
  const auto users = dir.file("users");
  REQUIRE(run({"mosquitto_passwd", "-c", "-b", users, "store", "right"}) == 0);
  Broker broker("allow_anonymous false\npassword_file " + users + "\n");
  auto settings = link_settings(broker.url(), "in");
  settings.username = "store";
  settings.password_file = dir.write("password", "wrong\n");
  LinkProbe in(settings);
  REQUIRE(in.wait_error("Not authorized"));
  CHECK(in.ups().empty());
  dir.write("password", "right\n");
  REQUIRE(in.wait_up());
}

TEST_CASE("paho link: the will is seen when the connection breaks") {
  Broker broker;
  LinkProbe watcher(link_settings(broker.url(), "watcher"), {all});
  REQUIRE(watcher.wait_up());
  auto settings = link_settings(broker.url(), "mortal");
  settings.will = Will{"in/state", "offline", Qos::at_least_once, true};
  LinkProbe mortal(settings);
  REQUIRE(mortal.wait_up());
  mortal.link().drop("a break");
  REQUIRE(watcher.wait_received(1));
  CHECK(watcher.received()[0].payload == "offline");
}

TEST_CASE("paho link: pause ends the connection until resume") {
  Broker broker;
  LinkProbe in(link_settings(broker.url(), "in"), {all});
  REQUIRE(in.wait_up());
  in.link().pause("someone asked");
  REQUIRE(wait_for([&] { return in.link().status().state == LinkStatus::State::paused; }));
  CHECK(in.downs() == std::vector<std::string>{"paused: someone asked"});
  in.link().resume();
  REQUIRE(in.wait_up(2));
  CHECK(in.link().status().state == LinkStatus::State::up);
  CHECK(in.link().status().reconnects == 1);
}

TEST_CASE("paho link: another client with the same id is noticed") {
  Broker broker;
  auto settings = link_settings(broker.url(), "twin");
  LinkProbe one(settings);
  REQUIRE(one.wait_up());
  LinkProbe two(settings);
  REQUIRE(one.wait_error("client id twin"));
}

TEST_CASE("paho link: a dead line is noticed by what it does not acknowledge") {
  Broker broker;
  auto settings = link_settings(broker.url(), "out");
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
  CHECK(out.outcomes()[0].kind == Kind::accepted);
}

TEST_CASE("paho link: a broker that does not speak MQTT 5 is asked for 3.1.1") {
  Broker broker("allow_anonymous true\n");
  OldBroker old(broker.port());
  LinkProbe out(link_settings("mqtt://127.0.0.1:" + std::to_string(old.port()), "out"));
  REQUIRE(out.wait_up());
  CHECK(out.ups()[0].protocol == Protocol::v3_1_1);
}

TEST_CASE("paho link: stop lets what is in flight be acknowledged") {
  Broker broker(wide);
  LinkProbe out(link_settings(broker.url(), "out"));
  REQUIRE(out.wait_up());
  for (int i = 1; i <= 500; ++i) out.publish(i, "in/a", "x");
  out.stop(10s);
  REQUIRE(out.outcomes().size() == 500);
  for (const auto& outcome : out.outcomes()) CHECK(outcome.kind == Kind::accepted);
}

TEST_CASE("paho link: stop does not acknowledge what is still held") {
  Broker broker;
  {
    LinkProbe in(link_settings(broker.url(), "in"), {all}, false);
    REQUIRE(in.wait_up());
    REQUIRE(run({"mosquitto_pub", "-p", std::to_string(broker.port()), "-t", "in/x", "-m", "one",
                 "-q", "1"}) == 0);
    REQUIRE(in.wait_received(1));
  }
  LinkProbe in(link_settings(broker.url(), "in"), {all});
  REQUIRE(in.wait_received(1));
  CHECK(in.received()[0].duplicate);
}

namespace {

// A CA, and certificates that it signed for `localhost`.
struct Certificates {
  Certificates() {
    const auto ca = dir.file("ca");
    made = run({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test CA",
                "-days", "9", "-keyout", ca + ".key", "-out", ca + ".crt"}) == 0;
    dir.write("extensions", "subjectAltName=DNS:localhost\n");
  }

  // The lines of a broker's configuration; `days` below 0: expired.
  std::string broker(int days) {
    const auto name = dir.file(days < 0 ? "expired" : "good");
    made = made &&
           run({"openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
                "-keyout", name + ".key", "-out", name + ".csr"}) == 0 &&
           run({"openssl", "x509", "-req", "-in", name + ".csr", "-CA", dir.file("ca.crt"),
                "-CAkey", dir.file("ca.key"), "-CAcreateserial", "-days", std::to_string(days),
                "-extfile", dir.file("extensions"), "-out", name + ".crt"}) == 0;
    return "certfile " + name + ".crt\nkeyfile " + name + ".key\nallow_anonymous true\n";
  }

  TempDir dir;
  bool made = false;
};

}  // namespace

TEST_CASE("paho link: TLS comes up with a good certificate, and a bad one is told by its cause") {
  Certificates certificates;
  Broker good(certificates.broker(9));
  Broker expired(certificates.broker(-1));
  REQUIRE(certificates.made);
  auto settings = link_settings(good.url("mqtts", "localhost"), "in");
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
