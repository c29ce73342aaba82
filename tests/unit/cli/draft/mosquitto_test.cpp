#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cli/draft/conversion.hpp"
#include "cli/draft/mosquitto_conf.hpp"
#include "cli/draft/profile.hpp"
#include "config/config.hpp"

using namespace bascule;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    char name[] = "/tmp/bascule-draft-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return path / name;
  }
};

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + '\n';
  return text;
}

// The one bridge of a mosquitto.conf, whose new file `bascule check` takes.
struct Converted {
  explicit Converted(const std::string& text, BrokerKind kind = BrokerKind::automatic) {
    std::istringstream in(text);
    const MosquittoConf conf = parse_mosquitto_conf(in, "m.conf");
    REQUIRE(conf.bridges.size() == 1);
    Draft draft = convert(conf.bridges[0], conf, "site-1", "");
    set_profile(draft, kind);
    yaml = to_yaml(draft);
    notes = joined(draft.notes);
    const Folder folder;
    CAPTURE(yaml);
    try {
      config = load_config(folder.write("bascule.yaml", yaml), NamedFiles::ignored);
    } catch (const ConfigError& error) {
      FAIL(error.what());
    }
  }
  std::string yaml, notes;
  BridgeConfig config;
};

// "up a/# -> b/#", with what is excluded behind a minus and the QoS behind an @.
std::string said(const Route& route) {
  std::string text = route.direction == Direction::up ? "up " : "down ";
  text += route.from + (route.to.empty() ? "" : " -> " + route.to);
  for (const auto& exclude : route.exclude) text += " -" + exclude;
  return text + (route.qos ? " @" + std::to_string(static_cast<int>(*route.qos)) : "");
}

std::vector<std::string> routes(const Converted& converted) {
  std::vector<std::string> lines;
  for (const Route& route : converted.config.routes) lines.push_back(said(route));
  return lines;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

using Lines = std::vector<std::string>;
const std::string head = "connection cloud\naddress central.example.net\n";

}  // namespace

TEST_CASE("init --from: topic lines become routes") {
  struct Row {
    std::string topics;
    Lines routes;
    std::string note;  // one of them has it; empty: none is about topics
  };
  const std::string last = "{rest...}";
  const Row rows[] = {
      {"topic a/# out 2", {"up a/#"}, ""},
      {"topic a/# in 1", {"down a/# @1"}, ""},
      {"topic a/# both 2", {"up a/#", "down a/#"}, ""},
      {"topic a/#", {"up a/# @0"}, "take 'qos: 0' away"},
      {"topic a/# out 2 \"\" site/", {"up a/" + last + " -> site/a/" + last}, ""},
      {"topic a/# in 2 l/ r/", {"down r/a/" + last + " -> l/a/" + last}, ""},
      {"topic a/+/b out 2 l/ r/", {"up l/a/{level1}/b -> r/a/{level1}/b"}, ""},
      {"topic +/+ both 2 l/ r/",
       {"up l/{level1}/{level2} -> r/{level1}/{level2}",
        "down r/{level1}/{level2} -> l/{level1}/{level2}"},
       ""},
      {"topic \"\" in 2 here there/x", {"down there/x -> here"}, ""},
      {"topic a/# out 2 x/ x/", {"up x/a/#"}, ""},
      {"topic a/# out 2\ntopic a/# in 2", {"up a/#", "down a/#"}, ""},
      {"topic a/# in 2 l/ r/\ntopic a/# out 2 l/ r/",
       {"up l/a/" + last + " -> r/a/" + last, "down r/a/" + last + " -> l/a/" + last},
       ""},
      {"topic # out 1\ntopic # in 2", {"up #", "down #"}, "the higher one is taken"},
      {"topic # out 2\ntopic cmd/# in 2", {"up # -cmd/#", "down cmd/#"}, "without cmd/#"},
      {"topic cmd/# in 2\ntopic # out 2", {"down cmd/#", "up # -cmd/#"}, "without cmd/#"},
      {"topic # in 2\ntopic up/# out 2", {"down # -up/#", "up up/#"}, "without up/#"},
      {"topic # out 2\ntopic a/# out 1", {"up #"}, "takes all of it before"},
      {"topic # both 2\ntopic cmd/# in 1", {"up #", "down #"}, "takes all of it before"},
      {"topic # out 2\ntopic a/# both 2 \"\" b/",
       {"up # -a/#", "down b/a/" + last + " -> a/" + last},
       "goes down only"},
      {"topic a/+ out 2\ntopic +/b in 2", {"up a/+"}, "send a message round for ever"},
      {"topic a sideways 2", {}, "the direction has to be"},
      {"topic a out 3", {}, "the QoS has to be"},
      {"topic \"\" out 2", {}, "needs both prefixes"},
      {"topic a out 2 b/ c/ d", {}, "a word too many"},
      {"topic a/#/b out 2", {}, "left out"},
      {"topic # out 2 foo r/", {}, "left out"},
      {"topic a/{b}c out 2", {}, "left out"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.topics);
    const Converted converted(head + "notifications false\nremote_clientid x\n" + row.topics);
    CHECK(routes(converted) == row.routes);
    if (row.note.empty()) {
      CHECK_FALSE(contains(converted.notes, ": topic "));
    } else {
      CHECK(contains(converted.notes, row.note));
      if (contains(row.note, "left")) CHECK(contains(converted.yaml, "# Left out:"));
    }
  }
}

