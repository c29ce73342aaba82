#include "config/routes.hpp"

#include <doctest/doctest.h>

#include <string>

#include "support/config_file.hpp"

using namespace bascule;
using namespace config_file;

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
                         "    to:\n"
                         "    exclude:\n"
                         "    lane: default\n") ==
        Lines{"7:16: \"direction\" cannot be \"upp\"; did you mean \"up\"?",
              "9:14: \"exclude\" must be a list such as [a/b, c/#], not a single value",
              "10:10: \"qos\" cannot be \"3\"; use 0, 1 or 2 (at most), \"at least 1\" or "
              "\"at least 2\"",
              "11:13: \"retain\" cannot be \"kept\"; did you mean \"keep\"?",
              "12:11: \"lane\" names no lane of this file: \"sale\"; did you mean \"sales\"?",
              "13:11: \"name\" must be unique: \"a\" is already in line 6",
              "15:11: \"from\" must be a single value, not a map; a text that begins with { or [ "
              "needs quotes",
              "16:5: \"to\" has no value; a text that begins with # needs quotes",
              "17:5: \"exclude\" must be a list such as [a/b, c/#], not nothing"});
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

TEST_CASE("config: a route may raise the QoS, or lower it") {
  const auto qos = [](const std::string& text) {
    return load(least + "routes: [{name: a, direction: up, from: a, qos: " + text + "}]\n")
        .routes[0];
  };
  CHECK(qos("1").qos == Qos::at_least_once);
  CHECK(qos("1").qos_min == Qos::at_most_once);
  CHECK_FALSE(qos("at least 1").qos);
  CHECK(qos("at least 1").qos_min == Qos::at_least_once);
  CHECK(qos("at least 2").qos_min == Qos::exactly_once);
}

TEST_CASE("config: a route in both directions is two, which do not shadow or circle") {
  const BridgeConfig config =
      load(least +
           "routes:\n"
           "  - {name: chat, direction: both, from: \"chat/{rest...}\", exclude: [chat/x]}\n"
           "  - {name: moved, direction: both, from: \"a/{x}/{rest...}\", to: "
           "\"{bridge.id}/{x}/b/{rest...}\"}\n");
  REQUIRE(config.routes.size() == 4);
  CHECK(config.routes[0].direction == Direction::up);
  CHECK(config.routes[1].direction == Direction::down);
  CHECK(config.routes[1].from == "chat/{rest...}");
  CHECK(config.routes[1].exclude == Lines{"chat/x"});
  CHECK(config.routes[3].from == "{bridge.id}/{x}/b/{rest...}");
  CHECK(config.routes[3].to == "a/{x}/{rest...}");
  // What it needs so as to end.
  CHECK(config.site.protocol == Protocol::v5);
  CHECK(config.central.protocol == Protocol::v5);
}

TEST_CASE("config: a route in both directions that cannot end, or be turned round, is refused") {
  const auto wrong = problems(least +
                              "routes:\n"
                              "  - {name: a, direction: both, from: a/+, to: b/c}\n"
                              "  - {name: b, direction: both, from: \"c/{x}\", to: \"d-{x}\"}\n"
                              "  - {name: c, direction: both, from: \"e/{x}\", to: \"f/{x}\","
                              " exclude: [e/1]}\n");
  REQUIRE(wrong.size() == 3);
  CHECK_MESSAGE(wrong[0].starts_with("5:47: \"to\" cannot be turned round"), wrong[0]);
  CHECK_MESSAGE(wrong[1].starts_with("6:51: \"to\" cannot be turned round"), wrong[1]);
  CHECK(wrong[2].find("\"exclude\" names topics of one side only") != std::string::npos);
  const auto old = problems(with_site("  url: \"mqtt://localhost\"\n  protocol: 3.1.1\n") +
                            "routes: [{name: a, direction: both, from: a}]\n");
  REQUIRE(old.size() == 1);
  CHECK(old[0].find("cannot be both: \"site\" speaks MQTT 3.1.1") != std::string::npos);
  const auto bare = problems(with_site("  url: \"mqtt://localhost\"\n  stamp: off\n") +
                             "routes: [{name: a, direction: both, from: a}]\n");
  REQUIRE(bare.size() == 1);
  CHECK(bare[0].find("cannot be both: what \"site\" is sent comes back") != std::string::npos);
  // A route of its own that sends the same back is still a loop.
  const auto loop = problems(least +
                             "routes:\n"
                             "  - {name: a, direction: up, from: \"a/{x}\"}\n"
                             "  - {name: b, direction: both, from: \"a/{rest...}\"}\n");
  REQUIRE(loop.size() == 1);
  CHECK(loop[0].find("'a' and 'b' send messages round in circles") != std::string::npos);
}

