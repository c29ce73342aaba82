#include <doctest/doctest.h>

#include "policies/transform/box.hpp"

namespace bascule::transform::test {

namespace {

// With these steps, what comes of a payload; "" for nothing.
std::string made(const std::string& steps, const std::string& payload,
                 const std::string& more = "") {
  auto box = Box::of(R"({"from": "line/{line}/{sensor}", "on_mismatch": "quarantine",)" + more +
                     R"("steps": [)" + steps + "]}");
  try {
    return box.made("line/press/temp", payload);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("envelope: a bare number gets its time, topic and identity") {
  CHECK(made(R"({"envelope": {"ts": "{time_ms}", "at": "{time}", "value": "{payload}",
                             "line": "{line}", "from": "{origin}/{epoch}/{lane}/{sequence}",
                             "n": "{sequence}", "trusted": "{clock_trusted}", "id": "{bridge.id}",
                             "topic": "{topic}"}})",
             "21.50") ==
        R"({"at":"2026-09-22T09:10:00.000Z","from":"plant-7/0000000000000001/policy/readings/1",)"
        R"("id":"plant-7","line":"press","n":1,"topic":"line/press/temp","trusted":true,)"
        R"("ts":1790068200000,"value":21.5})");
}

TEST_CASE("envelope: names of members have placeholders, and braces are written twice") {
  CHECK(made(R"({"envelope": {"{line}": [{"{{{sensor}}}": "{payload}"}]}})", "7") ==
        R"({"press":[{"{temp}":7}]})");
}

TEST_CASE("envelope: a part of the payload keeps its type, within a text it is written") {
  const std::string payload = R"({"a":{"b":[1,2]},"t":"warm","n":null})";
  CHECK(made(R"({"envelope": ["{/a}", "{/a/b/1}", "{/t} at {/a/b/0}: {/a/b} {/n}"]})", payload) ==
        R"([{"b":[1,2]},2,"warm at 1: [1,2] null"])");
  CHECK(made(R"({"envelope": "{/a/b/2}"})", payload) == "step 1, envelope: has no /a/b/2");
  CHECK(made(R"({"envelope": "{/t/x}"})", payload) == "step 1, envelope: has no /t/x");
}

TEST_CASE("envelope: texts and any bytes are payloads, too") {
  const std::string envelope = R"({"envelope": {"v": "{payload}"}})";
  CHECK(made(envelope, "ON", R"("payload": "text",)") == R"({"v":"ON"})");
  CHECK(made(envelope, "", R"("payload": "text",)") == R"({"v":""})");
  CHECK(made(envelope, "\xff\xfe", R"("payload": "text",)") ==
        "payload: has a text that is no UTF-8");
  CHECK(made(envelope, "\xff\xfe!!", R"("payload": "base64",)") == R"({"v":"//4hIQ=="})");
  CHECK(made(envelope, "", R"("payload": "base64",)") == R"({"v":""})");
  CHECK(made(envelope, "ON") == "payload: is no JSON");
  CHECK(made(envelope, "") == "payload: is empty");
}

TEST_CASE("payload: what nests too deep does not fit, whatever is in its texts") {
  const std::string envelope = R"({"envelope": "{payload}"})";
  const std::string deep(64, '[');
  CHECK(made(envelope, deep + std::string(64, ']')) == deep + std::string(64, ']'));
  CHECK(made(envelope, "[" + deep + std::string(65, ']')) == "payload: nests deeper than 64");
  CHECK(made(envelope, std::string(1'000'000, '[')) == "payload: nests deeper than 64");
  const auto text = "[\"\\\"" + std::string(100, '[') + "\"]";
  CHECK(made(envelope, text) == text);
}

TEST_CASE("pick: some members stay, or one value is all") {
  const std::string payload = R"({"a":1,"b":{"c":2,"d":3},"e":[4,5]})";
  CHECK(made(R"({"pick": ["/a", "/b/c", "/x"]})", payload) == R"({"a":1,"b":{"c":2}})");
  CHECK(made(R"({"pick": "/e"})", payload) == "[4,5]");
  CHECK(made(R"({"pick": "/e/1"})", payload) == "5");
  CHECK(made(R"({"pick": "/e/01"})", payload) == "step 1, pick: has no /e/01");
  CHECK(made(R"({"pick": ["/x", "/y"]})", payload) == "step 1, pick: has none of what is picked");
  CHECK(made(R"({"pick": ["/x"]})", "7") == "step 1, pick: has none of what is picked");
}

TEST_CASE("rename: members move, also into others, and two change places") {
  CHECK(made(R"({"rename": {"/t": "/temperature", "/x": "/y"}})", R"({"t":1})") ==
        R"({"temperature":1})");
  CHECK(made(R"({"rename": {"/a": "/b", "/b": "/a"}})", R"({"a":1,"b":2})") == R"({"a":2,"b":1})");
  CHECK(made(R"({"rename": {"/a": "/a/b"}})", R"({"a":1})") == R"({"a":{"b":1}})");
  CHECK(made(R"({"rename": {"": "/value"}})", "7") == R"({"value":7})");
  CHECK(made(R"({"rename": {"/a~1b": "/c~0d"}})", R"({"a/b":1})") == R"({"c~d":1})");
  CHECK(made(R"({"rename": {"/l/0": "/first"}})", R"({"l":[1,2]})") == R"({"first":1,"l":[2]})");
  CHECK(made(R"({"rename": {"/a": "/b/c"}})", R"({"a":1,"b":2})") ==
        "step 1, rename: has no place for /b/c");
}

TEST_CASE("set: members by pointer, from the document as it was") {
  CHECK(made(R"({"set": {"/unit": "C", "/meta/line": "{line}", "/a": "{/b}", "/b": "{/a}"}})",
             R"({"a":1,"b":2})") == R"({"a":2,"b":1,"meta":{"line":"press"},"unit":"C"})");
  CHECK(made(R"({"set": {"/l/1": 9}})", R"({"l":[1,2]})") == R"({"l":[1,9]})");
  CHECK(made(R"({"set": {"/l/2": 9}})", R"({"l":[1,2]})") == "step 1, set: has no place for /l/2");
  CHECK(made(R"({"set": {"/unit": "C"}})", "7") == "step 1, set: has no place for /unit");
}

TEST_CASE("scale: a product, an offset, and decimals that are those of the text") {
  CHECK(made(R"({"scale": {"by": 0.1, "offset": -40, "decimals": 2}})", "653") == "25.3");
  CHECK(made(R"({"scale": {"by": 0.1}})", "3") == "0.30000000000000004");
  CHECK(made(R"({"scale": {"by": 0.1, "decimals": 1}})", "3") == "0.3");
  CHECK(made(R"({"scale": {"decimals": 0}})", "2.5") == "3");
  CHECK(made(R"({"scale": {"decimals": 0}})", "-0.4") == "0");
  CHECK(made(R"({"scale": {"by": -1}})", "0") == "0.0");
  CHECK(made(R"({"scale": {"decimals": 1}})", "-0.04") == "0.0");
  CHECK(made(R"({"scale": {"at": "/t", "offset": 273.15}})", R"({"t":20,"h":1})") ==
        R"({"h":1,"t":293.15})");
  CHECK(made(R"({"scale": {"decimals": 2}})", "1e300") == "1e+300");
  CHECK(made(R"({"scale": {"by": 1e12}})", "1e300") ==
        "step 1, scale: is too large a number when scaled");
  CHECK(made(R"({"scale": {"at": "/t", "by": 2}})", R"({"t":"20"})") ==
        "step 1, scale: has no number at \"/t\"");
  CHECK(made(R"({"scale": {"at": "/x", "by": 2}})", R"({"t":"20"})") ==
        "step 1, scale: has no number at \"/x\"");
}

TEST_CASE("drop: by value, by limits, by what is missing; all of a step must hold") {
  const auto stays = [](const std::string& drop, const std::string& payload) {
    return made(R"({"drop": )" + drop + "}", payload) == payload;
  };
  CHECK_FALSE(stays(R"({"at": "/q", "is": "bad"})", R"({"q":"bad"})"));
  CHECK(stays(R"({"at": "/q", "is": "bad"})", R"({"q":"good"})"));
  CHECK(stays(R"({"at": "/q", "is": "bad"})", R"({"v":1})"));
  CHECK_FALSE(stays(R"({"is": [1, 2]})", "2"));
  CHECK_FALSE(stays(R"({"is": 1})", "1.0"));
  CHECK(stays(R"({"is": [1, 2]})", "3"));
  CHECK_FALSE(stays(R"({"at": "/q", "is_not": ["good", "fair"]})", R"({"q":"bad"})"));
  CHECK(stays(R"({"at": "/q", "is_not": ["good", "fair"]})", R"({"q":"fair"})"));
  CHECK_FALSE(stays(R"({"above": 10})", "11"));
  CHECK(stays(R"({"above": 10})", "10"));
  CHECK_FALSE(stays(R"({"below": 10})", "9"));
  CHECK(stays(R"({"below": 10})", "10"));
  CHECK_FALSE(stays(R"({"above": 10, "below": 20})", "15"));
  CHECK(stays(R"({"above": 10, "below": 20})", "25"));
  CHECK(stays(R"({"above": 10})", R"("11")"));
  CHECK_FALSE(stays(R"({"at": "/q", "missing": true})", R"({"v":1})"));
  CHECK(stays(R"({"at": "/q", "missing": true})", R"({"q":null})"));
}

TEST_CASE("deadband: small changes are dropped, and compared with what passed") {
  auto box = Box::of(R"({"steps": [{"deadband": {"within": 0.5, "or_after": "10m"}}]})");
  CHECK(box.made("t", "20") == "20");
  CHECK(box.made("t", "20.5") == "");
  CHECK(box.explained == Json::parse(R"({"at":"step 1, deadband","result":"dropped",
                                        "why":"is 20.5, and 20.0 passed"})"));
  CHECK(box.made("t", "20.4") == "");
  CHECK(box.made("t", "20.6") == "20.6");
  CHECK(box.made("t", "20.1") == "");
  CHECK(box.made("other", "20.1") == "20.1");
  box.pass(599'999);
  CHECK(box.made("t", "20.6") == "");
  box.pass(1);
  CHECK(box.made("t", "20.6") == "20.6");
  CHECK(box.made("t", "20.6") == "");
  CHECK(box.counted("dropped", "step 1, deadband") == 5);
}

TEST_CASE("deadband: a step of just the limit is dropped, though doubles make it a little more") {
  auto box = Box::of(R"({"steps": [{"deadband": {"within": 0.1}}]})");
  CHECK(box.made("t", "21.5") == "21.5");
  CHECK(box.made("t", "21.6") == "");
  CHECK(box.made("t", "21.4") == "");
  CHECK(box.made("t", "21.61") == "21.61");
}

TEST_CASE("deadband: 0 lets any change pass, of switches too") {
  auto box = Box::of(R"({"steps": [{"deadband": {"at": "/on", "within": 0}}]})");
  std::string passed;
  for (const char* on : {"true", "true", "false", "false", "1", "true", "0"}) {
    if (!box.take("t", std::string(R"({"on":)") + on + "}").empty())
      passed += on + std::string(" ");
  }
  CHECK(passed == "true false 1 0 ");
}

TEST_CASE("every: one of a topic in so long, over restarts of the machine") {
  auto box = Box::of(R"({"steps": [{"every": "10s"}]})");
  CHECK(box.made("t", "1") == "1");
  CHECK(box.made("other", "1") == "1");
  box.pass(9'999);
  CHECK(box.made("t", "2") == "");
  CHECK(box.explained["why"] == "comes 9999 ms after one that passed");
  box.pass(1);
  CHECK(box.made("t", "3") == "3");
  box.wall_ms += 86'400'000;  // somebody sets the clock: no time has passed
  CHECK(box.made("t", "4") == "");
  box.boot = 2;
  box.boottime_ms = 5;
  CHECK(box.made("t", "5") == "5");
  box.boot = 3;
  box.wall_ms -= 86'400'000;  // the machine came up with a clock that is behind
  CHECK(box.made("t", "6") == "6");
}

TEST_CASE("what a step notes counts once the message has passed all of them") {
  auto box = Box::of(R"({"steps": [{"deadband": {"within": 1}}, {"every": "10s"}]})");
  CHECK(box.made("t", "1") == "1");
  CHECK(box.made("t", "5") == "");  // passes the deadband, but not in 10 s
  box.pass(10'000);
  CHECK(box.made("t", "5.5") == "5.5");  // 5 was never sent
}

}  // namespace bascule::transform::test
