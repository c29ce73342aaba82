#include <doctest/doctest.h>

#include "policies/transform/box.hpp"

namespace bascule::transform::test {

namespace {

using Texts = std::vector<std::string>;

Message message(const std::string& topic, const std::string& payload, bool retain = false) {
  Message one;
  one.topic = topic;
  one.payload = payload;
  one.retain = retain;
  return one;
}

Json with_mismatch(const std::string& what) {
  return {{"from", "line/{line}"},
          {"to", "x/{line}"},
          {"on_mismatch", what},
          {"steps", {{{"envelope", {{"v", "{payload}"}}}}}}};
}

}  // namespace

TEST_CASE("a message keeps what it has besides its payload") {
  Box box(with_mismatch("pass"));
  auto given = message("line/7", "21.5", true);
  given.properties = {{"unit", "C"}, {"unit", "K"}};
  given.correlation = "17";
  const auto sent = box.take(given);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].topic == "x/7");
  CHECK(sent[0].payload == R"({"v":21.5})");
  CHECK(sent[0].retain);
  CHECK(sent[0].qos == 1);
  CHECK(sent[0].properties == given.properties);
  CHECK(sent[0].correlation == "17");
  CHECK(sent[0].direction == plugin::Direction::up);
  given.direction = plugin::Direction::down;
  CHECK(box.take(given)[0].direction == plugin::Direction::down);
  box.change(Json{{"towards", "down"}, {"steps", {{{"every", 1}}}}});
  given.direction = plugin::Direction::up;
  CHECK(box.take(given)[0].direction == plugin::Direction::down);
}

TEST_CASE("what does not fit passes unchanged, on its own topic, and is counted and said") {
  Box box(with_mismatch("pass"));
  auto given = message("line/7", "warm", true);
  given.properties = {{"unit", "C"}};
  const auto sent = box.take(given);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].topic == "line/7");
  CHECK(sent[0].payload == "warm");
  CHECK(sent[0].retain);
  CHECK(sent[0].properties == given.properties);
  CHECK(box.explained == Json::parse(R"({"at":"payload","result":"passed unchanged",
                                        "why":"is no JSON"})"));
  CHECK(box.counted("unfit_passed", "payload") == 1);
  CHECK(box.log == Texts{"line/7 does not fit: payload: is no JSON"});
  CHECK(payloads(box.take(message("elsewhere", "1"))) == Texts{"1"});
  CHECK(box.counted("unfit_passed", "topic") == 1);
}

TEST_CASE("what does not fit is dropped with its reason, if so told") {
  Box box(with_mismatch("drop"));
  CHECK(box.take("line/7", "warm").empty());
  CHECK(box.explained["result"] == "dropped");
  CHECK(box.explained["why"] == "is no JSON");
  CHECK(box.counted("unfit_dropped", "payload") == 1);
  CHECK(box.log.size() == 1);
}

TEST_CASE("what does not fit is quarantined, if so told, and leaves nothing in the state") {
  Box box(with_mismatch("quarantine"));
  CHECK_THROWS_WITH(box.take("line/7", "warm"), "payload: is no JSON");
  CHECK(box.state.empty());
}

TEST_CASE("a device's topic does not lead to the broker's own") {
  auto box = Box::of(R"({"from": "a/{x}/{rest...}", "to": "{x}/{rest}", "steps": [{"every": 1}]})");
  CHECK(box.take("a/b/c/d", "1")[0].topic == "b/c/d");
  const auto sent = box.take("a/$CONTROL/x", "1");
  CHECK(sent[0].topic == "a/$CONTROL/x");
  CHECK(box.counted("unfit_passed", "topic") == 1);
}

TEST_CASE("an empty retained message clears its topic, and what is remembered of it") {
  auto box = Box::of(R"({"steps": [{"deadband": {"within": 5}}]})");
  CHECK(box.made("t", "1") == "1");
  const auto sent = box.take(message("t", "", true));
  REQUIRE(sent.size() == 1);
  CHECK((sent[0].payload.empty() && sent[0].retain));
  CHECK(Json::parse(box.state.at("topics"))[0] == 0);
  CHECK(box.made("t", "2") == "2");
  CHECK(box.counted("unfit_passed", "payload") == 0);
  CHECK(payloads(box.take(message("t", ""))) == Texts{""});
  CHECK(box.counted("unfit_passed", "payload") == 1);
}

