#include "route/analysis.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "message/topic.hpp"
#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

using Kind = RouteFinding::Kind;

Route rule(std::string name, Direction direction, std::string from, std::string to = "",
           std::vector<std::string> exclude = {}) {
  Route route;
  route.name = std::move(name);
  route.direction = direction;
  route.from = std::move(from);
  route.to = std::move(to);
  route.exclude = std::move(exclude);
  return route;
}

constexpr auto up = Direction::up;
constexpr auto down = Direction::down;

std::vector<RouteFinding> findings(const std::vector<Route>& rules) {
  return analyse(rules, "store-42");
}

rc::Gen<std::vector<Route>> some_rules() {
  return rc::gen::exec([] {
    std::vector<Route> rules;
    const int count = *rc::gen::inRange(2, 6);
    for (int i = 0; i < count; ++i) {
      auto route = rule("r" + std::to_string(i), *rc::gen::element(up, down), *filters());
      if (*rc::gen::inRange(0, 2) == 0) {
        route.from = *rc::gen::element<std::string>("{x}/{r...}", "a/{x}/{r...}");
        route.to = *rc::gen::element<std::string>("{r...}", "a/{r...}", "{x}", "b/{x}-{r...}",
                                                  "{r...}/{x}", "");
      }
      if (*rc::gen::inRange(0, 3) == 0) route.exclude.push_back(*filters());
      if (*rc::gen::inRange(0, 3) == 0) route.exclude.push_back(*filters());
      rules.push_back(std::move(route));
    }
    return rules;
  });
}

}  // namespace

TEST_CASE("analysis: a rule that an earlier one covers is shadowed") {
  const auto found = findings({rule("all", up, "pos/{rest...}"), rule("sales", up, "pos/+/sale")});
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == Kind::shadowed);
  CHECK(found[0].route == 1);
  CHECK(found[0].other == 0);
  CHECK(found[0].text ==
        "route 'sales' never takes a message: the earlier route 'all' takes all of 'pos/+/sale'; "
        "move 'sales' before 'all', or add an exclude to 'all'");
}

TEST_CASE("analysis: only the first rule that shadows is told") {
  const auto found = findings(
      {rule("a", up, "a/#"), rule("b", up, "b"), rule("c", up, "a/+"), rule("d", up, "a/b")});
  REQUIRE(found.size() == 2);
  CHECK(found[0].route == 2);
  CHECK(found[1].route == 3);
  CHECK(found[1].other == 0);
}

TEST_CASE("analysis: rules that only overlap, or cross the other way, are not shadowed") {
  CHECK(findings({rule("a", up, "a/+"), rule("b", up, "+/b")}).empty());
  CHECK(findings({rule("a", up, "a/b"), rule("b", up, "a/#")}).empty());
  CHECK(findings({rule("a", up, "a/#"), rule("b", down, "a/b", "c")}).empty());
  CHECK(findings({rule("a", up, "#"), rule("b", up, "$SYS/#")}).empty());
}

TEST_CASE("analysis: an exclude of the earlier rule lets the later one live") {
  CHECK(findings({rule("a", up, "a/#", "", {"a/b/#"}), rule("b", up, "a/+/c")}).empty());
  CHECK(findings({rule("a", up, "a/#", "", {"a/x/#"}), rule("b", up, "a/b")}).size() == 1);
}

TEST_CASE("analysis: an exclude that both rules have lets nothing through") {
  CHECK(findings({rule("a", up, "a/#", "", {"a/b/#"}), rule("b", up, "a/+/c", "", {"a/b/+"})})
            .size() == 1);
}

TEST_CASE("analysis: both directions on # are a loop that only other topics end") {
  const auto found = findings({rule("out", up, "#"), rule("in", down, "#")});
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == Kind::loop);
  CHECK(found[0].route == 1);
  CHECK(found[0].other == 0);
  CHECK(found[0].text ==
        "routes 'out' and 'in' send messages round in circles, over '#' at the centre and '#' at "
        "the site; give one of them a narrower 'from' or another 'to'");
}

TEST_CASE("analysis: a loop through changed topics is found, and the exclude that ends it named") {
  auto site = rule("site", up, "{all...}", "stores/{bridge.id}/{all...}");
  const auto commands = rule("commands", down, "stores/{bridge.id}/cmd/{all...}", "cmd/{all...}");
  const auto found = findings({commands, site});
  REQUIRE(found.size() == 1);
  CHECK(found[0].text ==
        "routes 'site' and 'commands' send messages round in circles, over "
        "'stores/store-42/cmd/#' at the centre and 'cmd/#' at the site; add an exclude 'cmd/#' to "
        "'site'");
  site.exclude = {"cmd/#"};
  CHECK(findings({commands, site}).empty());
}