TEST_CASE("init --from: options of the bridge are taken over") {
  const Converted all(R"(listener 1884 127.0.0.1
allow_anonymous true
connection cloud
address 192.0.2.7:8883 192.0.2.8:8883
bridge_cafile /etc/ssl/ca.pem
bridge_certfile /etc/ssl/b.pem
bridge_keyfile /etc/ssl/b.key
bridge_insecure true
remote_clientid gate 1
remote_username store's
remote_password canary-1
local_username bridge
local_password canary-2
local_clientid bridge-local
keepalive_interval 45
restart_timeout 10 30
start_type lazy
threshold 5
cleansession true
try_private false
notification_topic watch/me
bridge_protocol_version mqttv50
bridge_max_packet_size 5000
bridge_outgoing_retain false
bridge_bind_address 192.0.2.1
bridge_alpn mqtt
bridge_psk 001122
bridge_sparkle true
round_robin true
topic a/# out 1
)");
  const LinkSettings& central = all.config.central;
  CHECK(central.url == "mqtts://192.0.2.7:8883");
  CHECK(central.other_urls == std::vector<std::string>{"mqtts://192.0.2.8:8883"});
  CHECK(central.bind_address == "192.0.2.1");
  CHECK(contains(all.yaml,
                 "  tls:\n    ca_file: /etc/ssl/ca.pem\n    cert_file: /etc/ssl/b.pem\n"
                 "    key_file: /etc/ssl/b.key\n    alpn: mqtt\n"));
  CHECK_FALSE(central.tls.insecure);
  CHECK(central.client_id == "gate 1");
  CHECK(central.username == "store's");
  CHECK(central.password_file == "${CREDENTIALS_DIRECTORY}/central.password");
  CHECK(central.keep_alive == std::chrono::seconds(45));
  CHECK(central.reconnect_min == std::chrono::seconds(10));
  CHECK(central.reconnect_max == std::chrono::seconds(30));
  CHECK(central.protocol == Protocol::v5);
  CHECK(all.config.site.url == "mqtt://127.0.0.1:1884");
  CHECK(all.config.site.username == "bridge");
  CHECK(all.config.site.client_id == "bridge-local");
  CHECK(all.config.site.password_file == "${CREDENTIALS_DIRECTORY}/site.password");
  CHECK(central.publish_max_payload_bytes == 5000 - 1024);
  CHECK(central.own_topics.state.topic == "watch/me");
  CHECK(all.config.site.own_topics.state.topic == "watch/me");
  REQUIRE(all.config.routes.size() == 1);
  CHECK(all.config.routes[0].retain == RetainRule::clear);
  for (const char* place :
       {"m.conf:8: bridge_insecure", "m.conf:11: remote_password", "m.conf:13: local_password",
        "m.conf:17: start_type", "m.conf:19: cleansession", "m.conf:21: notification_topic",
        "m.conf:23: bridge_max_packet_size", "m.conf:27: bridge_psk", "m.conf:28: bridge_sparkle",
        "m.conf:29: round_robin", "server_name in 'central: tls'", "1024 bytes for topic"}) {
    CAPTURE(place);
    CHECK(contains(all.notes, place));
  }
  for (const char* quiet : {"try_private", "threshold", "keepalive_interval"}) {
    CHECK_FALSE(contains(all.notes, quiet));
  }
  for (const char* secret : {"canary-1", "canary-2", "001122"}) {
    CHECK_FALSE(contains(all.yaml + all.notes, secret));
  }
}

