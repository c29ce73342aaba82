// What a person is asked and decides; inserts that are matched; parts; batches.
#include <doctest/doctest.h>

#include "policies/conflict/hub.hpp"

namespace bascule::test {

namespace {

Edit edit(const std::string& id, const Json& fields, std::int64_t base = 20,
          const std::string& record = "123") {
  Edit made = edit_of(id, fields);
  made.base = base;
  made.at = monday + std::int64_t(made.number);
  made.record = record;
  return made;
}

const Json customers{{"strategy", "field-merge"},
                     {"insert_match", {"name", {{"field", "phone"}, {"as", "digits"}}}}};

}  // namespace

TEST_CASE("conflict cases: a field waits for a person, the rest merges") {
  for (const bool take : {true, false}) {
    Hub hub(Json{{"strategy", "field-merge"}, {"fields", {{"diet", "case"}}}});
    hub.seed({{"diet", "any"}, {"name", "n"}});
    const auto a = edit("A1", {{"diet", "vegan"}});
    const auto b = edit("B1", {{"diet", "halal"}, {"name", "N"}});
    hub.give(a);
    CHECK(hub.give(b)["verdict"] == "MERGE");
    CHECK(hub.record() == Json{{"diet", "vegan"}, {"name", "N"}});
    REQUIRE(hub.host.cases.size() == 1);
    const auto& data = hub.host.cases[1].data;
    CHECK(data["base"] == "any");
    CHECK(data["values"].size() == 2);
    CHECK(data["values"][1]["origin"] == "B");
    CHECK(data["choices"] == Json{"take", "set"});
    // A third value makes it another case.
    CHECK(hub.give(edit("C1", {{"diet", "kosher"}}))["verdict"] == "CASE");
    CHECK(hub.host.closed.size() == 1);
    // A decision that makes no sense puts the question again.
    hub.resolve(2, "take", {{"op", "nobody's"}});
    CHECK(hub.host.explained["verdict"] == "REFUSED");
    CHECK(hub.host.closed.size() == 2);
    REQUIRE(hub.host.cases.size() == 3);
    CHECK(hub.host.cases[3].data["refused"] == "`op` is none of the values' ops");
    CHECK(hub.host.cases[3].data["values"] == hub.host.cases[2].data["values"]);
    if (take) {
      hub.resolve(3, "take", {{"op", b.id()}});
      CHECK(hub.record()["diet"] == "halal");
    } else {
      hub.resolve(3, "set", {{"value", "none"}});
      CHECK(hub.record()["diet"] == "none");
    }
    CHECK(hub.host.closed.size() == 3);
  }
}

TEST_CASE("conflict cases: a discarded edit takes with it what builds on it") {
  Hub hub(Json{{"strategy", "expected-version"}, {"on_stale", "hold"}});
  hub.seed({{"x", 0}});
  hub.give(edit("A1", {{"x", 1}}));
  auto second = edit("B2", {{"x", 3}});
  second.prev = "B1";
  CHECK(hub.give(edit("B1", {{"x", 2}}))["verdict"] == "HOLD");
  CHECK(hub.give(second)["reason"] == "prev");
  hub.resolve(1, "fight");
  CHECK(hub.host.explained["verdict"] == "REFUSED");
  hub.resolve(hub.host.next_case - 1, "discard");
  CHECK(hub.verdicts["B/e/up/1"]["reason"] == "discarded");
  CHECK(hub.verdicts[second.id()]["reason"] == "dependent");
  CHECK(hub.host.closed.size() == 3);
  CHECK(hub.record() == Json{{"x", 1}});
}

TEST_CASE("conflict: an edit waits for the one that it builds on, whatever comes first") {
  Hub hub;
  hub.seed({{"x", 0}});
  auto second = edit("B2", {{"x", 3}});
  second.prev = "B1";
  CHECK(hub.give(second)["verdict"] == "HOLD");
  CHECK(hub.give(edit("B1", {{"x", 2}}))["verdict"] == "APPLY");
  CHECK(hub.verdicts[second.id()]["verdict"] == "APPLY");
  CHECK(hub.record() == Json{{"x", 3}});
  CHECK(hub.conflicts.empty());
}

TEST_CASE("conflict: what is no edit is rejected, and kept") {
  Hub hub;
  auto message = hub.as_message(edit("A1", {{"x", 1}}), monday);
  message.payload = "[1,2";
  hub.message(message);
  CHECK(hub.verdicts["A/e/up/1"]["reason"] == "not_json");
  CHECK(hub.history()[0].op.fields.at("") == "\"[1,2\"");
  CHECK(hub.record() == Json());
}

TEST_CASE("conflict: an id that cannot be answered is not taken") {
  Hub hub;
  auto message = hub.as_message(edit("A1", {{"x", 1}}), monday);
  message.properties[0].second = "#/e/up/1";
  message.sequence = 7;
  hub.message(message);
  CHECK(hub.verdicts["A/0000000000000001/edits/7"]["reason"] == "bad_id");
}

TEST_CASE("conflict R37: an insert is matched by its normalised key") {
  Hub hub(customers);
  CHECK(hub.give(edit("A1", {{"name", "Jo  DOE"}, {"phone", "+1 (23)"}}, -1, "a"))["verdict"] ==
        "APPLY");
  CHECK(hub.sent[0].property("state") == "reconciled");
  const auto merged =
      hub.give(edit("B1", {{"name", "jo doe"}, {"phone", "1-23"}, {"mail", "m"}}, -1, "b"));
  CHECK(merged["reason"] == "merged");
  CHECK(merged["record"] == "a");
  CHECK(hub.record("a")["mail"] == "m");
  CHECK(hub.record("b") == Json());
  // What comes later for the provisional key is of the record too.
  auto later = edit("B2", {{"mail", "mm"}}, -1, "b");
  later.prev = "B1";
  CHECK(hub.give(later)["record"] == "a");
  CHECK(hub.record("a")["mail"] == "mm");
  // Another customer altogether.
  hub.give(edit("C1", {{"name", "Al"}, {"phone", "9"}}, -1, "c"));
  CHECK(hub.record("c")["name"] == "Al");
}

TEST_CASE("conflict R36: nobody sees an insert of which nobody knows what it is of") {
  for (const std::string choice : {"create", "merge", "discard"}) {
    Hub hub(customers);
    hub.give(edit("A1", {{"name", "Jo"}, {"phone", "1"}}, -1, "a"));
    hub.sent.clear();
    const auto near = edit("B1", {{"name", "Jo"}, {"phone", "2"}, {"mail", "m"}}, -1, "b");
    CHECK(hub.give(near)["verdict"] == "CASE");
    for (const auto& sent : hub.sent) CHECK(sent.topic != "records/b");
    CHECK(hub.sent[0].topic == "pending/b");
    REQUIRE(hub.host.cases.size() == 1);
    CHECK(hub.host.cases[1].data["candidates"][0]["record"] == "a");
    hub.sent.clear();
    hub.resolve(1, "merge", {{"record", "nobody"}});
    CHECK(hub.host.explained["verdict"] == "REFUSED");
    hub.resolve(hub.host.next_case - 1, choice, {{"record", "a"}});
    CHECK(hub.host.closed.size() == 2);
    const auto verdict = hub.verdicts[near.id()];
    if (choice == "create") {
      CHECK(verdict["verdict"] == "APPLY");
      CHECK(hub.record("b")["mail"] == "m");
      CHECK(hub.sent[0].topic == "records/b");
    } else if (choice == "merge") {
      CHECK(verdict["verdict"] == "SUPERSEDED");
      CHECK(hub.record("a") == Json{{"name", "Jo"}, {"phone", "2"}, {"mail", "m"}});
    } else {
      CHECK(verdict["verdict"] == "REJECT");
    }
    if (choice != "create") CHECK(hub.record("b") == Json());
    CHECK(hub.give(near) == verdict);  // a repeat
  }
}

TEST_CASE("conflict R31: parts of one record have one version, and change in one transaction") {
  Hub hub(Json{{"strategy", "field-merge"},
               {"record", "edits/{id}/{part}"},
               {"topics", {{"canonical", "records/{id}/{part}"}, {"transaction", "all/{id}"}}}});
  auto person = edit("A1", {{"name", "n"}}, -1);
  person.part = "person";
  auto family = edit("A2", {{"kids", 2}}, -1);
  family.part = "family";
  family.prev = "A1";
  hub.give(person);
  hub.give(family);
  CHECK(hub.sent.back().topic.starts_with("history/"));
  auto both = edit("B1", {{"person", {{"name", "m"}}}, {"family", {{"kids", 3}}}}, 1);
  both.part = "*";
  hub.sent.clear();
  CHECK(hub.give(both)["version"] == 2);
  std::map<std::string, Json> sent;
  for (const auto& it : hub.sent) sent[it.topic] = it.json();
  CHECK(sent["records/123/person"] == Json{{"name", "m"}});
  CHECK(sent["records/123/family"] == Json{{"kids", 3}});
  CHECK(sent["all/123"]["parts"] == Json{{"family", 2}, {"person", 2}});
}

TEST_CASE("conflict R34, R41: a group is written whole") {
  Hub hub(Json{{"strategy", "field-merge"},
               {"fields", {{"address", {{"members", {"street", "zip"}}}}}}});
  hub.seed({{"street", "s"}, {"zip", "1"}, {"name", "n"}});
  hub.give(edit("A1", {{"street", "new"}}));
  hub.give(edit("B2", {{"zip", "2"}, {"name", "m"}}));
  // The later author had seen the old street.
  CHECK(hub.record() == Json{{"street", "s"}, {"zip", "2"}, {"name", "m"}});
  CHECK(hub.conflicts.size() == 1);
}

TEST_CASE("conflict: a rejected edit is in the history, and no part of any record") {
  Hub hub(Json{
      {"strategy", "field-merge"}, {"fields", {{"visits", "sum"}}}, {"insert_match", {"name"}}});
  // Nobody is asked which record a value is of that no record can have.
  CHECK(hub.give(edit("A1", {{"visits", "many"}}, -1))["reason"] == "not_an_integer");
  CHECK(hub.host.cases.empty());
  CHECK(!hub.host.state.contains("r123"));
  REQUIRE(hub.history().size() == 1);
  CHECK(hub.history()[0].op.fields.at("visits") == "\"many\"");
  hub.seed({{"visits", 1}});
  const auto before = hub.host.state.at("r123");
  hub.give(edit("A2", {{"visits", "more"}}));
  CHECK(hub.host.state.at("r123") == before);
}

TEST_CASE("conflict R35: a batch runs once a day, and makes up for a night that failed") {
  Hub hub(Json{{"when", "01:00"}});
  auto insert = edit("A1", {{"x", 1}}, -1);
  CHECK(hub.give(insert, monday)["verdict"] == "QUEUED");
  const auto night = monday + 17 * hour;
  CHECK(hub.host.wakes.at("batch") == night);
  CHECK(hub.give(insert, monday)["verdict"] == "QUEUED");
  auto second = edit("A2", {{"x", 2}}, -1);
  second.prev = "A1";
  hub.give(second, monday + hour);
  hub.sent.clear();
  hub.wake("batch", night + 3 * day);
  CHECK(hub.record() == Json{{"x", 2}});
  int records = 0;
  for (const auto& sent : hub.sent) records += sent.topic == "records/123";
  CHECK(records == 1);
  CHECK(hub.version() == 1);
  // The clock is set back: the same night comes again.
  hub.give(edit("B1", {{"x", 3}}, 1), night + 3 * day - hour);
  hub.wake("batch", night + 3 * day);
  CHECK(hub.record() == Json{{"x", 2}});
  hub.wake("batch", night + 4 * day);
  CHECK(hub.record() == Json{{"x", 3}});
}

TEST_CASE("conflict R35: each edit of a night keeps its own time, so that none is folded") {
  for (const Json& when : {Json("at once"), Json("01:00")}) {
    Hub hub(Json{{"when", when}, {"strategy", "field-merge"}});
    auto insert = edit("S1", {{"name", "n"}, {"tel", 1}}, -1);
    insert.at = monday - 3 * day;
    hub.give(insert, monday - 2 * day);
    if (when != "at once") hub.wake("batch", monday - day);
    auto name_a = edit("A1", {{"name", "Ann"}}, 0);
    auto name_b = edit("B1", {{"name", "Bob"}}, 0);
    auto tel_a = edit("A2", {{"tel", 2}}, 0);
    auto tel_b = edit("B2", {{"tel", 3}}, 0);
    tel_a.prev = "A1";
    tel_b.prev = "B1";
    name_a.at = monday;
    tel_b.at = monday + hour;
    name_b.at = monday + 2 * hour;
    tel_a.at = monday + 3 * hour;
    tel_b.prev.clear();
    name_b.prev = "B2";
    for (const auto& one : {name_a, tel_a, tel_b, name_b}) hub.give(one, monday + 5 * hour);
    if (when != "at once") hub.wake("batch", monday + 17 * hour);
    CHECK(hub.record() == Json{{"name", "Bob"}, {"tel", 2}});
  }
}

TEST_CASE("conflict R35: a clock that once ran ahead does not stop the nights") {
  Hub hub(Json{{"when", "01:00"}});
  const auto ahead = 400 * day;
  // It was 400 days ahead for a night and the day after; then it is right again.
  hub.give(edit("A1", {{"x", 1}}, -1), monday + ahead);
  hub.wake("batch", monday + ahead + 17 * hour);
  hub.give(edit("A2", {{"x", 2}}, 0), monday + ahead + 18 * hour);
  CHECK(hub.host.wakes.at("batch") == monday + ahead + 41 * hour);
  auto third = edit("A3", {{"x", 3}}, 0);
  third.prev = "A2";
  hub.give(third, monday + day);
  CHECK(hub.host.wakes.at("batch") == monday + day + 17 * hour);
  // While nobody knows which of the two clocks was right, the later night counts as done.
  hub.wake("batch", monday + day + 17 * hour, false);
  CHECK(hub.record() == Json{{"x", 1}});
  CHECK(hub.host.wakes.at("batch") == monday + 2 * day + 17 * hour);
  hub.wake("batch", monday + 2 * day + 17 * hour);
  CHECK(hub.record() == Json{{"x", 3}});
  REQUIRE(hub.host.log.size() == 1);
  CHECK(hub.host.log[0].starts_with("the last run was noted 398 days ahead"));
  // From here on each night runs once.
  hub.give(edit("B1", {{"x", 4}}, 2), monday + 3 * day);
  hub.wake("batch", monday + 2 * day + 18 * hour);
  CHECK(hub.record() == Json{{"x", 3}});
  hub.wake("batch", monday + 3 * day + 17 * hour);
  CHECK(hub.record() == Json{{"x", 4}});
}

TEST_CASE(
    "conflict R34: a rule for the whole record, for a part, for a field; the nearest counts") {
  Hub hub(Json{{"strategy", "field-merge"},
               {"record", "edits/{id}/{part}"},
               {"topics", {{"canonical", "records/{id}/{part}"}}},
               {"fields", {{"*", "central"}, {"family/*", "max"}, {"family/name", "first"}}}});
  auto insert =
      edit("S1", {{"person", {{"tel", 0}}}, {"family", {{"kids", 0}, {"name", "n"}}}}, -1);
  insert.part = "*";
  hub.give(insert);
  auto message = hub.as_message(insert, monday + day);
  message.origin = "hub";
  message.sequence = 1;
  message.properties = {{"base", "0"}};
  message.payload = Json{{"person", {{"tel", 1}}}, {"family", {{"kids", 1}, {"name", "m"}}}}.dump();
  hub.message(message);
  auto later = insert;
  later.site = "A";
  later.base = 0;
  later.at = monday + 2 * day;
  later.fields = {{"person", {{"tel", 2}}}, {"family", {{"kids", 2}, {"name", "o"}}}};
  hub.give(later);
  CHECK(hub.record() == Json{{"person/tel", 1}, {"family/kids", 2}, {"family/name", "m"}});
  CHECK(hub.verdicts[later.id()]["lost"] == Json{"family/name", "person/tel"});
}

TEST_CASE("conflict R32: history says who, when, and has the record after each entry") {
  Hub hub(Json{{"topics", {{"history", nullptr}}},
               {"strategy", "field-merge"},
               {"fields", {{"diet", "case"}}}});
  // By default it reaches the centre.
  CHECK(hub.options.topics.history.fill({{"key", "123"}}) == "history/123");
  hub.seed({{"x", 0}, {"diet", "any"}}, "123", 0);
  hub.give(edit("A1", {{"x", 1}, {"diet", "a"}}, 0));
  auto late = edit("B1", {{"x", 2}, {"diet", "b"}}, 0);
  late.at = monday - day;
  hub.give(late);
  hub.resolve(hub.open_cases("field").at(0), "set", {{"value", "c"}});
  std::vector<Json> entries;
  for (const auto& sent : hub.sent) {
    if (sent.topic == "history/123") entries.push_back(sent.json());
  }
  REQUIRE(entries.size() == 4);
  CHECK(entries[1]["canonical"] == Json{{"x", 1}, {"diet", "a"}});
  CHECK(entries[2]["verdict"] == "CASE");
  CHECK(entries[2]["canonical"] == Json{{"x", 1}, {"diet", "a"}});
  CHECK(entries[2]["time_ms"] == late.at);
  CHECK(entries[2]["origin"] == "B");
  CHECK(entries[3]["canonical"] == Json{{"x", 1}, {"diet", "c"}});
  CHECK(entries[3]["person"] == "ann");
  auto gone = edit("A2", Json::object(), 2);
  gone.kind = "delete";
  hub.give(gone);
  for (const auto& sent : hub.sent) {
    if (sent.topic == "history/123") entries.push_back(sent.json());
  }
  CHECK(entries.back()["canonical"] == Json());
  CHECK(
      options_of({{"record", "e/{id}"}, {"topics", {{"canonical", "r/{id}"}, {"history", "none"}}}})
          .topics.history.empty());
}

TEST_CASE("conflict R35: nights go by the clocks of a time zone, each once") {
  Hub hub(Json{{"when", "02:30"}, {"time_zone", "Europe/Zurich"}});
  const std::int64_t march = 1'774'738'800'000;  // 2026-03-29 00:00 in Zurich, 23:00 UTC before
  hub.give(edit("A1", {{"x", 1}}, -1), march);
  CHECK(hub.host.wakes.at("batch") == march + 2 * hour);  // 03:00: there is no 02:30
  hub.wake("batch", march + 2 * hour);
  CHECK(hub.record() == Json{{"x", 1}});
  hub.give(edit("A2", {{"x", 2}}, 0), march + 3 * hour);
  CHECK(hub.host.wakes.at("batch") == march + 23 * hour + 2 * hour + hour / 2);
  const std::int64_t october = 1'792'879'200'000;  // 2026-10-25 00:00 in Zurich
  hub.give(edit("A3", {{"x", 3}}, 0), october);
  hub.wake("batch", october + 2 * hour + hour / 2);
  CHECK(hub.record() == Json{{"x", 3}});
  // It is 02:30 once more an hour later.
  hub.give(edit("A4", {{"x", 4}}, 2), october + 3 * hour);
  CHECK(hub.host.wakes.at("batch") == october + 25 * hour + 2 * hour + hour / 2);
  hub.wake("batch", october + 3 * hour + hour / 2);
  CHECK(hub.record() == Json{{"x", 3}});
}

}  // namespace bascule::test
