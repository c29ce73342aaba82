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
              "10:10: \"qos\" cannot be \"3\"; use 0, 1 or 2",
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
