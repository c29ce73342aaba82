// An author's edits that build on each other, whatever became of those before.
#include <doctest/doctest.h>

#include "policies/conflict/hub.hpp"

namespace bascule::test {

namespace {

Edit edit(const std::string& id, const Json& fields, std::int64_t at, const std::string& prev = "",
          std::int64_t base = 20) {
  Edit made = edit_of(id, fields);
  made.at = at;
  made.prev = prev;
  made.base = base;
  return made;
}

Hub merging_versions() {
  Hub hub(Json{{"strategy", "expected-version"}, {"on_stale", "merge"}});
  hub.seed({{"name", "n"}, {"tel", "t"}});
  return hub;
}

}  // namespace

TEST_CASE("conflict chain: what follows a superseded edit is merged, and not a version to come") {
  auto hub = merging_versions();
  CHECK(hub.give(edit("A1", {{"name", "Ann"}}, monday + 10))["version"] == 21);
  CHECK(hub.give(edit("B1", {{"name", "Bob"}}, monday))["verdict"] == "SUPERSEDED");
  const auto verdict = hub.give(edit("B2", {{"tel", 7}}, monday + 1, "B1"));
  CHECK(verdict["verdict"] == "MERGE");
  CHECK(verdict["version"] == 22);
  CHECK(hub.give(edit("B3", {{"tel", 8}}, monday + 2, "B2"))["verdict"] == "MERGE");
  CHECK(hub.record() == Json{{"name", "Ann"}, {"tel", 8}});
  CHECK(hub.host.cases.empty());
  CHECK(hub.conflicts.size() == 1);  // the two names
}

TEST_CASE(
    "conflict chain: what follows an edit that a person let pass is decided, and waits no more") {
  Hub hub(Json{{"strategy", "expected-version"}, {"on_stale", "hold"}});
  hub.seed({{"name", "n"}, {"tel", "t"}});
  hub.give(edit("A1", {{"name", "Ann"}}, monday));
  CHECK(hub.give(edit("B1", {{"name", "Bob"}}, monday + 1))["reason"] == "stale");
  CHECK(hub.give(edit("B2", {{"tel", 7}}, monday + 2, "B1"))["reason"] == "prev");
  hub.resolve(hub.open_cases("stale").at(0), "accept");
  CHECK(hub.record() == Json{{"name", "Bob"}, {"tel", "t"}});
  // B had not seen what A and the person wrote: it is stale by itself, and no version to come.
  CHECK(hub.open_cases("future_version").empty());
  REQUIRE(hub.open_cases("stale").size() == 1);
  hub.resolve(hub.open_cases("stale").at(0), "accept");
  CHECK(hub.record() == Json{{"name", "Bob"}, {"tel", 7}});
}

TEST_CASE("conflict chain: an edit over another's that its author never saw is a conflict") {
  auto hub = merging_versions();
  CHECK(hub.give(edit("B1", {{"tel", 5}}, monday))["version"] == 21);
  CHECK(hub.give(edit("A1", {{"name", "Ann"}}, monday + 1))["verdict"] == "MERGE");
  const auto verdict = hub.give(edit("A2", {{"tel", 7}}, monday + 2, "A1"));
  CHECK(verdict["verdict"] == "MERGE");
  CHECK(verdict["version"] == 23);
  CHECK(hub.record() == Json{{"name", "Ann"}, {"tel", 7}});
  REQUIRE(hub.conflicts.size() == 1);
  CHECK(hub.conflicts[0]["units"] == Json{"tel"});
  CHECK(hub.conflicts[0]["conflict"] == Json{id_of("B1"), id_of("A2")});
}

TEST_CASE("conflict chain: over another's version, with on_stale: reject, it is stale") {
  Hub hub(Json{{"strategy", "expected-version"}});
  hub.seed({{"tel", 0}});
  CHECK(hub.give(edit("A1", {{"tel", 1}}, monday))["version"] == 21);
  CHECK(hub.give(edit("C1", {{"tel", 2}}, monday, "", 21))["version"] == 22);
  const auto verdict = hub.give(edit("A2", {{"tel", 3}}, monday + 9, "A1"));
  CHECK(verdict["verdict"] == "REJECT");
  CHECK(verdict["reason"] == "stale");
  CHECK(hub.record() == Json{{"tel", 2}});
}

TEST_CASE("conflict sum: an author's own steps count once, in each strategy") {
  for (const std::string strategy : {"field-merge", "expected-version"}) {
    CAPTURE(strategy);
    Hub hub(Json{{"strategy", strategy}, {"fields", {{"n", "sum"}}}});
    // A new record, and one that there is.
    CHECK(hub.give(edit("A1", {{"n", 4}}, monday, "", -1))["version"] == 0);
    hub.give(edit("A2", {{"n", 9}}, monday + 1, "A1", -1));
    CHECK(hub.record() == Json{{"n", 9}});
    hub.give(edit("A3", {{"n", 11}}, monday + 2, "A2", -1));
    CHECK(hub.record() == Json{{"n", 11}});
    hub.give(edit("B1", {{"n", 12}}, monday + 3, "", 2));
    hub.give(edit("B2", {{"n", 20}}, monday + 4, "B1", 2));
    CHECK(hub.record() == Json{{"n", 20}});
  }
}

TEST_CASE("conflict sum: what a delete took away is not counted again, whatever keeps it") {
  for (const std::string deletes : {"delete-wins", "author-time", "update-wins"}) {
    for (const std::string strategy : {"field-merge", "expected-version"}) {
      for (const bool chained : {false, true}) {
        CAPTURE(deletes);
        CAPTURE(strategy);
        CAPTURE(chained);
        Hub hub(Json{{"strategy", strategy}, {"deletes", deletes}, {"fields", {{"n", "sum"}}}});
        hub.seed({{"n", 5}});
        auto gone = edit("A1", Json::object(), monday);
        gone.kind = "delete";
        hub.give(gone);
        auto anew = chained ? edit("A2", {{"n", 6}}, monday + 1, "A1")
                            : edit("B1", {{"n", 6}}, monday + 1, "", 21);
        anew.kind = "recreate";
        hub.give(anew);
        CHECK(hub.record() == Json{{"n", 6}});
      }
    }
  }
}

}  // namespace bascule::test
