#include "config/config.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

template <>
struct doctest::StringMaker<std::vector<std::string>> {
  static String convert(const std::vector<std::string>& lines) {
    std::string out;
    for (const std::string& line : lines) out += '\n' + line;
    return out.c_str();
  }
};

using namespace bascule;
using namespace std::chrono_literals;

namespace {

// A directory of its own for each case, gone at the end.
class Directory {
 public:
  Directory() { path_ = ::mkdtemp(path_.data()); }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ + '/' + name, std::ios::binary) << content;
    return path_ + '/' + name;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/bascule-config-XXXXXX";
};

BridgeConfig load(const std::string& yaml) {
  const Directory directory;
  return load_config(directory.write("bascule.yaml", yaml));
}

// "line:col: text" for each problem of a file with this content.
std::vector<std::string> problems(const std::string& yaml) {
  std::vector<std::string> out;
  try {
    load(yaml);
  } catch (const ConfigError& error) {
    for (const Problem& problem : error.problems()) {
      out.push_back(std::to_string(problem.line) + ':' + std::to_string(problem.column) + ": " +
                    problem.text);
    }
  }
  return out;
}

using Lines = std::vector<std::string>;

// The least that a file needs; what follows it begins in line 4.
const std::string least =
    "bridge: {id: shop}\n"
    "site: {url: \"mqtt://localhost\"}\n"
    "central: {url: \"mqtt://central\"}\n";

// A file whose site has these lines, indented by two, from line 2 on.
std::string with_site(const std::string& lines) {
  return "site:\n" + lines + "bridge: {id: shop}\ncentral: {url: \"mqtt://central\"}\n";
}

}  // namespace

TEST_CASE("config: the least file gets every default") {
  const BridgeConfig config = load(least);
  CHECK(config.id == "shop");
  CHECK(config.data_dir == "/var/lib/bascule");
  CHECK(config.journal.data_dir == "/var/lib/bascule");
  CHECK(config.site.name == "site");
  CHECK(config.site.url == "mqtt://localhost");
  CHECK(config.site.client_id == "bascule-shop-site");
  CHECK(config.central.name == "central");
  CHECK(config.central.client_id == "bascule-shop-central");
  CHECK_FALSE(config.central.will);
  CHECK(config.journal.sync == JournalSettings::Sync::full);
  REQUIRE(config.lanes.size() == 1);
  CHECK(config.lanes[0].name == "default");
  CHECK(config.routes.empty());
  CHECK(config.control.socket == "/run/bascule/control.sock");
  CHECK(config.log.level == LogLevel::info);
}

TEST_CASE("config: every key of a link is read") {
  const Directory directory;
  const std::string file = directory.write("some.pem", "x");
  const LinkSettings link = load(with_site("  url: mqtts://broker:1234\n"
                                           "  client: native\n"
                                           "  client_id: x-{bridge.id}-{bridge.id}\n"
                                           "  username: me\n"
                                           "  password_file: " +
                                           file +
                                           "\n"
                                           "  tls: {ca_file: " +
                                           file + ", cert_file: " + file + ", key_file: " + file +
                                           ", insecure: true}\n"
                                           "  protocol: 3.1.1\n"
                                           "  keep_alive: 5s\n"
                                           "  session_expiry: 1d\n"
                                           "  reconnect: {min: 100ms, max: 2s}\n"
                                           "  window: 20\n"
                                           "  slow_after: 700ms\n"
                                           "journal: {max_payload: 1MiB}\n"))
                                .site;
  CHECK(link.url == "mqtts://broker:1234");
  CHECK(link.client == Client::native);
  CHECK(link.client_id == "x-shop-shop");
  CHECK(link.username == "me");
  CHECK(link.password_file == file);
  CHECK(link.tls.ca_file == file);
  CHECK(link.tls.cert_file == file);
  CHECK(link.tls.key_file == file);
  CHECK(link.tls.insecure);
  CHECK(link.protocol == Protocol::v3_1_1);
  CHECK(link.keep_alive == 5s);
  CHECK(link.session_expiry == 24h);
  CHECK(link.reconnect_min == 100ms);
  CHECK(link.reconnect_max == 2s);
  CHECK(link.window == 20);
  CHECK(link.slow_after == 700ms);
  CHECK(link.max_payload_bytes == 1 << 20);
}

