// Edits that a person let pass, also ahead of what they build on, and what comes after them.
#include <doctest/doctest.h>

#include <string>

#include "policies/conflict/hub.hpp"

namespace bascule::test {

namespace {

constexpr std::int64_t decided = monday + 5 * day;  // when a person decides

Edit on(const std::string& prev, Edit edit) {
  edit.prev = prev;
  return edit;
}

bool rejects(const Hub& hub) {
  for (const auto& [op, verdict] : hub.verdicts) {
    if (verdict["verdict"] == "REJECT") return true;
  }
  return false;
}

}  // namespace

TEST_CASE("conflict accepted: a recreate of a record that lives by then writes its fields") {
  Hub hub(Json{{"deletes", "author-time"}, {"on_ambiguous", "case"}});
  hub.give(edit_after("A1", {{"tel", 1}}, -1, 0));
  hub.give(edit_after("C1", Json::object(), 0, 2, "delete"));
  CHECK(hub.give(edit_after("A2", {{"name", 1}}, 0, 23))["verdict"] == "APPLY");
  auto anew = on("C1", edit_after("C2", {{"name", 2}}, 0, 23, "recreate"));
  CHECK(hub.give(anew)["reason"] == "ambiguous");
  hub.resolve(hub.open_cases("ambiguous").at(0), "accept");
  CHECK(!rejects(hub));
  CHECK(hub.record() == Json{{"tel", 1}, {"name", 2}});
  // What its author makes on top of it is of the same life.
  hub.give(on("C2", edit_after("C3", {{"n", 3}}, 0, 24)));
  CHECK(hub.record() == Json{{"tel", 1}, {"name", 2}, {"n", 3}});
}

TEST_CASE("conflict accepted: an author has seen what it builds on, also behind what waits") {
  Hub hub(Json{{"when", "01:00"}});
  const auto night = [&](int number) { hub.wake("batch", monday + (number * 24 - 7) * hour); };
  hub.give(edit_after("B1", {{"name", 1}}, -1, 0), monday);
  night(1);
  hub.give(on("B1", edit_after("B2", {{"name", 2}}, 0, 1)), monday + day);
  hub.give(on("B3", edit_after("B4", {{"n", 4}}, 0, 3)), monday + day);
  hub.give(on("B4", edit_after("B5", {{"name", 5}}, 0, 4)), monday + day);
  night(2);
  CHECK(hub.open_cases("prev").size() == 2);
  hub.give(on("B2", edit_after("B3", {{"name", 3}, {"m", 3}}, 0, 2)), monday + 2 * day);
  hub.resolve(hub.open_cases("prev").at(0), "accept");
  CHECK(hub.record() == Json{{"name", 5}, {"n", 4}});
  CHECK(hub.conflicts.empty());
  night(3);
  CHECK(hub.record() == Json{{"name", 5}, {"n", 4}, {"m", 3}});
  CHECK(hub.conflicts.empty());
  CHECK(hub.verdicts[id_of("B3")]["lost"] == Json{"name"});
}

TEST_CASE("conflict accepted: so has one whose base has the edit that a person let pass") {
  Hub hub;
  auto ahead = edit_after("A1", {{"n", 1}}, -1, 0);
  ahead.at = decided + 70'000;
  hub.give(ahead, decided);
  hub.give(on("A1", edit_after("A2", {{"n", 2}}, -1, 1)), decided);
  hub.give(on("A2", edit_after("A3", {{"name", 3}}, -1, 2)), decided);
  hub.resolve(hub.open_cases("prev").at(1), "accept");
  CHECK(hub.version() == 0);
  hub.wake("clock", decided + 10'000);
  CHECK(hub.version() == 2);
  hub.give(on("A3", edit_after("A4", {{"n", 4}}, 0, 3)), decided + 20'000);
  CHECK(hub.conflicts.empty());
}

TEST_CASE("conflict accepted: also where what it builds on was discarded after that") {
  Hub hub;
  hub.give(edit_after("B1", {{"n", 1}}, -1, 0));
  hub.give(on("B2", edit_after("B3", {{"m", 3}}, -1, 2)));
  hub.give(on("B3", edit_after("B4", {{"name", 4}}, -1, 3)));
  hub.resolve(hub.open_cases("prev").at(1), "accept");
  hub.resolve(hub.open_cases("prev").at(0), "discard");
  hub.give(on("B1", edit_after("B2", {{"name", 2}}, -1, 1)));
  CHECK(hub.record() == Json{{"n", 1}, {"name", 4}});
  CHECK(hub.conflicts.empty());
}

TEST_CASE("conflict accepted: what comes later meets the person's edit, and not the one accepted") {
  Hub hub(Json{{"deletes", "author-time"}, {"on_ambiguous", "case"}});
  hub.give(edit_after("A1", {{"n", 1}}, -1, 0));
  auto near = edit_after("B1", {{"n", 2}}, -1, 1);
  near.u = 2'000;
  CHECK(hub.give(near)["reason"] == "ambiguous");
  hub.resolve(hub.open_cases("ambiguous").at(0), "accept");
  CHECK(hub.record() == Json{{"n", 2}});
  // Near to B1, and days before the person's decision: there is nothing left to ask.
  SUBCASE("a delete") {
    const auto verdict = hub.give(on("A1", edit_after("A2", Json::object(), 0, 2, "delete")));
    CHECK(verdict["verdict"] == "SUPERSEDED");
    CHECK(verdict["reason"] == "updated");
  }
  SUBCASE("an update") {
    const auto verdict = hub.give(on("A1", edit_after("A2", {{"n", 3}}, 0, 2)));
    CHECK(verdict["verdict"] == "SUPERSEDED");
  }
  // It lost, and that is told: once, and kept.
  CHECK(hub.record() == Json{{"n", 2}});
  REQUIRE(hub.conflicts.size() == 1);
  CHECK(hub.conflicts[0]["conflict"].dump().find(id_of("B1")) == std::string::npos);
  CHECK(hub.ask("losers")["losers"].dump().find(id_of("A2")) != std::string::npos);
}

TEST_CASE("conflict accepted: an author is in no conflict with its own edit that was accepted") {
  Hub hub(Json{{"detect", "record"}});
  hub.give(edit_after("C1", {{"n", 1}}, -1, 0));
  auto ahead = edit_after("B1", {{"m", 1}}, 0, 1);
  ahead.at = decided + 70'000;
  CHECK(hub.give(ahead, decided)["reason"] == "clock");
  hub.resolve(hub.open_cases("clock").at(0), "accept");
  hub.give(edit_after("B2", Json::object(), 0, 2, "delete"));
  REQUIRE(hub.conflicts.size() == 1);
  CHECK(hub.conflicts[0]["conflict"].dump().find(id_of("B1")) == std::string::npos);
}

TEST_CASE("conflict accepted: also where an op of its base was made on top of what was let pass") {
  for (const std::string kind : {"", "delete"}) {
    CAPTURE(kind);
    Hub hub;
    hub.give(edit_after("B1", {{"name", 1}}, -1, 0), decided);
    auto ahead = on("B1", edit_after("B2", {{"name", 2}}, -1, 0, kind));
    if (kind == "delete") ahead.fields = Json::object();
    ahead.at = decided + 70'000;
    CHECK(hub.give(ahead, decided)["reason"] == "clock");
    hub.give(on("B2", edit_after("B3", Json::object(), 0, 2, "delete")), decided);
    hub.give(on("B3", edit_after("B4", {{"n", 4}}, 0, 3, "recreate")), decided);
    hub.resolve(hub.open_cases("prev").at(0), "accept");
    CHECK(hub.version() == 2);  // of B4, which its author has seen when it makes B6
    hub.wake("clock", decided + 10'000);
    hub.give(on("B4", edit_after("B5", {{"tel", 5}}, 0, 4)), decided + 11'000);
    hub.give(on("B5", edit_after("B6", {{"name", 6}}, 2, 5)), decided + 12'000);
    CHECK(hub.record() == Json{{"n", 4}, {"tel", 5}, {"name", 6}});
    // Its author has seen B2, which was decided after that.
    for (const auto& told : hub.conflicts) {
      const auto both = told["conflict"].dump();
      CHECK(both.find(id_of("B2")) == std::string::npos);
      CHECK(both.find(id_of("B6")) == std::string::npos);
    }
  }
}

TEST_CASE("conflict accepted: a record that lives again has what was written before its delete") {
  for (const std::string deletes : {"author-time", "update-wins"}) {
    CAPTURE(deletes);
    Hub hub(Json{{"deletes", deletes}});
    hub.give(edit_after("A1", {{"zip", 1}, {"n", 1}}, -1, 0));
    hub.give(on("A2", edit_after("A3", Json::object(), 0, 3, "delete")));
    hub.resolve(hub.open_cases("prev").at(0), "accept");
    CHECK(hub.record() == Json());
    CHECK(hub.give(on("A1", edit_after("A2", {{"zip", 2}}, 0, 1)))["reason"] == "deleted");
    // Nobody has replaced what A2 wrote; it is not what its author wrote before it that comes back.
    auto other = edit_after("C1", {{"tel", 3}}, 0, 0);
    other.at = deletes == "author-time" ? decided + day : monday;
    hub.give(other, decided + day);
    CHECK(hub.record() == Json{{"n", 1}, {"zip", 2}, {"tel", 3}});
  }
}

TEST_CASE("conflict accepted: a group is written as its author saw it, with what still waits") {
  const Json address{{"members", {"street", "zip", "town"}}};
  Hub hub(Json{{"strategy", "field-merge"}, {"fields", {{"address", address}}}});
  hub.give(edit_after("A1", {{"street", 1}, {"town", 1}}, -1, 0));
  // B2 waits for B1, which has not come; of the two that build on it a person accepts the first.
  const Json waiting{{"zip", 2}, {"town", nullptr}};
  hub.give(on("B1", edit_after("B2", waiting, 0, 2)));
  hub.give(on("B2", edit_after("B3", {{"name", 3}}, 0, 3)));
  std::int64_t base = 0;
  SUBCASE("who has not seen the person's edit") {}
  SUBCASE("who has") { base = 1; }
  hub.resolve(hub.open_cases("prev").at(1), "accept");
  CHECK(hub.version() == 1);
  hub.give(on("B3", edit_after("B4", {{"street", 4}}, base, 4)));
  CHECK(hub.record() == Json{{"name", 3}, {"street", 4}, {"zip", 2}});
  hub.give(edit_after("B1", {{"tel", 1}}, 0, 1));
  CHECK(hub.record() == Json{{"name", 3}, {"street", 4}, {"zip", 2}, {"tel", 1}});
}

TEST_CASE("conflict accepted: it is later than all that it builds on, whatever was let pass") {
  Hub hub;
  auto ahead = edit_after("B1", {{"m", 1}}, -1, 0);
  ahead.at = decided + 70'000;
  hub.give(ahead, decided);
  hub.give(on("B1", edit_after("B2", {{"n", 2}}, -1, 1)), decided);
  hub.resolve(hub.open_cases("prev").at(0), "accept");
  hub.wake("clock", decided + 10'000);
  auto other = edit_after("A1", {{"tel", 1}}, -1, 0);
  other.at = decided + 60'000;
  hub.give(other, decided + 11'000);
  hub.give(on("B2", edit_after("B3", {{"tel", 3}}, -1, 2)), decided + 12'000);
  CHECK(hub.record() == Json{{"m", 1}, {"n", 2}, {"tel", 3}});
}

TEST_CASE("conflict accepted: what comes after what was built on it takes nothing of that back") {
  Hub hub(Json{{"strategy", "field-merge"},
               {"fields", {{"n", "sum"}, {"m", "first"}, {"tel", "case"}, {"size", "max"}}}});
  hub.give(edit_after("A1", {{"n", 4}}, -1, 0));
  const Json fields{{"n", 7}, {"m", 2}, {"tel", "b"}, {"size", 1}};
  CHECK(hub.give(on("B1", edit_after("B2", fields, 0, 2)))["reason"] == "prev");
  hub.resolve(hub.open_cases("prev").at(0), "accept");
  CHECK(hub.record() == fields);
  hub.give(edit_after("B1", {{"n", 5}, {"m", 1}, {"tel", "a"}, {"size", 9}, {"x", 1}}, 0, 1));
  CHECK(hub.record() == Json{{"n", 7}, {"m", 2}, {"tel", "b"}, {"size", 1}, {"x", 1}});
  CHECK(hub.conflicts.empty());
  CHECK(hub.open_cases("field").empty());
}

TEST_CASE("conflict accepted: nor does a delete, or an update, whose author went on after it") {
  for (const std::string deletes : {"delete-wins", "author-time", "update-wins"}) {
    CAPTURE(deletes);
    Hub hub(Json{{"strategy", "field-merge"}, {"deletes", deletes}});
    hub.give(edit_after("A1", {{"n", 4}}, -1, 0));
    SUBCASE("a delete, and the record was written anew") {
      hub.give(on("B1", edit_after("B2", {{"m", 2}}, 0, 2, "recreate")));
      hub.resolve(hub.open_cases("prev").at(0), "accept");
      const auto verdict = hub.give(edit_after("B1", Json::object(), 0, 1, "delete"));
      CHECK(verdict["verdict"] == "SUPERSEDED");
      CHECK(verdict["reason"] == "updated");
      CHECK(hub.record() == Json{{"n", 4}, {"m", 2}});
    }
    SUBCASE("an update, and the record was deleted") {
      hub.give(on("B1", edit_after("B2", Json::object(), 0, 2, "delete")));
      hub.resolve(hub.open_cases("prev").at(0), "accept");
      const auto verdict = hub.give(edit_after("B1", {{"m", 2}}, 0, 1));
      CHECK(verdict["verdict"] == "SUPERSEDED");
      CHECK(verdict["reason"] == "deleted");
      CHECK(hub.record() == Json());
    }
    CHECK(hub.conflicts.empty());
  }
}

TEST_CASE("conflict accepted: a delete of what is not there has been seen by its author alone") {
  Hub hub;
  hub.give(on("B1", edit_after("B2", Json::object(), -1, 1, "delete")), decided);
  auto again = on("B2", edit_after("B3", Json::object(), -1, 2, "delete"));
  again.at = decided + 70'000;
  hub.give(again, decided);
  hub.resolve(hub.open_cases("prev").at(0), "accept");
  CHECK(hub.verdicts[id_of("B2")]["reason"] == "resolved");
  hub.give(edit_after("C1", {{"n", 1}}, -1, 0), decided + 1);
  hub.wake("clock", decided + 10'000);
  CHECK(hub.verdicts[id_of("B3")]["reason"] == "deleted");
  CHECK(hub.record() == Json{{"n", 1}});
}

TEST_CASE("conflict accepted: the clock's wake is for what still waits for it, or for nothing") {
  for (const std::string choice : {"accept", "discard"}) {
    CAPTURE(choice);
    Hub hub;
    auto sooner = edit_after("A1", {{"n", 1}}, -1, 0);
    auto later = edit_after("B1", {{"m", 1}}, -1, 0);
    sooner.at = decided + 70'000;
    later.at = decided + 90'000;
    hub.give(sooner, decided);
    hub.give(later, decided);
    CHECK(hub.host.wakes["clock"] == decided + 10'000);
    hub.resolve(hub.open_cases("clock").at(0), choice);
    CHECK(hub.host.wakes["clock"] == decided + 30'000);
    hub.resolve(hub.open_cases("clock").at(0), choice);
    CHECK(!hub.host.wakes.contains("clock"));
  }
}

}  // namespace bascule::test
