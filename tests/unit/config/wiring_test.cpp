#include "config/wiring.hpp"

#include <doctest/doctest.h>

#include "support/config_file.hpp"

using namespace bascule;
using namespace config_file;

namespace {

PolicyTopic takes(const std::string& name, const std::string& filter, Direction direction,
                  bool needed = true) {
  return {PolicyTopic::Kind::takes, direction, needed, {"/topics/" + name, ""}, filter, ""};
}

PolicyTopic sends(const std::string& name, const std::string& filter, Direction direction,
                  const std::string& lane = "") {
  return {PolicyTopic::Kind::sends, direction, true, {"/topics/" + name, ""}, filter, lane};
}

const std::string head = least + "lanes: {state: {keep: latest}, old: {ttl: 1h}, b: {}}\n";

// "line:col: text" of what is wrong between these routes and topics.
Lines wrong(const std::string& routes, const std::vector<PolicyTopic>& topics,
            const std::string& more = "") {
  const BridgeConfig config =
      load(head + "policies: {p: {plugin: x" + more + "}}\nroutes: [" + routes + "]\n");
  Problems problems(config.file);
  check_wiring(config, config.policies.at(0), topics, problems);
  Lines out;
  try {
    problems.throw_if_any();
  } catch (const ConfigError& error) {
    for (const Problem& problem : error.problems()) {
      out.push_back(std::to_string(problem.line) + ':' + std::to_string(problem.column) + ": " +
                    problem.text);
    }
  }
  return out;
}

const std::string asked = "{name: asked, direction: up, from: \"seats/{item}/ask\", policy: p}";

}  // namespace

TEST_CASE("wiring: a topic that the policy needs, and no route brings") {
  const std::vector<PolicyTopic> topics{takes("ask", "seats/+/ask", Direction::up),
                                        takes("inbox", "inbox/shop", Direction::down)};
  CHECK(wrong(asked, topics) ==
        Lines{"5:12: \"options.topics.inbox\": no route brings \"inbox/shop\" to this policy; add "
              "one with direction: down and policy: p"});
  CHECK(wrong(asked + ", {name: news, direction: down, from: \"inbox/{bridge.id}\", policy: p}",
              topics)
            .empty());
  CHECK(
      wrong(asked + ", {name: news, direction: down, from: inbox/bar, policy: p}", topics).size() ==
      2);
  CHECK(wrong(asked + ", {name: news, direction: down, from: \"inbox/+\", policy: p}", topics)
            .empty());
  CHECK(wrong(asked + ", {name: news, direction: down, from: \"far/+\", to: inbox/shop, policy: p}",
              topics)
            .empty());
  CHECK(wrong(asked + ", {name: news, direction: down, from: \"inbox/+\", policy: p, exclude: "
                      "[inbox/#]}",
              topics)
            .size() == 2);
  CHECK(wrong(asked + ", {name: news, direction: down, from: inbox/shop}", topics).size() == 1);
}

TEST_CASE("wiring: a route of which the policy takes nothing") {
  const std::vector<PolicyTopic> topics{takes("ask", "seats/+/ask", Direction::up, false)};
  CHECK(wrong(asked, topics).empty());
  CHECK(wrong("{name: typo, direction: up, from: \"seat/{item}/ask\", policy: p}", topics) ==
        Lines{"5:12: the policy \"p\" takes nothing of what the route \"typo\" brings up: "
              "\"seat/+/ask\"; it takes \"seats/+/ask\""});
  CHECK(wrong("{name: back, direction: down, from: \"seats/{item}/ask\", policy: p}", topics) ==
        Lines{"5:12: the policy \"p\" takes nothing of what the route \"back\" brings down: "
              "\"seats/+/ask\"; it takes nothing in this direction"});
  CHECK(wrong("{name: typo, direction: up, from: x, policy: p}", {}).empty());  // it says nothing
}

TEST_CASE("wiring: what it sends comes back as what it takes") {
  const std::vector<PolicyTopic> topics{takes("ask", "seats/+/ask", Direction::up),
                                        sends("answer", "seats/+/ask", Direction::down)};
  CHECK(wrong(asked, topics) ==
        Lines{"5:12: \"options.topics.answer\" is a topic that the route \"asked\" brings back to "
              "this policy, as \"options.topics.ask\"; give them topics of their own"});
  // Up, it goes to another broker than the one that it comes from.
  CHECK(wrong(asked, {topics[0], sends("op", "seats/+/ask", Direction::up)}).empty());
  CHECK(wrong("{name: asked, direction: up, from: \"till/{item}\", to: \"seats/{item}/ask\", "
              "policy: p}",
              topics)
            .empty());
  CHECK(wrong("{name: asked, direction: up, from: \"seats/{item}/{what}\", to: "
              "\"seats/{item}/ask\", policy: p}",
              topics)
            .size() == 1);
}

TEST_CASE("wiring: a lane that may lose what has to arrive") {
  const std::vector<PolicyTopic> topics{takes("ask", "seats/+/ask", Direction::up),
                                        sends("op", "ops/shop", Direction::up),
                                        sends("more", "more/shop", Direction::up)};
  CHECK(wrong(asked, topics, ", lane: b").empty());
  CHECK(wrong(asked, topics, ", lane: state") ==
        Lines{"5:12: \"options.topics.op\" goes through the lane \"state\", which keeps only the "
              "latest of each topic; all of it has to arrive, in order"});
  CHECK(wrong(asked, topics, ", lane: old").size() == 1);
  CHECK(wrong(asked, {topics[0], sends("op", "ops/shop", Direction::up, "old")}).size() == 1);
}

TEST_CASE("wiring: cases over MQTT need a route that brings the decisions") {
  const std::string cases = ", cases: office/cases";
  CHECK(wrong(asked, {}, cases) ==
        Lines{"5:34: \"cases\": no route brings \"office/cases/+/decide\" to this policy, so that "
              "nobody can decide one over MQTT"});
  CHECK(wrong(asked + ", {name: d, direction: up, from: \"office/cases/+/decide\", policy: p}",
              {takes("ask", "seats/+/ask", Direction::up)}, cases)
            .empty());
  CHECK(problems(least + "policies: {p: {plugin: x, cases: office/+}}\nroutes: [" + asked + "]\n")
            .size() == 1);
}