TEST_CASE("init --from: what mosquitto says of itself is said where it was, or nowhere") {
  const auto own = [](const std::string& options) {
    const Converted converted("connection x\naddress y\nbridge_protocol_version mqttv50\n" +
                              options);
    const auto text = [](const OwnTopics& topics) {
      const std::string state = topics.state.topic.empty() ? "on" : topics.state.topic;
      return (topics.state.on ? state : "off") + (topics.will ? "" : " no will");
    };
    return text(converted.config.site.own_topics) + ", " +
           text(converted.config.central.own_topics) +
           (contains(converted.notes, "nobody is told there") ? ", told" : "");
  };
  CHECK(own("") == "on, on");
  CHECK(own("notifications false\n") == "off no will, off no will, told");
  CHECK(own("notifications_local_only true\n") == "on, off no will, told");
  CHECK(own("notifications_local_only true\nnotification_topic a/b\n") == "a/b, off no will, told");
  CHECK(own("notification_topic $SYS/x\n") == "on, on");
  CHECK(contains(Converted("connection x\nnotification_topic $SYS/x\n").notes,
                 "notification_topic: bascule cannot speak of itself there"));
}

TEST_CASE("init --from: no option of the bridge is left out in silence") {
  for (const char* option :
       {"bridge_insecure true", "bridge_max_packet_size x", "bridge_max_packet_size 999999999",
        "bridge_alpn mqtt", "bridge_receive_maximum 5", "bridge_max_topic_alias 3",
        "bridge_tcp_keepalive 1 2 3", "bridge_tcp_user_timeout 5", "bridge_tls_version tlsv1.2",
        "bridge_attempt_unsubscribe false", "bridge_sparkle true"}) {
    CAPTURE(option);
    const Converted converted(std::string("connection x\naddress y\n") + option);
    const std::string text = option;
    CHECK(contains(converted.notes, "m.conf:3: " + text.substr(0, text.find(' '))));
  }
}

TEST_CASE("init --from: addresses and listeners become URLs") {
  const std::pair<const char*, const char*> addresses[] = {
      {"address broker", "mqtt://broker:1883"},
      {"addresses broker:1885 other", "mqtt://broker:1885"},
      {"address 2001:db8::7:1883", "mqtt://[2001:db8::7]:1883"},
      {"address [2001:db8::7]:1884", "mqtt://[2001:db8::7]:1884"},
      {"address broker\nbridge_capath /etc/ssl/certs", "mqtts://broker:1883"},
      {"address broker:8883\nbridge_tls_use_os_certs true", "mqtts://broker:8883"},
      {"topic a", "mqtt://central.invalid:1883"},
  };
  for (const auto& [option, url] : addresses) {
    CAPTURE(option);
    CHECK(Converted(std::string("connection x\n") + option).config.central.url == url);
  }
  const std::pair<const char*, const char*> listeners[] = {
      {"", "mqtt://localhost:1883"},
      {"port 1884\n", "mqtt://localhost:1884"},
      {"listener 8883\ncertfile /x.pem\nlistener 1885 0.0.0.0\n", "mqtt://localhost:1885"},
      {"listener 8883 192.0.2.1\ncertfile /x.pem\n", "mqtts://192.0.2.1:8883"},
      {"listener 9001\nprotocol websockets\nlistener 1886\n", "mqtt://localhost:1886"},
      {"listener 0 /run/mosquitto.sock\n", "mqtt+unix:///run/mosquitto.sock"},
  };
  for (const auto& [option, url] : listeners) {
    CAPTURE(option);
    CHECK(Converted(option + head).config.site.url == url);
  }
}