TEST_CASE("topics: no more than topics_max are remembered, and it is told") {
  auto box = Box::of(R"({"topics_max": 20, "steps": [{"deadband": {"within": 5}}]})");
  for (int i = 0; i < 200; ++i) {
    CHECK(box.made("t/" + std::to_string(i), "1") == "1");  // a new one is never dropped
    box.pass(1000);
    std::size_t kept = 0;
    for (const auto& [key, value] : box.state) kept += key.starts_with("topic/");
    CHECK(kept == std::size_t(std::min(i + 1, 20)));
    CHECK(Json::parse(box.state.at("topics"))[0] == kept);
  }
  CHECK(box.counted("forgotten", "topics_max") == 180);
  CHECK(box.log.size() == 8);  // 1, 2, 4, … 128
  CHECK(box.log[0].starts_with("there are more topics than topics_max: 20;"));
  // One that keeps talking is not the one that is forgotten.
  for (int i = 0; i < 50; ++i) {
    box.pass(1000);
    const auto passes = box.made("lively", std::to_string(i * 10));
    CHECK(passes == std::to_string(i * 10));
    CHECK(box.made("u/" + std::to_string(i), "1") == "1");
    CHECK(box.made("lively", std::to_string(i * 10)) == "");
  }
  // A lower limit is come down to.
  box.change(Json::parse(R"({"topics_max": 5, "steps": [{"deadband": {"within": 5}}]})"));
  for (int i = 0; i < 5; ++i) box.made("v/" + std::to_string(i), "1");
  CHECK(Json::parse(box.state.at("topics"))[0] == 5);
}

TEST_CASE("topics: one that is too long to be remembered does not fit") {
  auto box = Box::of(R"({"steps": [{"every": "10s"}]})");
  const std::string longest(990, 't');
  box.made(longest, "1");
  CHECK(box.made(longest, "1") == "");
  CHECK(box.made(longest + "more than that", "1") == "1");
  CHECK(box.counted("unfit_passed", "step 1, every") == 1);
}

TEST_CASE("options that change: what a changed step remembered is not taken for its own") {
  auto box = Box::of(R"({"steps": [{"deadband": {"at": "/a", "within": 5}}]})");
  CHECK(box.take("t", R"({"a":1,"b":1})").size() == 1);
  CHECK(box.take("t", R"({"a":1,"b":1})").empty());
  box.change(Json::parse(R"({"steps": [{"deadband": {"at": "/b", "within": 5}}]})"));
  CHECK(box.take("t", R"({"a":1,"b":1})").size() == 1);
  CHECK(box.take("t", R"({"a":1,"b":1})").empty());
}

