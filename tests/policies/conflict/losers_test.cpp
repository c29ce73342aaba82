// What lost, as a person finds it and puts it back (R38), and the records by state (R36).
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "policies/conflict/hub.hpp"

namespace bascule::test {

namespace {

// "A1 {"n":1} newest B1": who lost what, why and to whom.
std::vector<std::string> told(const Hub& hub, const Json& about = Json::object()) {
  const auto brief = [](const std::string& op) {
    return op.substr(0, op.find('/')) + op.substr(op.rfind('/') + 1);
  };
  std::vector<std::string> list;
  const auto answer = hub.ask("losers", about);
  for (const auto& one : answer["losers"]) {
    auto text = brief(one["op"]) + ' ' + one["fields"].dump() + ' ' + one["why"].get<std::string>();
    if (one["kind"] == "delete") text += " delete";
    if (one.contains("to")) text += ' ' + brief(one["to"]);
    list.push_back(text);
  }
  return list;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("conflict R38: of two edits of a field the same one has lost, whichever comes first") {
  for (const bool later_first : {false, true}) {
    CAPTURE(later_first);
    Hub hub;
    hub.seed({{"n", 0}, {"m", 0}});
    const auto a = edit_after("A1", {{"n", 1}, {"m", 1}}, 20, 0);
    const auto b = edit_after("B1", {{"n", 2}}, 20, 60);
    hub.give(later_first ? b : a);
    hub.give(later_first ? a : b, monday + 4 * day + hour);
    CHECK(told(hub) == Texts{"A1 {\"n\":1} newest B1"});
    const auto one = hub.ask("losers")["losers"][0];
    CHECK(one["record"] == "123");
    CHECK(one["origin"] == "A");
    CHECK(one["time_ms"] == a.at);
    CHECK(one["lost_ms"] == monday + 4 * day + hour);
    // Put back, it is an edit of the person's, on top of what there is.
    const auto before = hub.version();
    CHECK(hub.ask("reinstate", {{"number", one["number"]}})["fields"] == Json{{"n", 1}});
    const auto verdict = hub.reinstate({{"number", one["number"]}});
    CHECK(verdict["verdict"] == "APPLY");
    CHECK(verdict["version"] == before + 1);
    CHECK(hub.record() == Json{{"n", 1}, {"m", 1}});
    const auto entry = hub.history().back();
    CHECK(entry.op.person == "ann");
    CHECK(entry.op.base == before);
    CHECK(entry.op.id == verdict["op"]);
    CHECK(hub.conflicts.size() == 1);  // the person has seen both
    CHECK(told(hub).empty());
    CHECK(hub.reinstate({{"number", one["number"]}})["verdict"] == "REFUSED");
  }
}

TEST_CASE("conflict R38: what its successor's author saw has not lost") {
  Hub hub;
  hub.seed({{"n", 0}});
  hub.give(edit_after("A1", {{"n", 1}}, 20, 0));
  auto own = edit_after("A2", {{"n", 2}}, 20, 1);
  own.prev = "A1";
  hub.give(own);
  hub.give(edit_after("B1", {{"n", 3}}, 22, 2));
  CHECK(told(hub).empty());
  // Of a chain only what stood.
  auto blind = edit_after("C1", {{"n", 4}}, 20, 3);
  hub.give(blind);
  CHECK(told(hub) == Texts{"B1 {\"n\":3} newest C1"});
}

TEST_CASE("conflict R38: what lost to a rule is of its field alone, and so is what is put back") {
  const Json rules{{"n", "max"}, {"s", "sum"}, {"l", "union"}, {"g", {{"members", {"x", "y"}}}}};
  Hub hub(Json{{"strategy", "field-merge"}, {"fields", rules}});
  hub.seed({{"n", 5}, {"s", 1}, {"l", {1}}, {"x", 0}, {"y", 0}});
  hub.give(edit_after("A1", {{"n", 9}, {"s", 2}, {"l", {2}}, {"x", 1}}, 20, 0));
  hub.give(edit_after("B1", {{"n", 7}, {"s", 4}, {"l", {3}}, {"y", 2}}, 20, 1));
  CHECK(told(hub) == Texts{"A1 {\"x\":1} newest B1", "B1 {\"n\":7} max A1"});
  const auto number = hub.ask("losers")["losers"][1]["number"];
  CHECK(hub.reinstate({{"number", number}, {"fields", {"s"}}})["verdict"] == "REFUSED");
  CHECK(hub.reinstate({{"number", number}, {"fields", {"n"}}})["verdict"] == "APPLY");
  CHECK(hub.record()["n"] == 7);
  CHECK(told(hub) == Texts{"A1 {\"x\":1} newest B1"});
}

TEST_CASE("conflict R38: of an edit that lost whole, fields are put back one by one") {
  Hub hub(Json{{"strategy", "expected-version"}});
  hub.seed({{"n", 0}});
  hub.give(edit_after("A1", {{"n", 1}}, 20, 0));
  hub.give(edit_after("B1", {{"m", 2}, {"n", 2}, {"o", 2}}, 20, 1));
  CHECK(told(hub) == Texts{"B1 {\"m\":2,\"n\":2,\"o\":2} stale"});
  const auto number = hub.ask("losers")["losers"][0]["number"];
  hub.reinstate({{"number", number}, {"fields", {"m"}}});
  CHECK(hub.record() == Json{{"n", 1}, {"m", 2}});
  CHECK(told(hub) == Texts{"B1 {\"n\":2} stale", "B1 {\"o\":2} stale"});
  hub.reinstate({{"number", number}});
  CHECK(hub.record() == Json{{"n", 2}, {"m", 2}, {"o", 2}});
}

TEST_CASE("conflict R38: values and deletes that lost to each other") {
  SUBCASE("the values, and the record is made anew with them") {
    for (const bool delete_first : {false, true}) {
      CAPTURE(delete_first);
      Hub hub;
      hub.seed({{"n", 0}});
      const auto a = edit_after("A1", {{"n", 1}}, 20, 0);
      const auto b = edit_after("B1", Json::object(), 20, 1, "delete");
      hub.give(delete_first ? b : a);
      hub.give(delete_first ? a : b);
      CHECK(told(hub) == Texts{"A1 {\"n\":1} deleted B1"});
      hub.reinstate({{"number", hub.ask("losers")["losers"][0]["number"]}});
      CHECK(hub.record() == Json{{"n", 1}});
      CHECK(told(hub).empty());
    }
  }
  SUBCASE("the delete, and the record is deleted") {
    Hub hub(Json{{"deletes", "update-wins"}});
    hub.seed({{"n", 0}});
    hub.give(edit_after("A1", {{"n", 1}}, 20, 0));
    hub.give(edit_after("B1", Json::object(), 20, 1, "delete"));
    CHECK(told(hub) == Texts{"B1 {} updated delete A1"});
    hub.reinstate({{"number", hub.ask("losers")["losers"][0]["number"]}});
    CHECK(hub.record() == nullptr);
    CHECK(told(hub).empty());
  }
  SUBCASE("what is alive again has not lost any more") {
    Hub hub(Json{{"deletes", "author-time"}});
    hub.seed({{"n", 0}});
    hub.give(edit_after("A1", {{"n", 1}}, 20, 0));
    hub.give(edit_after("B1", Json::object(), 20, 1, "delete"));
    CHECK(told(hub) == Texts{"A1 {\"n\":1} deleted B1"});
    hub.give(edit_after("C1", {{"m", 1}}, 20, 2));
    CHECK(hub.record() == Json{{"n", 1}, {"m", 1}});
    CHECK(told(hub).empty());
  }
}

TEST_CASE("conflict R38: a person's decision has losers, too") {
  Hub hub(Json{{"strategy", "field-merge"}, {"fields", {{"n", "case"}}}});
  hub.seed({{"n", 0}});
  hub.give(edit_after("A1", {{"n", 1}}, 20, 0));
  hub.give(edit_after("B1", {{"n", 2}}, 20, 1));
  CHECK(told(hub).empty());  // a person is asked
  hub.resolve(hub.open_cases("field").at(0), "take", {{"op", id_of("B1")}});
  CHECK(hub.record() == Json{{"n", 2}});
  REQUIRE(told(hub).size() == 1);
  CHECK(told(hub)[0].starts_with("A1 {\"n\":1} case hub"));
}

TEST_CASE("conflict R38: what is no edit is listed with its text, and cannot be put back") {
  Hub hub;
  hub.seed({{"n", 0}});
  auto message = hub.as_message(edit_after("A1", {{"n", 1}}, 20, 0), monday + day);
  message.payload = "{n:";
  hub.message(message);
  CHECK(told(hub) == Texts{"A1 {\"\":\"{n:\"} not_json"});
  const auto number = hub.ask("losers")["losers"][0]["number"];
  const auto refused = hub.ask("reinstate", {{"number", number}})["refused"].get<std::string>();
  CHECK(refused.find("no edit of fields (not_json)") != std::string::npos);
}

TEST_CASE("conflict R38: what a rule on values forbids is not put back") {
  Hub hub(Json{{"validate", {{"n", {{"max", 9}}}}}});
  hub.seed({{"n", 0}});
  hub.give(edit_after("A1", {{"n", 10}}, 20, 0));
  CHECK(told(hub) == Texts{"A1 {\"n\":10} invalid"});
  const auto verdict = hub.reinstate({{"number", hub.ask("losers")["losers"][0]["number"]}});
  CHECK(verdict["verdict"] == "REFUSED");
  CHECK(hub.record() == Json{{"n", 0}});
  CHECK(told(hub).size() == 1);
}

TEST_CASE("conflict R38: losers of a record, since a time, and more than one answer holds") {
  Hub hub;
  for (int i = 0; i < 501; ++i) {
    const auto key = std::to_string(i);
    Edit first{.site = "A", .fields = {{"n", 1}}, .base = -1, .at = monday, .record = key};
    Edit second{.site = "B", .fields = {{"n", 2}}, .base = -1, .at = monday + 1, .record = key};
    first.number = second.number = static_cast<std::uint64_t>(i) + 1;
    hub.give(first, monday + day);
    hub.give(second, monday + day + i);
  }
  const auto page = hub.ask("losers");
  CHECK(page["losers"].size() == 500);
  REQUIRE(page.contains("next"));
  const auto rest = hub.ask("losers", {{"after", page["next"]}});
  CHECK(rest["losers"].size() == 1);
  CHECK(!rest.contains("next"));
  CHECK(rest["losers"][0]["record"] == "500");
  CHECK(told(hub, {{"record", "7"}}) == Texts{"A8 {\"n\":1} newest B8"});
  CHECK(hub.ask("losers", {{"since_ms", monday + day + 490}})["losers"].size() == 10);
  CHECK(hub.ask("whatever").contains("refused"));
}

TEST_CASE("conflict R38: what lost goes when its history does, and is counted") {
  Hub hub(Json{{"history", {{"keep", "1d"}}}, {"sites", {"A", "B"}}});
  hub.give(edit_after("A1", {{"n", 1}}, -1, 0), monday);
  hub.give(edit_after("B1", {{"n", 2}}, -1, 60), monday + hour);
  CHECK(told(hub).size() == 1);
  CHECK(hub.ask("losers")["forgotten"] == 0);
  // Both sites say that they have seen all of it.
  std::string mark;
  for (const auto& sent : hub.sent) {
    if (!sent.property("mark").empty()) mark = sent.property("mark");
  }
  for (const std::string site : {"A", "B"}) {
    auto message = hub.as_message(edit_after(site + "2", {{site, 1}}, 1, 3'600), monday + 2 * hour);
    message.properties.emplace_back("mark", mark);
    hub.message(message);
  }
  hub.trim(monday + 3 * day);
  CHECK(told(hub).empty());
  CHECK(hub.ask("losers")["forgotten"] == 1);
  for (const auto& [key, value] : hub.host.state) CHECK(key[0] != 'z');
}

TEST_CASE("conflict R36: the records are listed by their state, in portions") {
  Hub hub(Json{{"strategy", "field-merge"},
               {"insert_match", {"name", {{"field", "phone"}, {"as", "digits"}}}}});
  const auto insert = [&](const std::string& id, const std::string& key, const Json& fields) {
    auto made = edit_after(id, fields, -1, 0);
    made.record = key;
    hub.give(made);
  };
  insert("A1", "a", {{"name", "Jo"}, {"phone", "1"}});
  insert("A2", "b", {{"name", "jo"}, {"phone", "1"}, {"mail", "m"}});
  insert("A3", "c", {{"name", "JO"}, {"phone", "1"}});
  insert("A4", "d", {{"name", "Jo"}, {"phone", "2"}});
  const auto with = [&](const std::string& state) {
    std::vector<std::string> keys;
    const auto answer = hub.ask("records", {{"state", state}});
    for (const auto& one : answer["records"]) keys.push_back(one["record"]);
    return keys;
  };
  CHECK(with("reconciled") == Texts{"a"});
  CHECK(with("merged") == Texts{"b"});
  CHECK(with("retired") == Texts{"c"});
  CHECK(with("unknown") == Texts{"d"});
  CHECK(with("created").empty());
  Message central;
  central.topic = "edits/e";
  central.payload = R"({"name": "Ann", "phone": "3"})";
  central.wall_ms = monday + day;
  hub.message(central);
  CHECK(with("created") == Texts{"e"});
  CHECK(hub.ask("records", {{"state", "merged"}})["records"][0]["into"] == "a");
  for (int i = 0; i < 600; ++i) {
    insert("B" + std::to_string(i + 1), "x" + std::to_string(i),
           {{"name", "x"}, {"phone", std::to_string(i + 10) + "77"}});
  }
  std::size_t count = 0;
  Json about = Json::object();
  for (int page = 0; page < 10; ++page) {
    const auto answer = hub.ask("records", about);
    count += answer["records"].size();
    if (!answer.contains("next")) break;
    about["after"] = answer["next"];
  }
  CHECK(count == 605);
}

}  // namespace bascule::test
