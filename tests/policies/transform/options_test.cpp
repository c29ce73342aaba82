#include <doctest/doctest.h>

#include "policies/transform/box.hpp"

namespace bascule::transform::test {

TEST_CASE("options: what is said in the README is taken") {
  CHECK(problems_of(R"({"steps": [{"every": "10s"}]})") == "");
  CHECK(problems_of(R"({"from": "line/{line}/{rest...}", "to": "x/{bridge.id}/{line}",
    "payload": "text", "on_mismatch": "quarantine", "towards": "down", "topics_max": 5,
    "report": "transform/{bridge.id}", "report_every": "5m",
    "steps": [
      {"pick": "/a"}, {"pick": ["/a", "/b/c"]}, {"rename": {"/a": "/b", "/b": "/a"}},
      {"set": {"/unit": "C", "/line": "{line}", "": {"all": "{payload}"}}},
      {"scale": {"at": "/a", "by": 0.1, "offset": -40, "decimals": 2}},
      {"drop": {"at": "/q", "is": ["bad", 0]}}, {"drop": {"at": "/q", "is_not": "good"}},
      {"drop": {"above": 100, "below": 200}}, {"drop": {"at": "/q", "missing": true}},
      {"deadband": {"at": "/a", "within": 0.5, "or_after": "10m"}}, {"every": 5},
      {"envelope": {"{line}": ["{/a}", "{time}", "{time_ms}", "{clock_trusted}", "{origin}",
                               "{epoch}", "{lane}", "{sequence}", "{topic}", "{bridge.id}",
                               "{{braces}}", null, 7]}},
      {"batch": {"count": 10, "after": "5s", "bytes": 60000, "per": "{line}"}},
      {"envelope": {"all": "{payload}"}}]})") == "");
}

TEST_CASE("options: what is wrong is said at its place") {
  const auto says = [](const std::string& options, const std::string& text) {
    const auto found = problems_of(options);
    CHECK_MESSAGE(found.find(text) != std::string::npos, found);
  };
  const auto step = [](const std::string& one) {
    return R"({"from": "l/{line}", "steps": [)" + one + "]}";
  };
  says("{}", " must have steps");
  says(R"({"steps": {}})", "/steps must be a list");
  says(R"({"stps": []})", "/stps is not known");
  says(R"({"from": "a/{topic}", "steps": [{"every": 1}]})", "/from has {topic}");
  says(R"({"from": "a/#/b", "steps": [{"every": 1}]})", "/from has a level after");
  says(R"({"from": "a/{b}", "to": "x/{c}", "steps": [{"every": 1}]})", "/to has no value for {c}");
  says(R"({"to": "x/+", "steps": [{"every": 1}]})", "/to has no value");
  says(R"({"report": "x/{c}", "steps": [{"every": 1}]})", "/report must be a topic");
  says(R"({"report_every": 0, "steps": [{"every": 1}]})", "/report_every must be a second");
  says(R"({"on_mismatch": "ignore", "steps": [{"every": 1}]})", "/on_mismatch must be pass, drop");
  says(step("5"), "/steps/0 must be a section");
  says(step("{}"), "/steps/0 must have one member");
  says(step(R"({"every": 1, "pick": "/a"})"), "/steps/0 must have one member");
  says(step(R"({"scal": 1})"), "/steps/0/scal is no step; there are envelope");
  says(step(R"({"every": "often"})"), "/steps/0/every must be a duration");
  says(step(R"({"every": 0})"), "/steps/0/every must be a duration");
  says(step(R"({"pick": "a"})"), "/steps/0/pick must be a JSON pointer");
  says(step(R"({"pick": []})"), "/steps/0/pick must be a pointer");
  says(step(R"({"rename": {"/a": "/x", "/b": "/x"}})"), "is a name that another gets");
  says(step(R"({"rename": {}})"), "/steps/0/rename must have a member");
  says(step(R"({"set": {"/a~2": 1}})"), "/steps/0/set/~1a~02 must be a JSON pointer");
  says(step(R"({"set": {"/a": "{device}"}})"),
       "names {device}, which nothing has; `from` has line");
  says(step(R"({"envelope": {"v": {"payload": null}}})"),
       "/steps/0/envelope has {payload} without quotes");
  says(step(R"({"envelope": "{payload"})"), "/steps/0/envelope has a brace by itself");
  says(step(R"({"envelope": "payload}"})"), "/steps/0/envelope has a brace by itself");
  says(step(R"({"scale": {"at": "/a"}})"), "/steps/0/scale must have by, offset or decimals");
  says(step(R"({"scale": {"by": 2, "to": 3}})"), "/steps/0/scale/to is not known");
  says(step(R"({"drop": {"at": "/a"}})"), "/steps/0/drop must have is,");
  says(step(R"({"drop": {"is": 1, "missing": true}})"), "/steps/0/drop must have is,");
  says(step(R"({"deadband": {"at": "/a"}})"), "/steps/0/deadband must have within");
  says(step(R"({"deadband": {"within": -1}})"), "/steps/0/deadband/within must be a number");
  says(step(R"({"batch": {"after": 0}})"), "/steps/0/batch/after must be a duration");
  says(step(R"({"batch": {"per": "{/a}"}})"), "/steps/0/batch/per must be made of captures");
  says(step(R"({"batch": {"per": "+"}})"), "/steps/0/batch/per must be made of captures");
  says(step(R"({"batch": {}}, {"batch": {}})"), "/steps/1/batch is there twice");
  says(step(R"({"batch": {}}, {"pick": "/a"})"), "/steps/1/pick must stand before the batch");
}

}  // namespace bascule::transform::test
