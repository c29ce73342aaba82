#include "config/config.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "support/broker.hpp"
#include "support/config_file.hpp"

using namespace bascule;
using namespace config_file;

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

TEST_CASE("config: every key of the journal, the lanes, the control and the log is read") {
  const BridgeConfig config = load(least +
                                   "journal: {sync: normal, max_size: 1GiB, min_free: 0B,\n"
                                   "  gather: 500ms, flash: {size: 32GB, full_writes: 3000},\n"
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
  CHECK(config.journal.gather_ms == 500);
  CHECK(config.journal.endurance_bytes == 96'000'000'000'000);
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

TEST_CASE("config: the example file is valid") {
  const BridgeConfig config = load_config(BASCULE_EXAMPLE);
  CHECK(config.id == "store-42");
  CHECK(config.lanes.size() == 5);
  for (const LaneSettings& lane : config.lanes) {
    CHECK(lane.resend == (lane.name == "commands" ? Resend::never : Resend::since_crash));
  }
  CHECK(config.routes.size() == 4);
}

TEST_CASE("config: a file that cannot be read is one problem without a line") {
  const ConfigDirectory directory;
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
  const std::string large = directory.write("large.yaml", std::string((16 << 20) + 1, '#'));
  CHECK(said(large) == large + ": error: is larger than 16MiB");
}

TEST_CASE("config: a problem is printed with file, line and column, one a line") {
  const ConfigDirectory directory;
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
                                                 "1:1: \"central\" is missing: name the central "
                                                 "broker, as in central: {url: \"mqtts://host\"}; "
                                                 "without one, as at a hub, each route needs a "
                                                 "policy; routes: [] for the fleet alone",
                                                 "2:1: \"site\" needs \"url\""});
  CHECK(problems(least + "routes:\n  - lane: default\n") ==
        Lines{"5:5: a route needs \"name\"", "5:5: a route needs \"direction\"",
              "5:5: a route needs \"from\""});
}

TEST_CASE(
    "config: without a central broker, an empty list of routes is a hub for the fleet alone") {
  CHECK(problems("bridge: {id: hub}\nsite: {url: mqtt://a}\nroutes: []\n").empty());
  CHECK(load("bridge: {id: hub}\nsite: {url: mqtt://a}\nroutes: []\n").hub);
  CHECK(problems("bridge: {id: hub}\nsite: {url: mqtt://a}\n").size() == 1);
  CHECK(problems("bridge: {id: hub}\nsite: {url: mqtt://a}\n"
                 "routes: [{name: a, direction: up, from: a}]\n")
            .size() == 1);
}

TEST_CASE("config: an unknown key is refused with the key that was meant") {
  const std::pair<std::string, std::string> table[] = {
      {"sit: {}\n", "4:1: unknown key \"sit\" in the file; did you mean \"site\"?"},
      {"log:\n  Level: info\n", "5:3: unknown key \"Level\" in \"log\"; did you mean \"level\"?"},
      {"journal: {fsync: full}\n",
       "4:11: unknown key \"fsync\" in \"journal\"; did you mean \"sync\"?"},
      {"journal: {turbo: 1}\n",
       "4:11: unknown key \"turbo\" in \"journal\"; use sync, gather, max_size, min_free, "
       "when_full, keep_forwarded, max_payload, must_exist, endurance or flash"},
      {"lanes: {a: {prio: 1}}\n",
       "4:13: unknown key \"prio\" in \"lanes.a\"; did you mean \"priority\"?"},
      {"control: {port: 1}\n", "4:11: unknown key \"port\" in \"control\"; use socket or http"},
      {"\"a\\nb\": 1\n",
       "4:1: unknown key \"a?b\" in the file; use bridge, journal, site, central, lanes, "
       "policies, routes, control or log"},
  };
  for (const auto& [yaml, expected] : table) CHECK(problems(least + yaml) == Lines{expected});
}

