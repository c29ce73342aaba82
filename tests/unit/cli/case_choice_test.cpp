#include "cli/case_choice.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace bascule;
using nlohmann::json;

namespace {

json field() {
  return json::parse(R"({"number": 7, "state": "open", "data": {
    "choices": ["take", "set"],
    "values": [{"op": "op-a", "value": "vegan", "origin": "site-a"},
               {"op": "op-b", "value": "halal", "origin": "site-b"}]}})");
}

std::string refusal(const json& one, const char* choice, const char* value, const char* data = "") {
  try {
    case_decision(one, choice, value, data);
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return "";
}

}  // namespace

TEST_CASE("cases: a value is taken by its number, a choice by its name or number") {
  CHECK(case_decision(field(), "take", "2", "").data == R"({"op":"op-b"})");
  CHECK(case_decision(field(), "1", "1", "").choose == "take");
  CHECK(case_decision(field(), "set", "none at all", "").data == R"({"value":"none at all"})");
  CHECK(case_decision(field(), "set", "[1, 2]", "").data == R"({"value":[1,2]})");
  CHECK(case_decision(field(), "take", "", R"({"op": "op-a"})").data == R"({"op": "op-a"})");
}

TEST_CASE("cases: what makes no sense is refused, with what there is") {
  CHECK(refusal(field(), "keep", "") ==
        "the case does not offer 'keep'; choose from 1 take, 2 set");
  CHECK(refusal(field(), "3", "") == "the case does not offer '3'; choose from 1 take, 2 set");
  CHECK(refusal(field(), "take", "") ==
        "'take' needs the number of a value; there are 1 \"vegan\" from site-a, 2 \"halal\" from "
        "site-b");
  CHECK(refusal(field(), "take", "3").starts_with("there is no value 3 to take; there are 1 "));
  CHECK(refusal(field(), "take", "halal").starts_with("there is no value halal to take"));
  CHECK(refusal(field(), "set", "") == "'set' needs the value");
  CHECK(refusal(field(), "take", "", "{") == "what --data has is no JSON");
  json closed = field();
  closed["state"] = "closed";
  CHECK(refusal(closed, "take", "1") == "the case is closed already");
}

TEST_CASE("cases: a case without choices takes any, one without values takes none") {
  CHECK(case_decision({{"state", "open"}, {"data", json::object()}}, "whatever", "", "").choose ==
        "whatever");
  json parked = field();
  parked["data"] = {{"choices", {"accept", "discard"}}};
  CHECK(case_decision(parked, "accept", "", "").data.empty());
  CHECK(refusal(parked, "accept", "1").starts_with("'accept' takes no value"));
}
