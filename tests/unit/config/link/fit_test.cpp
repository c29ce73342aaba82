#include "config/link/fit.hpp"

#include <doctest/doctest.h>

#include <string>

#include "support/config_file.hpp"

using namespace bascule;
using namespace config_file;

namespace {

std::string with_central(const std::string& terms, const std::string& routes) {
  return "bridge: {id: shop}\nsite: {url: \"mqtt://s\"}\ncentral: {url: \"mqtt://c\", " + terms +
         "}\nroutes:\n" + routes;
}

Lines warned(const std::string& yaml) {
  Lines lines;
  for (const Problem& problem : load(yaml).warnings) lines.push_back(problem.text);
  return lines;
}

}  // namespace

TEST_CASE("config: a topic that a broker never takes is refused") {
  const auto with = [](const std::string& to) {
    return "  - {name: a, direction: up, from: \"x/{rest...}\", to: \"" + to + "\"}\n";
  };
  CHECK(problems(with_central("topic: {levels: 3}", with("1/2/{rest...}"))) == Lines{});
  const Lines deep = problems(with_central("topic: {levels: 3}", with("1/2/3/4/{rest...}")));
  REQUIRE(deep.size() == 1);
  CHECK(deep[0].find("\"central\" takes topics of 3 levels at most, and \"1/2/3/4/#\" has more") !=
        std::string::npos);
  CHECK(problems(with_central("topic: {bytes: 8}", with("12345678"))) == Lines{});
  CHECK(problems(with_central("topic: {bytes: 8}", with("123456789"))).size() == 1);
  // The filter of a subscription has the same limits.
  CHECK(problems(
            with_central("topic: {levels: 3}", "  - {name: a, direction: down, from: 1/2/3/4}\n"))
            .size() == 1);
}

TEST_CASE("config: subscriptions are counted, the bridge's own among them") {
  const std::string routes =
      "  - {name: a, direction: down, from: a}\n  - {name: b, direction: down, from: b}\n";
  CHECK(problems(with_central("subscriptions: {total: 4}", routes)) == Lines{});
  CHECK(problems(with_central("subscriptions: {total: 2}, own_topics: off", routes)) == Lines{});
  const Lines many = problems(with_central("subscriptions: {total: 3}", routes));
  REQUIRE(many.size() == 1);
  CHECK(many[0].find("the routes and the bridge's own topics need 4 there") != std::string::npos);
}

TEST_CASE("config: what a route asks for and its broker does not have is warned of") {
  const std::string route = "  - {name: a, direction: up, from: x, qos: at least 2, retain: set}\n";
  CHECK(warned(with_central("max_qos: 2", route)) == Lines{});
  const Lines found = warned(with_central("max_qos: 1, retain: off", route));
  REQUIRE(found.size() == 2);
  CHECK(found[0].find("\"qos\" asks for more") != std::string::npos);
  CHECK(found[1].find("\"retain: set\" has no effect") != std::string::npos);
}

TEST_CASE("config: a short session beside a route that brings from there is warned of") {
  const std::string up = "  - {name: a, direction: up, from: x}\n";
  const std::string down = "  - {name: a, direction: down, from: x}\n";
  CHECK(warned(with_central("session_expiry: 23h", up)) == Lines{});
  CHECK(warned(with_central("session_expiry: 24h", down)) == Lines{});
  const Lines found = warned(with_central("session_expiry: 23h", down));
  REQUIRE(found.size() == 1);
  CHECK(found[0].starts_with("with \"session_expiry: 23h\" of \"central\" its broker drops"));
}

TEST_CASE("config: fewer than 'gather' waits for, from a RabbitMQ, are warned of") {
  const std::string down = "  - {name: a, direction: down, from: x}\n";
  const std::string gather = "journal: {gather: 500ms}\n";
  CHECK(warned(with_central("broker: rabbitmq", down)) == Lines{});
  CHECK(warned(with_central("broker: mosquitto", down) + gather) == Lines{});
  CHECK(warned(with_central("broker: rabbitmq", "  - {name: a, direction: up, from: x}\n") +
               gather) == Lines{});
  const Lines found = warned(with_central("broker: rabbitmq", down) + gather);
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("no more than 10 come from \"central\" in each 500ms") != std::string::npos);
}