TEST_CASE("config: a key that stands twice is refused, with both lines") {
  CHECK(problems(least + "log:\n  level: info\n  level: debug\nlog: {}\n") ==
        Lines{"6:3: key \"level\" is already in line 5; keep one of them",
              "7:1: key \"log\" is already in line 4; keep one of them"});
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

TEST_CASE("config: the API over TCP is off, and has a token file where it is on") {
  CHECK_FALSE(load(least).control.http);
  CHECK(problems(least + "control: {http: \"127.0.0.1:8642\"}\n").size() == 1);
  CHECK(problems(least + "control: {token_file: /dev/null}\n") ==
        Lines{"4:11: \"token_file\" has no effect without \"http\": where to listen"});
  for (const std::string wrong : {"8642", "localhost", ":8642", "127.0.0.1:0", "127.0.0.1:65536",
                                  "::1:8642", "box.example.net:8642", "http://127.0.0.1:8642"}) {
    CHECK_MESSAGE(problems(least + "control: {http: \"" + wrong + "\"}\n").size() == 1, wrong);
  }
  test::TempDir dir;
  const std::string tokens = ", token_file: " + dir.write("tokens", "look a 3f1d9c0b7a5e4d21a0c4");
  const auto http = load(least + "control: {http: \"[::1]:8642\"" + tokens + "}\n").control.http;
  REQUIRE(http);
  CHECK(http->address == "::1");
  CHECK(http->port == 8642);
  CHECK(problems(least + "control: {http: \"0.0.0.0:80\"" + tokens + "}\n").size() == 1);
}

TEST_CASE("config: the flash is told as its maker has it, or in one figure") {
  const auto endurance = [](const std::string& keys) {
    return load(least + "journal: {" + keys + "}\n").journal.endurance_bytes;
  };
  CHECK(endurance("flash: {size: 1TB, full_writes: 600}") == 600'000'000'000'000);
  CHECK(endurance("flash: {size: 64GiB, full_writes: 1}") == std::uint64_t{64} << 30);
  CHECK(endurance("endurance: 1TiB") == std::uint64_t{1} << 40);
  CHECK(endurance("") == 0);
  const auto wrong = [](const std::string& keys) {
    return problems(least + "journal: {" + keys + "}\n").size() == 1;
  };
  CHECK(wrong("flash: {size: 32GB}"));
  CHECK(wrong("flash: {full_writes: 3000}"));
  CHECK(wrong("flash: {size: 32, full_writes: 3000}"));
  CHECK(wrong("flash: {size: 32GB, full_writes: 0}"));
  CHECK(wrong("flash: {size: 32GB, full_writes: 3000}, endurance: 1TiB"));
  // The largest of both is no overflow.
  CHECK(endurance("flash: {size: 1024TiB, full_writes: 10000000}") == std::uint64_t{65'536} << 40);
}

TEST_CASE("config: what is nearly right in the journal is told once, with what was meant") {
  const std::pair<std::string, std::string> table[] = {
      {"gather: 500", R"(4:19: "gather" needs a unit, such as "500ms")"},
      {"gather: 5", R"(4:19: "gather" needs a unit, such as "5s")"},
      {"flash: {size: 32gb, full_writes: 3000}",
       R"(4:25: "size" has an unknown unit in "32gb"; did you mean "32GB"?)"},
      {"flash: {size: 32 GB, full_writes: 3000}",
       R"(4:25: "size" has an unknown unit in "32 GB"; did you mean "32GB"?)"},
      {"flash: {size: 32, full_writes: 3000}",
       R"(4:25: "size" needs a unit, such as "32GB" or "32TB")"},
      {"flash: 32GB",
       R"(4:11: "flash" must be a map, such as flash: {size: 32GB, full_writes: 3000})"},
      {"flash: {size: 32GB, full_write: 3000}",
       "4:31: unknown key \"full_write\" in \"journal.flash\"; did you mean \"full_writes\"?"},
      {"flash: {size: 32GB}", R"(4:11: "journal.flash" needs "full_writes")"},
  };
  for (const auto& [keys, expected] : table) {
    CHECK(problems(least + "journal: {" + keys + "}\n") == Lines{expected});
  }
}

TEST_CASE("config: commits wait for company no longer than is sane, and long waits are warned of") {
  const auto warnings = [](const std::string& gather) {
    return load(least + "journal: {gather: " + gather + "}\n").warnings.size();
  };
  CHECK(warnings("1s") == warnings("0s"));
  CHECK(warnings("1001ms") == warnings("0s") + 1);
  CHECK(problems(least + "journal: {gather: 11s}\n").size() == 1);
}
