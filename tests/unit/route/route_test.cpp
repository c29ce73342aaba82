#include "route/route.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "message/topic.hpp"
#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

Route rule(std::string from, std::string to = "", std::vector<std::string> exclude = {}) {
  Route route;
  route.name = from;
  route.from = std::move(from);
  route.to = std::move(to);
  route.exclude = std::move(exclude);
  return route;
}

RouteTable up_table(const std::vector<Route>& rules) {
  return RouteTable(rules, Direction::up, "store-42");
}

std::string target(const RouteTable& table, std::string_view topic) {
  RouteMatch match;
  return table.match(topic, match) ? std::to_string(match.route) + " " + match.topic : "none";
}

std::vector<std::string> subscriptions(const std::vector<std::string>& patterns) {
  std::vector<Route> rules;
  for (const auto& pattern : patterns) rules.push_back(rule(pattern));
  return up_table(rules).subscriptions();
}

}  // namespace

TEST_CASE("route: the first rule that matches wins") {
  const auto table = up_table({rule("a/b", "first"), rule("a/+", "second"), rule("a/#", "third")});
  CHECK(target(table, "a/b") == "0 first");
  CHECK(target(table, "a/c") == "1 second");
  CHECK(target(table, "a") == "2 third");
  CHECK(target(table, "b") == "none");
  CHECK(target(table, "") == "none");
}

TEST_CASE("route: what a rule excludes is left to the rules after it") {
  const auto table = up_table({rule("pos/#", "", {"pos/test/#", "+/{till}/draft"}),
                               rule("pos/test/{x...}", "test/{x...}")});
  CHECK(target(table, "pos/1/sale") == "0 pos/1/sale");
  CHECK(target(table, "pos/test/1") == "1 test/1");
  CHECK(target(table, "pos/test") == "1 test");
  CHECK(target(table, "pos/1/draft") == "none");
}

TEST_CASE("route: rules of the other direction are skipped and keep their index") {
  auto down = rule("a/#", "down");
  down.direction = Direction::down;
  const std::vector<Route> rules{down, rule("a/#", "up")};
  CHECK(target(up_table(rules), "a") == "1 up");
  CHECK(target(RouteTable(rules, Direction::down, "s"), "a") == "0 down");
}

TEST_CASE("route: the id of the bridge goes into patterns, excludes and targets") {
  const auto table =
      up_table({rule("in/{bridge.id}/{x}", "out/{bridge.id}/{x}", {"in/{bridge.id}/secret"})});
  CHECK(target(table, "in/store-42/a") == "0 out/store-42/a");
  CHECK(target(table, "in/store-42/secret") == "none");
  CHECK(target(table, "in/store-43/a") == "none");
}

TEST_CASE("route: topics that begin with $ match no wildcard at the start") {
  const auto table = up_table({rule("{all...}"), rule("$SYS/{x...}", "sys/{x...}")});
  CHECK(target(table, "$SYS/load") == "1 sys/load");
  CHECK(target(table, "a/$x") == "0 a/$x");
}

TEST_CASE("route: a bad rule is refused by name") {
  CHECK_THROWS_WITH_AS(up_table({rule("a{x}b")}),
                       "route 'a{x}b': '{x}' must stand alone in its level", std::invalid_argument);
  CHECK_THROWS_AS(up_table({rule("a", "{x}")}), std::invalid_argument);
  CHECK_THROWS_AS(up_table({rule("a", "", {"#/a"})}), std::invalid_argument);
}

TEST_CASE("route: a match reuses the caller's memory") {
  const auto table = up_table({rule("a/{x...}", "b/{x...}"), rule("c/#")});
  RouteMatch match;
  match.topic.reserve(200);
  const auto* memory = match.topic.data();
  const std::string rest(100, 'x');
  CHECK(table.match("a/" + rest, match));
  CHECK(match.topic == "b/" + rest);
  CHECK(table.match("c/" + rest, match));
  CHECK(match.topic == "c/" + rest);
  CHECK(match.topic.data() == memory);
}

TEST_CASE("route: what is subscribed is each rule's filter, once, and nothing wider") {
  using Filters = std::vector<std::string>;
  CHECK(subscriptions({}) == Filters{});
  CHECK(subscriptions({"a/{x}", "b/{x...}"}) == Filters{"a/+", "b/#"});
  CHECK(subscriptions({"a/b", "a/+"}) == Filters{"a/b", "a/+"});
  CHECK(subscriptions({"a/b", "a/b"}) == Filters{"a/b"});
  CHECK(subscriptions({"a/{x}", "a/{y}"}) == Filters{"a/+"});
  CHECK(subscriptions({"stores/42/{rest...}", "stores/+/broadcast"}) ==
        Filters{"stores/42/#", "stores/+/broadcast"});
}

TEST_CASE("route: the table says what matching rule by rule says") {
  check_property("route: matches of random rules", [] {
    std::vector<Route> rules;
    for (int left = *rc::gen::inRange(0, 5); left > 0; --left) {
      rules.push_back(
          rule(*filters(), "", *rc::gen::container<std::vector<std::string>>(1, filters())));
    }
    const auto topic = *topics();
    std::string expected = "none";
    for (std::size_t i = rules.size(); i-- > 0;) {
      if (matches(rules[i].from, topic) && !matches(rules[i].exclude[0], topic)) {
        expected = std::to_string(i) + " " + topic;
      }
    }
    RC_ASSERT(target(up_table(rules), topic) == expected);
  });
}
