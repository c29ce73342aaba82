#include "config/difference.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

std::string told(const std::string& before, const std::string& after) {
  std::string all;
  for (const Difference& one : differences(values_of(before), values_of(after))) {
    all += (all.empty() ? "" : "; ") + to_string(one);
  }
  return all;
}

}  // namespace

TEST_CASE("difference: each value that changed is named, with what it was and is") {
  CHECK(told("lanes: {media: {ttl: 7d}}", "lanes: {media: {ttl: 7d}}").empty());
  CHECK(told("lanes: {media: {ttl: 7d}}", "lanes: {media: {ttl: 1d}}") ==
        "lanes.media.ttl: 7d -> 1d");
  CHECK(told("log: {level: info}", "") == "log.level: info -> (not set)");
  CHECK(told("lanes: {}", "lanes: {state: {}}") ==
        "lanes: {} -> (not set); lanes.state: (not set) -> {}");
}

TEST_CASE("difference: quotes, order of keys and comments are none") {
  CHECK(
      told("site: {url: 'mqtt://a', protocol: '5'}", "# new\nsite:\n  protocol: 5\n  url: mqtt://a")
          .empty());
}

TEST_CASE("difference: routes are known by their names, and their order counts") {
  const std::string a = "{name: a, from: a/#}", b = "{name: b, from: b/#}";
  CHECK(told("routes: [" + a + "," + b + "]", "routes: [" + b + "," + a + "]") ==
        "routes: a, b -> b, a");
  CHECK(told("routes: [" + a + "]", "routes: [" + a + ", {name: b, from: b/#}]") ==
        "routes: a -> a, b; routes.b.from: (not set) -> b/#; routes.b.name: (not set) -> b");
  CHECK(told("routes: [{name: a, exclude: [x, y]}]", "routes: [{name: a, exclude: [x, z]}]") ==
        "routes.a.exclude.2: y -> z");
}

TEST_CASE("difference: two items of one name are two") {
  CHECK(told("l: [{name: a, x: 1}, {name: a, x: 2}]", "l: [{name: a, x: 1}, {name: a, x: 3}]") ==
        "l.2.x: 2 -> 3");
}

TEST_CASE("difference: options of a policy are told, but for what may be secret") {
  CHECK(told("policies: {seats: {options: {hold: 5m}}}",
             "policies: {seats: {options: {hold: 7m}}}") ==
        "policies.seats.options.hold: 5m -> 7m");
  for (const char* name : {"key", "apiKey", "password_of_x", "Secret", "access-token"}) {
    const std::string option = std::string("policies: {seats: {options: {") + name + ": ";
    CHECK(told(option + "canary}}}", option + "b}}}") ==
          std::string("policies.seats.options.") + name + " (its values may be secret)");
  }
  CHECK(told("policies: {p: {options: {db: 'pg://u:canary@h'}}}", "policies: {p: {options: {}}}")
            .find("canary") == std::string::npos);
}