TEST_CASE("config: every key of the journal, the lanes, the control and the log is read") {
  const BridgeConfig config = load(least +
                                   "journal: {sync: normal, max_size: 1GiB, min_free: 0B,\n"
                                   "  when_full: drop-newest, keep_forwarded: 2d}\n"
                                   "lanes:\n"
                                   "  media: {priority: 1, rate: 2KiB/s, hours: 22:00-06:00,\n"
                                   "    ttl: 7d, max_size: 1MiB, when_full: drop-oldest}\n"
                                   "  state: {keep: latest}\n"
                                   "  default:\n"
                                   "control: {socket: /tmp/c.sock}\n"
                                   "log: {level: debug, format: json}\n");
  CHECK(config.journal.sync == JournalSettings::Sync::normal);
  CHECK(config.journal.max_size_bytes == 1 << 30);
  CHECK(config.journal.min_free_bytes == 0);
  CHECK(config.journal.when_full == WhenFull::drop_newest);
  CHECK(config.journal.keep_forwarded_ms == 172'800'000);
  REQUIRE(config.lanes.size() == 3);
  const LaneSettings& media = config.lanes[0];
  CHECK(media.name == "media");
  CHECK(media.priority == 1);
  CHECK(media.rate.bytes_per_s == 2'048);
  REQUIRE(media.hours);
  CHECK(media.hours->from_min == 1'320);
  CHECK(media.ttl_ms == 604'800'000);
  CHECK(media.max_size_bytes == 1 << 20);
  CHECK(media.when_full == WhenFull::drop_oldest);
  CHECK(config.lanes[1].keep == Keep::latest);
  CHECK(config.lanes[2].name == "default");
  CHECK(config.control.socket == "/tmp/c.sock");
  CHECK(config.log.level == LogLevel::debug);
  CHECK(config.log.format == LogFormat::json);
}

TEST_CASE("config: every key of a route is read") {
  const BridgeConfig config = load(least +
                                   "lanes: {sales: {}}\n"
                                   "routes:\n"
                                   "  - name: sales\n"
                                   "    direction: down\n"
                                   "    from: pos/{till}/{rest...}\n"
                                   "    exclude: [pos/test/#, pos/+/x]\n"
                                   "    to: \"{till}/{bridge.id}/{rest...}\"\n"
                                   "    qos: 1\n"
                                   "    retain: set\n"
                                   "    lane: sales\n");
  REQUIRE(config.routes.size() == 1);
  const Route& route = config.routes[0];
  CHECK(route.name == "sales");
  CHECK(route.direction == Direction::down);
  CHECK(route.from == "pos/{till}/{rest...}");
  CHECK(route.exclude == Lines{"pos/test/#", "pos/+/x"});
  CHECK(route.to == "{till}/{bridge.id}/{rest...}");
  CHECK(route.qos == Qos::at_least_once);
  CHECK(route.retain == RetainRule::set);
  CHECK(route.lane == "sales");
}

TEST_CASE("config: the example file is valid") {
  const auto root = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  const BridgeConfig config = load_config(root / "config" / "bascule.yaml");
  CHECK(config.id == "store-42");
  CHECK(config.lanes.size() == 4);
  CHECK(config.routes.size() == 4);
}

TEST_CASE("config: a file that cannot be read is one problem without a line") {
  const Directory directory;
  const auto said = [](const std::string& path) {
    try {
      load_config(path);
      return std::string();
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
  };
  CHECK(said("/nowhere/x.yaml") ==
        "/nowhere/x.yaml: error: no such file; name another with -c FILE");
  CHECK(said(directory.path()) == directory.path() + ": error: is a directory");
  const std::string empty = directory.write("empty.yaml", "# nothing yet\n");
  CHECK(said(empty) == empty + ": error: is empty; it needs \"bridge\", \"site\" and \"central\"");
  const std::string large = directory.write("large.yaml", std::string((1 << 20) + 1, '#'));
  CHECK(said(large) == large + ": error: is larger than 1MiB");
}

TEST_CASE("config: a problem is printed with file, line and column, one a line") {
  const Directory directory;
  const std::string path = directory.write("a.yaml", least + "log: {level: loud, form: text}\n");
  CHECK_THROWS_WITH_AS(load_config(path),
                       (path +
                        ":4:14: error: \"level\" cannot be \"loud\"; use trace, debug, "
                        "info, warn or error\n" +
                        path +
                        ":4:20: error: unknown key \"form\" in \"log\"; did you mean "
                        "\"format\"?")
                           .c_str(),
                       ConfigError);
}

TEST_CASE("config: what is no YAML is one problem at its place") {
  const std::pair<std::string, std::string> table[] = {
      {"a: b: c\n",
       "1:5: not valid YAML: a \":\" is out of place; check the indentation and the line above, "
       "and quote a text that contains \": \""},
      {"site:\n\turl: x\n", "2:5: not valid YAML: a tab cannot indent; use spaces"},
      {"site:\n  url: x\n ulr: y\n",
       "3:2: not valid YAML: this continues nothing above; check the indentation, and quote a "
       "text that begins with {"},
      {"a: {b: c/{d}/e}\n",
       "1:10: not valid YAML: a { is not closed; inside braces, quote a text that contains { or }"},
      {"a: [b\nc: d\n",
       "2:2: not valid YAML: a [ is not closed; inside brackets, quote a text that contains { or "
       "}"},
      {"a: */b\n",
       "1:4: not valid YAML: this alias has no anchor; quote a text that begins with *"},
      {"a: @b\n", "1:4: not valid YAML: quote a text that begins with this character"},
      {"a: \"b\nc: d\n", "1:4: the quote that opens here is not closed"},
      {"a: &x [*x]\n", "1:8: an alias inside its own anchor"},
      {"{a}: b\n", "1:1: a key must be a text; a text that begins with { needs quotes"},
      {"a: b\n---\nc: d\n",
       "2:1: the settings end above this line; check the indentation, and write one document "
       "only"},
  };
  for (const auto& [yaml, expected] : table) CHECK(problems(yaml) == Lines{expected});
}

TEST_CASE("config: a file of the wrong shape is refused where the shape is wrong") {
  CHECK(problems("- a\n") == Lines{"1:1: the file must be a map of keys and values, not a list"});
  CHECK(problems("bridge: shop\nsite: [x]\ncentral: {url: {a: b}}\n") ==
        Lines{"1:9: \"bridge\" must be a map of keys and values, not a single value",
              "2:7: \"site\" must be a map of keys and values, not a list",
              "3:16: \"url\" must be a single value, not a map; a text that begins with { or [ "
              "needs quotes"});
  CHECK(problems(least + "routes: {a: b}\n") ==
        Lines{"4:9: \"routes\" must be a list, not a map; begin each item with \"- \""});
}

TEST_CASE("config: what is required is named where it is missing") {
  CHECK(problems("bridge:\nsite: {}\n") == Lines{"1:1: \"bridge\" needs \"id\"",
                                                 "1:1: \"central\" needs \"url\"",
                                                 "2:1: \"site\" needs \"url\""});
  CHECK(problems(least + "routes:\n  - lane: default\n") ==
        Lines{"5:5: a route needs \"name\"", "5:5: a route needs \"direction\"",
              "5:5: a route needs \"from\""});
}

TEST_CASE("config: an unknown key is refused with the key that was meant") {
  const std::pair<std::string, std::string> table[] = {
      {"sit: {}\n", "4:1: unknown key \"sit\" in the file; did you mean \"site\"?"},
      {"log:\n  Level: info\n", "5:3: unknown key \"Level\" in \"log\"; did you mean \"level\"?"},
      {"journal: {fsync: full}\n",
       "4:11: unknown key \"fsync\" in \"journal\"; did you mean \"sync\"?"},
      {"journal: {turbo: 1}\n",
       "4:11: unknown key \"turbo\" in \"journal\"; use sync, max_size, min_free, when_full, "
       "keep_forwarded or max_payload"},
      {"lanes: {a: {prio: 1}}\n",
       "4:13: unknown key \"prio\" in \"lanes.a\"; did you mean \"priority\"?"},
      {"control: {port: 1}\n", "4:11: unknown key \"port\" in \"control\"; use socket"},
      {"\"a\\nb\": 1\n",
       "4:1: unknown key \"a?b\" in the file; use bridge, journal, site, central, lanes, routes, "
       "control or log"},
  };
  for (const auto& [yaml, expected] : table) CHECK(problems(least + yaml) == Lines{expected});
}

TEST_CASE("config: a key that stands twice is refused, with both lines") {
  CHECK(problems(least + "log:\n  level: info\n  level: debug\nlog: {}\n") ==
        Lines{"6:3: key \"level\" is already in line 5; keep one of them",
              "7:1: key \"log\" is already in line 4; keep one of them"});
}

TEST_CASE("config: anchors, aliases and merged keys work") {
  const BridgeConfig config = load(
      "bridge: {id: shop}\n"
      "site: &link\n"
      "  url: mqtt://localhost\n"
      "  keep_alive: &time 7s\n"
      "  slow_after: *time\n"
      "central:\n"
      "  <<: *link\n"
      "  url: mqtt://central\n");
  CHECK(config.site.slow_after == 7s);
  CHECK(config.central.keep_alive == 7s);
  CHECK(config.central.url == "mqtt://central");
  CHECK(problems(least + "journal: {max_size: &x 1GiB, when_full: *x}\n") ==
        Lines{"4:41: \"when_full\" cannot be \"1GiB\"; use pause, drop-oldest or drop-newest"});
}

TEST_CASE("config: a value out of its range or of another kind is refused with the range") {
  const std::pair<std::string, std::string> table[] = {
      {"keep_alive: 19h", "\"keep_alive\" must be 1s to 18h, not \"19h\""},
      {"keep_alive: 500ms", "\"keep_alive\" must be 1s to 18h, not \"500ms\""},
      {"keep_alive: 30", "\"keep_alive\" needs a unit, such as \"30s\" or \"30m\""},
      {"window: 0", "\"window\" must be a whole number, 1 to 65535, not \"0\""},
      {"window: 65536", "\"window\" must be a whole number, 1 to 65535, not \"65536\""},
      {"window: 10.5", "\"window\" must be a whole number, 1 to 65535, not \"10.5\""},
      {"client: nativ", "\"client\" cannot be \"nativ\"; did you mean \"native\"?"},
      {"protocol: 3.1", "\"protocol\" cannot be \"3.1\"; did you mean \"3.1.1\"?"},
      {"protocol: 4", "\"protocol\" cannot be \"4\"; use auto, 5 or 3.1.1"},
      {"client_id: \"\"", "\"client_id\" must not be empty"},
      {"client_id: a-{id}", "\"client_id\" can hold {bridge.id}, but no other braces"},
      {"username: \"a\\0\"", "\"username\" must be UTF-8 text without control characters"},
      {"session_expiry: 0s", "\"session_expiry\" must be 1s to 49710d, not \"0s\""},
  };
  for (const auto& [line, expected] : table) {
    const std::string column = std::to_string(line.find(' ') + 4);
    CHECK(problems(with_site("  url: mqtt://localhost\n  " + line + '\n')) ==
          Lines{"3:" + column + ": " + expected});
  }
}

TEST_CASE("config: values of the other sections have their ranges too") {
  const std::pair<std::string, std::string> table[] = {
      {"lanes: {a: {priority: 10}}\n",
       "4:23: \"priority\" must be a whole number, 0 to 9, not \"10\""},
      {"lanes: {a/b: {}}\n",
       "4:9: the name of a lane must be 1 to 64 letters, digits, dots, dashes or underscores, not "
       "\"a/b\""},
      {"lanes: {a: {hours: \"22-6\"}}\n",
       "4:20: \"hours\" must be hours such as 22:00-06:00, not \"22-6\""},
      {"journal: {max_size: 4GB}\n",
       "4:21: \"max_size\" has an unknown unit in \"4GB\"; did you mean \"4GiB\"?"},
      {"journal: {max_size: 1MiB}\n",
       "4:21: \"max_payload\" (16MiB) must not be more than \"max_size\" (1MiB)"},
      {"journal: {when_full: drop_oldest}\n",
       "4:22: \"when_full\" cannot be \"drop_oldest\"; did you mean \"drop-oldest\"?"},
      {"control: {socket: control.sock}\n", "4:19: \"socket\" must be a path that begins with /"},
      {"log:\n  level: #debug\n",
       "5:3: \"level\" has no value; a text that begins with # needs quotes"},
  };
  for (const auto& [yaml, expected] : table) CHECK(problems(least + yaml) == Lines{expected});
  CHECK(problems(least + "control: {socket: /" + std::string(107, 's') + "}\n") ==
        Lines{"4:19: \"socket\" is too long for a socket; use 107 bytes at most"});
}

TEST_CASE("config: the id of the bridge is one that topics and stamps can carry") {
  for (const std::string id : {"a/b", "caf\u00e9", "a b", "+"}) {
    CHECK(problems("bridge: {id: \"" + id + "\"}\n" + least.substr(least.find('\n') + 1)) ==
          Lines{"1:14: \"id\" must be 1 to 64 letters, digits, dots, dashes or underscores, not "
                "\"" +
                id + '"'});
  }
}

TEST_CASE("config: a URL is refused with what a URL looks like, and never repeated") {
  const std::pair<std::string, std::string> table[] = {
      {"localhost:1883", "must begin with a scheme, as in mqtt://localhost:1883"},
      {"tcp://h", "cannot begin with \"tcp\"; did you mean \"mqtt\"?"},
      {"mqqt://h", "cannot begin with \"mqqt\"; did you mean \"mqtt\"?"},
      {"ftp://h", "cannot begin with \"ftp\"; use mqtt, mqtts, ws, wss or mqtt+unix"},
      {"mqtt://", "must name a host, as in mqtt://localhost:1883"},
      {"mqtt://:1883", "must name a host, as in mqtt://localhost:1883"},
      {"mqtt://h:0", "must end in a port from 1 to 65535, as in mqtt://host:1883"},
      {"mqtt://h:65536", "must end in a port from 1 to 65535, as in mqtt://host:1883"},
      {"mqtt://h:x", "must end in a port from 1 to 65535, as in mqtt://host:1883"},
      {"mqtt://::1:1883", "must have an IPv6 address in brackets, as in mqtt://[::1]:1883"},
      {"mqtt://[::1", "has a [ without a ]"},
      {"mqtt://h/x", "must end after the host and the port; only ws and wss take a path"},
      {"mqtt+unix://run/x", "must hold an absolute path, as in mqtt+unix:///run/mqtt.sock"},
      {"mqtt://me:canary@h", "must not hold a user or a password; use username and password_file"},
      {"mqtt://me:can/ary@h", "must not hold a user or a password; use username and password_file"},
  };
  for (const auto& [url, expected] : table) {
    CHECK(problems(with_site("  url: \"" + url + "\"\n")) == Lines{"2:8: \"url\" " + expected});
  }
  for (const char* url :
       {"mqtt://h", "mqtt://10.0.0.1:1", "mqtts://a-b.c_d:65535", "ws://h/mqtt?x=1", "wss://h",
        "mqtt://[::1]:1883", "mqtt://[fe80::1%25eth0]", "mqtt+unix:///x"}) {
    CHECK(problems(with_site("  url: \"" + std::string(url) + "\"\n")) == Lines{});
  }
}

TEST_CASE("config: files that a link names must be there") {
  const Directory directory;
  CHECK(problems(with_site("  url: mqtts://h\n"
                           "  password_file: /nowhere/canary\n"
                           "  tls:\n"
                           "    ca_file: " +
                           directory.path() +
                           "\n"
                           "    cert_file: canary\n"
                           "    key_file: /dev/null/canary\n")) ==
        Lines{"3:18: \"password_file\" names no such file",
              "5:14: \"ca_file\" is a directory; name a file",
              "6:16: \"cert_file\" must be a path that begins with /",
              "7:15: \"key_file\" names no such file"});
}

TEST_CASE("config: a file without permission to read is named as that" *
          doctest::skip(::geteuid() == 0)) {
  const Directory directory;
  const std::string path = directory.write("secret", "x");
  std::filesystem::permissions(path, std::filesystem::perms::none);
  CHECK(problems(with_site("  url: mqtt://h\n  password_file: " + path + '\n')) ==
        Lines{"3:18: \"password_file\" names a file that cannot be read: Permission denied"});
}

TEST_CASE("config: a password in the file is refused and never repeated") {
  CHECK(problems(with_site("  url: mqtt://h\n  password: canary\n")) ==
        Lines{"3:3: a password does not belong in this file; put it in a file of its own and name "
              "that with \"password_file\""});
}

TEST_CASE("config: keys of a link that contradict each other are refused") {
  const Directory directory;
  const std::string file = directory.write("x.pem", "x");
  CHECK(problems(with_site("  url: mqtt://h\n  tls: {insecure: true}\n")) ==
        Lines{"3:3: \"tls\" has no effect on a mqtt URL; use mqtts or wss, or remove this key"});
  CHECK(problems(with_site("  url: mqtts://h\n  tls: {cert_file: " + file + "}\n")) ==
        Lines{"3:20: \"cert_file\" needs \"key_file\" beside it"});
  CHECK(problems(with_site("  url: mqtts://h\n  tls: {key_file: " + file + "}\n")) ==
        Lines{"3:19: \"key_file\" needs \"cert_file\" beside it"});
  CHECK(problems(with_site("  url: mqtt://h\n  reconnect: {min: 5m}\n")) ==
        Lines{"3:20: \"min\" (5m) must not be more than \"max\" (1m)"});
  CHECK(problems(with_site("  url: ws://h\n  client: native\n")) ==
        Lines{"3:11: \"client\" cannot be \"native\" for a ws URL; use auto or paho"});
}

TEST_CASE("config: two links that would take over each other's session are refused") {
  const auto both = [](const std::string& site, const std::string& central) {
    return problems("bridge: {id: shop}\nsite: {url: \"" + site + "\", client_id: same}\n" +
                    "central:\n  url: \"" + central + "\"\n  client_id: same\n");
  };
  const std::string text =
      "5:14: \"site\" and \"central\" have the same broker and the same client_id, so that each "
      "would end the other's connection; change one";
  CHECK(both("mqtt://h", "mqtt://h:1883") == Lines{text});
  CHECK(both("mqtt+unix:///x", "mqtt+unix:///x") == Lines{text});
  CHECK(both("mqtt://h", "mqtt://h:1884") == Lines{});
}

TEST_CASE("config: what this version cannot do is refused at its key, and not looked into") {
  CHECK(problems(least + "policies: {seats: {plugin: oversell}}\n"
                         "control: {http: \"127.0.0.1:8642\"}\n"
                         "routes:\n"
                         "  - {name: a, direction: up, from: a, policy: seats}\n") ==
        Lines{"4:1: policies are not available in this version; remove this key",
              "5:11: control.http is not available in this version; use control.socket",
              "7:39: policies are not available in this version; remove this key"});
}

TEST_CASE("config: values of a route are checked") {
  CHECK(problems(least + "lanes: {sales: {}}\n"
                         "routes:\n"
                         "  - name: a\n"
                         "    direction: upp\n"
                         "    from: a/#\n"
                         "    exclude: a/b\n"
                         "    qos: 3\n"
                         "    retain: kept\n"
                         "    lane: sale\n"
                         "  - name: a\n"
                         "    direction: down\n"
                         "    from: {rest...}\n"
                         "    to:\n") ==
        Lines{"7:16: \"direction\" cannot be \"upp\"; did you mean \"up\"?",
              "9:14: \"exclude\" must be a list such as [a/b, c/#], not a single value",
              "10:10: \"qos\" cannot be \"3\"; use 0, 1 or 2",
              "11:13: \"retain\" cannot be \"kept\"; did you mean \"keep\"?",
              "12:11: \"lane\" names no lane of this file: \"sale\"; did you mean \"sales\"?",
              "13:11: \"name\" must be unique: \"a\" is already in line 6",
              "15:11: \"from\" must be a single value, not a map; a text that begins with { or [ "
              "needs quotes",
              "16:5: \"to\" has no value; a text that begins with # needs quotes"});
}

TEST_CASE("config: impossible topics are refused where they stand") {
  const Lines found = problems(least +
                               "routes:\n"
                               "  - name: a\n"
                               "    direction: up\n"
                               "    from: a/#/b\n"
                               "  - name: b\n"
                               "    direction: up\n"
                               "    from: b/{x}\n"
                               "    exclude: [b/c, b/d+]\n"
                               "    to: b/{y}\n");
  REQUIRE(found.size() == 3);
  CHECK(found[0].starts_with("7:11: \"from\" is impossible: "));
  CHECK(found[1].starts_with("11:20: \"exclude\" is impossible: "));
  CHECK(found[2].starts_with("12:9: \"to\" is impossible: "));
}

TEST_CASE("config: routes that contradict each other are refused, with both lines") {
  const Lines found = problems(least +
                               "routes:\n"
                               "  - name: all\n"
                               "    direction: up\n"
                               "    from: a/#\n"
                               "  - name: never\n"
                               "    direction: up\n"
                               "    from: a/b\n"
                               "  - name: back\n"
                               "    direction: down\n"
                               "    from: a/c\n");
  REQUIRE(found.size() == 2);
  CHECK(found[0].starts_with("8:5: "));
  CHECK(found[0].ends_with(" (the other is in line 5)"));
  CHECK(found[1].starts_with("11:5: "));
  CHECK(found[1].ends_with(" (the other is in line 5)"));
}