TEST_CASE("init --from: bridges as people publish them") {
  SUBCASE("a cloud with certificates and both directions") {
    const Converted cloud(R"(# =================================================================
# Bridges to AWS IOT
# =================================================================
connection awsiot
address a1b2c3-ats.iot.eu-west-1.amazonaws.com:8883

# Specifying which topics are bridged
topic awsiot_to_localgateway in 1
topic localgateway_to_awsiot out 1
topic both_directions both 1

bridge_protocol_version mqttv311
bridge_insecure false
cleansession true
clientid bridgeawsiot
start_type automatic
notifications false
log_type all

bridge_cafile /etc/mosquitto/certs/rootCA.pem
bridge_certfile /etc/mosquitto/certs/cert.crt
bridge_keyfile /etc/mosquitto/certs/private.key
)");
    CHECK(routes(cloud) == Lines{"down awsiot_to_localgateway @1", "up localgateway_to_awsiot @1",
                                 "up both_directions @1", "down both_directions @1"});
    CHECK(cloud.config.central.url == "mqtts://a1b2c3-ats.iot.eu-west-1.amazonaws.com:8883");
    CHECK(cloud.config.central.client_id == "bridgeawsiot");
    CHECK(contains(cloud.notes, "session_expiry: 1s"));
    CHECK_FALSE(contains(cloud.notes, "watch"));
  }
  SUBCASE("everything both ways in two lines, as in many a tutorial") {
    const Converted two(
        "connection bridge-01\naddress 192.168.1.184\n"
        "topic # out 0\ntopic # in 0\n");
    CHECK(routes(two) == Lines{"up # @0", "down # @0"});
    CHECK(contains(two.notes, "HOSTNAME.bridge-01"));
  }
  SUBCASE("the manual's example, of the system's topics") {
    const Converted system(R"(connection test-mosquitto-org
address test.mosquitto.org
cleansession true
topic clients/total in 0 test/mosquitto/org/ $SYS/broker/
)");
    CHECK(routes(system) ==
          Lines{"down $SYS/broker/clients/total -> test/mosquitto/org/clients/total @0"});
  }
  SUBCASE("a hub that wants a signature as the password") {
    const Converted hub(R"(connection azureiot
bridge_protocol_version mqttv311
address hub.azure-devices.net:8883
bridge_capath /etc/ssl/certs/
remote_clientid gate
remote_username hub.azure-devices.net/gate/?api-version=2021-04-12
remote_password SharedAccessSignature sr=hub&sig=canary%3D&se=1
notifications false
try_private false
topic devices/gate/messages/events/# out 1
topic devices/gate/messages/devicebound/# in 1
)");
    CHECK(hub.config.central.username == "hub.azure-devices.net/gate/?api-version=2021-04-12");
    CHECK(contains(hub.notes, "cat /etc/ssl/certs//*.crt"));
    CHECK_FALSE(contains(hub.yaml + hub.notes, "canary"));
    CHECK(hub.config.routes.size() == 2);
  }
  SUBCASE("a house below a prefix, whose commands come back") {
    const Converted house(R"(persistence true
listener 1883
allow_anonymous true
max_queued_messages 0
connection house
  address hq.example.net
  remote_username house
  topic zigbee2mqtt/# out 1 "" house/
  topic zigbee2mqtt/+/set in 1 "" house/
  topic homeassistant/status both 1 "" house/
)");
    CHECK(routes(house) ==
          Lines{"up zigbee2mqtt/{rest...} -> house/zigbee2mqtt/{rest...} -zigbee2mqtt/+/set @1",
                "down house/zigbee2mqtt/{level1}/set -> zigbee2mqtt/{level1}/set @1",
                "up homeassistant/status -> house/homeassistant/status @1",
                "down house/homeassistant/status -> homeassistant/status @1"});
    CHECK_FALSE(contains(house.notes, "needed no rights here"));
  }
}

TEST_CASE("init --from: a profile of MQTT 3.1.1 leaves nothing both ways") {
  const std::string text = head + "topic a/# both 2\ntopic b/# in 2\n";
  for (const BrokerKind kind : {BrokerKind::rabbitmq, BrokerKind::nats}) {
    const Converted converted(text, kind);
    CHECK(converted.config.central.protocol == Protocol::v3_1_1);
    CHECK(converted.config.routes.size() == 2);
    CHECK(contains(converted.notes, "it goes up only"));
  }
  CHECK(routes(Converted(text, BrokerKind::nats)) == Lines{"up a/# @1", "down b/# @1"});
}

TEST_CASE("init --from: files of include_dir are read, by name, and a bad file has a place") {
  const Folder folder;
  std::filesystem::create_directory(folder.path / "conf.d");
  folder.write("conf.d/20-b.conf", "connection two\naddress b\n");
  folder.write("conf.d/10-a.conf", "connection one\naddress a\n");
  folder.write("conf.d/note.txt", "no option\n");
  const std::string main =
      folder.write("m.conf", "include_dir " + (folder.path / "conf.d").string() + "\nport 1884\n");
  const MosquittoConf conf = read_mosquitto_conf(main);
  REQUIRE(conf.bridges.size() == 2);
  CHECK(conf.bridges[0].connection.value == "one");
  CHECK(conf.bridges[1].connection.place() == (folder.path / "conf.d/20-b.conf").string() + ":1");

  const std::string stray = folder.write("stray.conf", "port 1\naddress a\n");
  CHECK_THROWS_WITH(read_mosquitto_conf(stray),
                    (stray + ":2: 'address' belongs to a bridge, and no 'connection' stands before "
                             "it")
                        .c_str());
  CHECK_THROWS(read_mosquitto_conf(folder.path / "none.conf"));
  CHECK_THROWS(read_mosquitto_conf(folder.path));
  CHECK_THROWS(read_mosquitto_conf(folder.write("gone.conf", "include_dir /nowhere/at/all\n")));
}