TEST_CASE("batch: leaves when it is full") {
  auto box = Box::of(R"({"steps": [{"batch": {"count": 3, "after": "5s"}}]})");
  CHECK(box.take("t", "1").empty());
  CHECK(box.explained == Json::parse(R"({"batch":1,"place":1,"result":"held"})"));
  CHECK(box.take("t", "2").empty());
  CHECK(payloads(box.take("t", "3")) == Texts{"[1,2,3]"});
  CHECK(box.explained == Json::parse(R"({"batch":1,"messages":3,"result":"sent"})"));
  CHECK(box.wakes.empty());
  CHECK(box.pass(60'000).empty());
  CHECK(box.take("t", "4").empty());
  CHECK(box.explained["batch"] == 2);
  CHECK(box.state.size() == 3);  // batches, the batch, its message
}

TEST_CASE("batch: leaves when its time has come, by a wake or with the next message") {
  auto box = Box::of(R"({"steps": [{"batch": {"count": 9, "after": "5s"}}]})");
  box.take("t", "1");
  CHECK(box.pass(4'999).empty());
  box.take("t", "2");
  CHECK(payloads(box.pass(1)) == Texts{"[1,2]"});
  box.take("t", "3");
  box.wall_ms -= 3'600'000;  // the clock is set back: the wake is far away
  box.boottime_ms += 5'000;
  CHECK(payloads(box.take("t", "4")) == Texts{"[3,4]"});
  CHECK(box.wakes.empty());
}

TEST_CASE("batch: a wake that comes late is not for the batch that has begun since") {
  auto box = Box::of(R"({"steps": [{"batch": {"count": 2, "after": "5s"}}]})");
  box.take("t", "1");
  Message wake;
  wake.kind = plugin::Input::Kind::wake;
  wake.topic = box.wakes.begin()->first;
  wake.payload = std::to_string(box.wakes.begin()->second);
  box.take("t", "2");
  box.wall_ms += 10'000;
  box.take("t", "3");
  CHECK(box.take(wake).empty());
  CHECK(payloads(box.take("t", "4")) == Texts{"[3,4]"});
}

TEST_CASE("batch: of one topic and group each, of no more bytes than told") {
  auto box = Box::of(R"({"from": "{a}/{b}", "to": "to/{a}",
    "steps": [{"envelope": "{a}{b} {payload}"},
              {"batch": {"count": 2, "bytes": 1024, "per": "{b}"}}]})");
  CHECK(box.take("x/1", "1").empty());
  CHECK(box.take("x/2", "1").empty());
  CHECK(box.take("y/1", "1").empty());
  const auto sent = box.take("x/1", "2");
  CHECK(payloads(sent) == Texts{R"(["x1 1","x1 2"])"});
  CHECK(sent[0].topic == "to/x");
  CHECK(payloads(box.take("y/1", "2")) == Texts{R"(["y1 1","y1 2"])"});

  auto bytes = Box::of(R"({"steps": [{"batch": {"bytes": 1024}}]})");
  const auto text = [](std::size_t size) { return '"' + std::string(size - 2, 'x') + '"'; };
  CHECK(bytes.take("t", text(500)).empty());
  CHECK(bytes.take("t", text(521)).size() == 1);  // with both brackets and the comma 1024
  CHECK(bytes.sent[0].payload.size() == 1024);
  CHECK(bytes.take("t", text(500)).empty());
  CHECK(bytes.take("t", text(522))[0].payload == "[" + text(500) + "]");
  CHECK(bytes.take("t", text(2000)).size() == 2);  // what waits, and one that is larger by itself
  CHECK(bytes.sent[1].payload == "[" + text(2000) + "]");
}

TEST_CASE("batch: the envelope after it is filled from the first message") {
  auto box = Box::of(R"({"from": "line/{line}/{sensor}", "to": "v1/gateway/telemetry", "steps": [
    {"envelope": {"ts": "{time_ms}", "values": {"{sensor}": "{payload}"}}},
    {"batch": {"count": 2, "after": "5s", "per": "{line}"}},
    {"envelope": {"{line}": "{payload}"}}]})");
  box.take("line/a/t", "1");
  box.take("line/b/t", "2");
  box.wall_ms += 7;
  CHECK(payloads(box.take("line/a/h", "3")) ==
        Texts{R"({"a":[{"ts":1790068200000,"values":{"t":1}},)"
              R"({"ts":1790068200007,"values":{"h":3}}]})"});
  CHECK(payloads(box.pass(5'000)) == Texts{R"({"b":[{"ts":1790068200000,"values":{"t":2}}]})"});
}

TEST_CASE("batch: what was held goes also when the options have changed since") {
  const Json before = Json::parse(R"({"steps": [{"batch": {"count": 9, "bytes": 4096}}]})");
  for (const char* after : {R"({"steps": [{"every": 1}]})",
                            R"({"steps": [{"batch": {"count": 9}}, {"envelope": "{/5}"}]})"}) {
    Box box(before);
    box.take("t", "1");
    box.take("t", "2");
    box.change(Json::parse(after));
    CHECK(payloads(box.pass(10'000)) == Texts{"[1,2]"});
    CHECK(box.state.count("item/000000000001/000001") == 0);
  }
  Box smaller(before);
  for (int i = 0; i < 5; ++i) smaller.take("t", std::to_string(i));
  smaller.change(Json::parse(R"({"steps": [{"batch": {"count": 2}}]})"));
  CHECK(payloads(smaller.pass(10'000)) == Texts{"[0,1]", "[2,3]", "[4]"});
}

TEST_CASE("batch: where topics_max are open, a message goes alone, and it is counted") {
  auto box = Box::of(R"({"topics_max": 2, "steps": [{"batch": {"count": 9}}]})");
  box.take("a", "1");
  box.take("b", "1");
  CHECK(payloads(box.take("c", "1")) == Texts{"[1]"});
  CHECK(box.counted("sent_alone", "topics_max") == 1);
  CHECK(box.take("a", "2").empty());
  CHECK(box.pass(10'000).size() == 2);
  CHECK(box.take("c", "2").empty());
}

TEST_CASE("report: what is counted is told, retained, when there is something new") {
  auto box = Box::of(R"({"report": "transform/{bridge.id}", "report_every": "1m",
    "on_mismatch": "drop", "steps": [{"drop": {"above": 5}}]})");
  box.take("t", "1");
  CHECK(box.pass(600'000).empty());
  box.take("t", "9");
  box.take("t", "10");
  box.take("t", "warm");
  const auto sent = box.pass(60'000);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].topic == "transform/plant-7");
  CHECK(sent[0].retain);
  CHECK(sent[0].direction == plugin::Direction::up);
  CHECK(sent[0].json() == Json::parse(R"({"at_ms": 1790068860000, "bridge": "plant-7",
    "dropped": {"step 1, drop": 2}, "unfit_dropped": {"payload": 1}})"));
  CHECK(box.pass(600'000).empty());
}

}  // namespace bascule::transform::test
