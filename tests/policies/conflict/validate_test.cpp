// Rules on what may be in a record.
#include <doctest/doctest.h>

#include "policies/conflict/hub.hpp"

namespace bascule::test {

namespace {

Hub hub_with(const Json& rules, Json more = Json::object()) {
  more["validate"] = rules;
  return Hub(more);
}

Edit edit(const std::string& id, const Json& fields, std::int64_t base = 20) {
  Edit made = edit_of(id, fields);
  made.base = base;
  return made;
}

// The rule that does not hold for this value of `x`; empty: all hold.
std::string broken(const Json& rules, const Json& value) {
  Hub before;
  before.seed({{"y", 1}});
  auto hub = hub_with({{"x", rules}});
  hub.host = before.host;
  const auto verdict = hub.give(edit("A1", {{"x", value}}));
  if (verdict["verdict"] == "APPLY") return "";
  CHECK(verdict["reason"] == "invalid");
  CHECK(verdict["field"] == "x");
  CHECK(hub.record() == Json{{"y", 1}});
  CHECK(hub.history().back().op.fields.at("x") == value.dump());
  return verdict["rule"];
}

std::string wrong(const Json& rules) {
  return problems_of({{"record", "edits/{id}"},
                      {"topics", {{"canonical", "r/{id}"}}},
                      {"validate", {{"x", rules}}}});
}

}  // namespace

TEST_CASE("conflict validate: each rule, of values that hold to it and that do not") {
  CHECK(broken({{"type", "integer"}}, 3).empty());
  CHECK(broken({{"type", "integer"}}, 3.5) == "type");
  CHECK(broken({{"type", "number"}}, 3.5).empty());
  CHECK(broken({{"type", "string"}}, 3) == "type");
  CHECK(broken({{"type", "boolean"}}, true).empty());
  CHECK(broken({{"type", "list"}}, Json::object()) == "type");
  CHECK(broken({{"type", "object"}}, Json::object()).empty());
  CHECK(broken({{"min", 0}, {"max", 130}}, 130).empty());
  CHECK(broken({{"min", 0}, {"max", 130}}, 131) == "max");
  CHECK(broken({{"min", 0}}, -1) == "min");
  CHECK(broken({{"min", 0}}, "many") == "min");
  CHECK(broken({{"enum", {"any", "vegan"}}}, "vegan").empty());
  CHECK(broken({{"enum", {"any", "vegan"}}}, "meat") == "enum");
  CHECK(broken({{"max_length", 3}}, "h\u00e9\u00e9").empty());
  CHECK(broken({{"max_length", 3}}, "four") == "max_length");
  CHECK(broken({{"max_length", 1}}, {1, 2}) == "max_length");
  CHECK(broken({{"pattern", "[A-Z]{2}[0-9]+"}}, "AB12").empty());
  CHECK(broken({{"pattern", "[A-Z]{2}[0-9]+"}}, "xAB12") == "pattern");
  CHECK(broken({{"pattern", ".*"}}, std::string(2'000, 'x')) == "pattern");
  CHECK(broken({{"required", true}}, nullptr) == "required");
  CHECK(broken({{"type", "string"}}, nullptr).empty());  // a field may be taken away
}

TEST_CASE("conflict validate: a new record has all that is required, an old one need not") {
  auto hub = hub_with({{"name", {{"required", true}}}});
  CHECK(hub.give(edit("A1", {{"x", 1}}, -1))["rule"] == "required");
  CHECK(hub.record().is_null());
  CHECK(hub.give(edit("A2", {{"name", "Joan"}}, -1))["verdict"] == "APPLY");
  CHECK(hub.give(edit("A3", {{"x", 1}}, 0))["verdict"] == "APPLY");
  // A record from before there were rules.
  Hub old;
  old.seed({{"x", 1}});
  hub.host = old.host;
  CHECK(hub.give(edit("B1", {{"x", 2}}))["verdict"] == "APPLY");
}

TEST_CASE("conflict validate: each part has what is required of it") {
  auto hub = hub_with(
      {{"name", {{"required", true}}}, {"family/kids", {{"required", true}}}},
      Json{{"record", "edits/{id}/{part}"}, {"topics", {{"canonical", "records/{id}/{part}"}}}});
  auto person = edit("A1", {{"name", "n"}}, -1);
  person.part = "person";
  CHECK(hub.give(person)["verdict"] == "APPLY");
  auto family = edit("A2", {{"name", "f"}}, 0);
  family.part = "family";
  CHECK(hub.give(family)["field"] == "family/kids");
  family.number = 3;
  family.fields["kids"] = 2;
  CHECK(hub.give(family)["verdict"] == "APPLY");
}

TEST_CASE("conflict validate: an invalid edit takes those that build on it with it") {
  auto hub = hub_with({{"x", {{"max", 5}}}});
  hub.seed({{"x", 1}});
  hub.give(edit("A1", {{"x", 6}}));
  auto next = edit("A2", {{"y", 1}});
  next.prev = "A1";
  CHECK(hub.give(next)["reason"] == "dependent");
  const auto first = hub.verdicts.at(edit("A1", {}).id());
  CHECK(hub.give(edit("A1", {{"x", 6}})) == first);
  CHECK(hub.sent.back().json()["verdict"] == "REJECT");
}

TEST_CASE("conflict validate: what is valid alone and not together is put to a person") {
  auto hub = hub_with({{"stock", {{"min", 0}}}},
                      Json{{"strategy", "field-merge"}, {"fields", {{"stock", "sum"}}}});
  hub.seed({{"stock", 5}});
  CHECK(hub.give(edit("A1", {{"stock", 1}}))["verdict"] == "APPLY");
  const auto verdict = hub.give(edit("B1", {{"stock", 2}}));
  CHECK(verdict["verdict"] == "CASE");
  CHECK(verdict["rule"] == "min");
  CHECK(hub.record() == Json{{"stock", 1}});
  const auto number = verdict["case"].get<std::int64_t>();
  CHECK(hub.host.cases.at(number).data["field"] == "stock");
  CHECK(hub.resolve(number, "accept")["verdict"] == "SUPERSEDED");
  CHECK(hub.record() == Json{{"stock", 2}});
}

TEST_CASE("conflict validate: an invalid insert is matched with nothing") {
  auto hub = hub_with({{"age", {{"min", 0}}}}, Json{{"insert_match", {"name", "phone"}}});
  hub.seed({{"name", "Joan"}, {"phone", "1"}});
  auto insert = edit("A1", {{"name", "Joan"}, {"phone", "2"}, {"age", -1}}, -1);
  insert.record = "tmp-1";
  CHECK(hub.give(insert)["reason"] == "invalid");
  CHECK(hub.host.cases.empty());
  CHECK(!hub.host.state.contains("rtmp-1"));
}

TEST_CASE("conflict validate: a person's value holds to the rules too") {
  auto hub = hub_with({{"x", {{"max", 5}}}},
                      Json{{"strategy", "field-merge"}, {"fields", {{"x", "case"}}}});
  hub.seed({{"x", 1}});
  hub.give(edit("A1", {{"x", 2}}));
  hub.give(edit("B1", {{"x", 3}}));
  CHECK(hub.resolve(hub.open_cases("field").at(0), "set", {{"value", 9}})["verdict"] == "REFUSED");
  const auto again = hub.open_cases("field").at(0);
  CHECK(hub.host.cases.at(again).data["refused"] == "`max` of `x` does not hold");
  hub.resolve(again, "set", {{"value", 4}});
  CHECK(hub.record() == Json{{"x", 4}});
}

TEST_CASE("conflict validate: options that are wrong are named with their place") {
  CHECK(wrong({{"type", "integer"}, {"min", 1}, {"max", 2}}) == "");
  CHECK(wrong({{"type", "text"}}) ==
        "/validate/x/type must be string, integer, number, boolean, list or object; ");
  CHECK(wrong({{"min", 2}, {"max", 1}}) == "/validate/x/max must not be less than min; ");
  CHECK(wrong({{"min", "a"}}) == "/validate/x/min must be a number; ");
  CHECK(wrong({{"type", "string"}, {"min", 1}}) ==
        "/validate/x/type must be integer or number for min and max; ");
  CHECK(wrong({{"pattern", "("}}) == "/validate/x/pattern is no regular expression (ECMAScript); ");
  CHECK(wrong({{"type", "list"}, {"pattern", "a"}}) ==
        "/validate/x/type must be string for a pattern; ");
  CHECK(wrong({{"enum", "a"}}) == "/validate/x/enum must be a list of values; ");
  CHECK(wrong({{"required", 1}}) == "/validate/x/required must be true or false; ");
  CHECK(wrong({{"max_length", -1}}) ==
        "/validate/x/max_length must be a whole number between 0 and 16777216; ");
  CHECK(wrong({{"maximum", 1}}) == "/validate/x/maximum is not known; ");
  CHECK(wrong(7) == "/validate/x must be a section of rules; ");
}

TEST_CASE("conflict: a field with the name of a group is rejected, and kept with what it said") {
  Hub hub(Json{{"strategy", "field-merge"},
               {"fields", {{"address", {{"members", {"street", "zip"}}}}}}});
  hub.give(edit_after("A1", {{"street", 1}}, -1, 0));
  const auto verdict = hub.give(edit_after("A2", {{"address", "1 Mill Lane"}, {"zip", 2}}, 0, 1));
  CHECK(verdict["verdict"] == "REJECT");
  CHECK(verdict["reason"] == "names_a_group");
  CHECK(hub.record() == Json{{"street", 1}});
  CHECK(hub.ask("losers").dump().find("1 Mill Lane") != std::string::npos);
  // A group may have a member of its name.
  Hub other(Json{{"strategy", "field-merge"},
                 {"fields", {{"address", {{"members", {"address", "zip"}}}}}}});
  other.give(edit_after("A1", {{"address", "1 Mill Lane"}}, -1, 0));
  CHECK(other.record() == Json{{"address", "1 Mill Lane"}});
}

}  // namespace bascule::test