TEST_CASE("analysis: an exclude on the way down is proposed where it serves better") {
  auto in = rule("in", down, "{x}/{all...}", "s/{all...}");
  const auto out = rule("out", up, "s/a", "c/a");
  const auto found = findings({out, in});
  REQUIRE(found.size() == 1);
  CHECK(found[0].text.ends_with("add an exclude 'c/a' to 'in'"));
  in.exclude = {"c/#"};
  CHECK(findings({out, in}).empty());
}

TEST_CASE("analysis: an exclude that leaves a part of the overlap leaves the loop") {
  CHECK(findings({rule("out", up, "#", "", {"cmd/a"}), rule("in", down, "cmd/+")}).size() == 1);
  CHECK(findings({rule("out", up, "#", "", {"cmd/+"}), rule("in", down, "cmd/+")}).empty());
}

TEST_CASE("analysis: what a rule with the same topic excludes, it does not publish") {
  CHECK(findings({rule("out", up, "#", "", {"cmd/#"}), rule("in", down, "cmd/#", "other/x")})
            .empty());
  // With another topic, the exclude says nothing about what is published.
  CHECK(findings({rule("out", up, "{a...}", "x/{a...}", {"x/cmd"}), rule("in", down, "x/cmd", "a")})
            .size() == 1);
}

TEST_CASE("analysis: the bridge's own branch is told from others") {
  CHECK(findings({rule("out", up, "pos/#", "stores/{bridge.id}/pos"),
                  rule("in", down, "stores/store-43/#", "pos/x")})
            .empty());
  CHECK(findings({rule("out", up, "pos/#", "stores/{bridge.id}/pos"),
                  rule("in", down, "stores/store-42/#", "pos/x")})
            .size() == 1);
}

TEST_CASE("analysis: a shadowed rule takes no topic") {
  check_property("analysis: shadows over random rules and topics", [] {
    const auto rules = *some_rules();
    const auto topic = *topics();
    for (const auto& finding : findings(rules)) {
      if (finding.kind != Kind::shadowed) continue;
      RouteMatch match;
      const RouteTable table(rules, rules[finding.route].direction, "store-42");
      RC_ASSERT(!table.match(topic, match) || match.route != finding.route);
    }
  });
}

TEST_CASE("analysis: whatever goes round in circles has been found") {
  check_property("analysis: circles over random rules and topics", [] {
    const auto rules = *some_rules();
    const RouteTable up_table(rules, up, "store-42");
    const RouteTable down_table(rules, down, "store-42");
    RouteMatch first, back, again;
    const auto crosses = [](const RouteTable& table, const std::string& topic, RouteMatch& match) {
      return table.match(topic, match) && valid_topic(match.topic) && match.topic[0] != '$';
    };
    const bool circles = crosses(up_table, *topics(), first) &&
                         crosses(down_table, first.topic, back) &&
                         crosses(up_table, back.topic, again) && again.route == first.route;
    if (!circles) return;
    const auto found = findings(rules);
    RC_ASSERT(std::any_of(found.begin(), found.end(), [&](const auto& finding) {
      return finding.kind == Kind::loop && finding.route == std::max(first.route, back.route) &&
             finding.other == std::min(first.route, back.route);
    }));
  });
}

TEST_CASE("analysis: an exclude that is proposed ends the loop") {
  check_property("analysis: excludes over random rules", [] {
    const auto rules = *some_rules();
    for (const auto& finding : findings(rules)) {
      const std::string before = "add an exclude '";
      const auto begin = finding.text.find(before);
      if (begin == std::string::npos) continue;
      const auto rest = finding.text.substr(begin + before.size());
      std::vector<Route> pair{rules[finding.other], rules[finding.route]};
      for (auto& route : pair) {
        if (!rest.ends_with("to '" + route.name + "'")) continue;
        route.exclude.push_back(rest.substr(0, rest.find('\'')));
      }
      RC_ASSERT(findings(pair).empty());
    }
  });
}

TEST_CASE("analysis: of 10,000 routes that do not meet none are held against each other") {
  std::vector<Route> rules;
  for (int i = 0; i < 5'000; ++i) {
    const std::string device = "device" + std::to_string(i);
    rules.push_back(
        rule("up-" + device, up, device + "/{rest...}", "plant/" + device + "/{rest...}"));
    rules.push_back(rule("down-" + device, down, "orders/" + device, device + "-orders"));
  }
  std::size_t compared = 0;
  CHECK(analyse(rules, "store-42", &compared).empty());
  CHECK(compared == 0);
  rules.push_back(rule("again", up, "device7/x"));
  CHECK(analyse(rules, "store-42", &compared).size() == 1);
  CHECK(compared == 1);
}