TEST_CASE("config: topics that a broker of a known kind cannot carry are warnings") {
  const auto warnings = [](const std::string& broker, const std::string& id) {
    std::string all;
    for (const Problem& one :
         load("bridge: {id: " + id +
              "}\nsite: {url: mqtt://s}\ncentral: {url: mqtt://c, broker: " + broker +
              "}\n"
              "routes:\n"
              "  - {name: a, direction: up, from: \"a/{x...}\", to: \"in/{bridge.id}/{x...}\"}\n"
              "  - {name: b, direction: up, from: v1.2/b}\n"
              "  - {name: c, direction: down, from: c d/e}\n"
              "  - {name: d, direction: down, from: d, to: d.e f}\n")
             .warnings) {
      all += std::to_string(one.line) + ":" + std::to_string(one.column) + ' ';
    }
    return all;
  };
  CHECK(warnings("nats", "shop.4") == "5:52 6:36 7:38 ");
  CHECK(warnings("rabbitmq", "shop-4") == "6:36 ");
  for (const char* broker : {"auto", "mosquitto", "other"}) CHECK(warnings(broker, "shop.4") == "");
}

TEST_CASE("config: that RabbitMQ brings nothing retained to a wildcard is a warning") {
  const auto warnings = [](const std::string& broker) {
    return load("bridge: {id: shop}\nsite: {url: mqtt://s}\ncentral: {url: mqtt://c, broker: " +
                broker +
                "}\n"
                "routes:\n"
                "  - {name: a, direction: down, from: a}\n"
                "  - {name: b, direction: down, from: \"b/{x...}\"}\n"
                "  - {name: c, direction: down, from: c/+/d}\n"
                "  - {name: d, direction: up, from: d/#}\n")
        .warnings;
  };
  REQUIRE(warnings("rabbitmq").size() == 1);
  CHECK(warnings("rabbitmq")[0].line == 6);
  CHECK(warnings("rabbitmq")[0].text.find("(routes: \"b\", \"c\")") != std::string::npos);
  CHECK(warnings("auto").empty());
}

TEST_CASE("config: that a retain flag does not come over MQTT 3.1.1 is a warning") {
  const std::string old = with_site("  url: \"mqtt://localhost\"\n  protocol: 3.1.1\n");
  const auto warnings = load(old +
                             "routes:\n"
                             "  - {name: a, direction: up, from: a}\n"
                             "  - {name: b, direction: up, from: b, retain: set}\n"
                             "  - {name: c, direction: up, from: c, retain: keep}\n"
                             "  - {name: d, direction: down, from: d}\n")
                            .warnings;
  REQUIRE(warnings.size() == 1);
  CHECK(to_string(warnings[0]).find("/bascule.yaml:7:5: warning: \"retain: keep\" keeps nothing") !=
        std::string::npos);
  CHECK(warnings[0].text.find("(routes: \"a\", \"c\")") != std::string::npos);
  CHECK(load(least + "routes: [{name: a, direction: up, from: a}]\n").warnings.empty());
}
