// The table of the policy's examples, row by row, and two stories.
#include <doctest/doctest.h>

#include "policies/conflict/hub.hpp"

namespace bascule::test {

namespace {

const Json merging{{"strategy", "field-merge"}};
const Json versions{{"strategy", "expected-version"}};

Edit edit(const std::string& id, const Json& fields, std::int64_t at = monday) {
  Edit made = edit_of(id, fields);
  made.at = at;
  return made;
}

}  // namespace

TEST_CASE("conflict C1, R33: Monday's edit that arrives on Friday loses to Tuesday's") {
  Hub hub;
  hub.seed({{"phone", "1"}});
  const auto a = edit("A1", {{"phone", "2"}}, monday);
  const auto b = edit("B1", {{"phone", "3"}}, monday + day);
  CHECK(hub.give(b, monday + 3 * day)["verdict"] == "APPLY");
  const auto verdict = hub.give(a, monday + 4 * day);
  CHECK(verdict["verdict"] == "SUPERSEDED");
  CHECK(verdict["canonical"] == Json{{"phone", "3"}});
  CHECK(hub.record() == Json{{"phone", "3"}});
  CHECK(hub.version() == 21);
  REQUIRE(hub.conflicts.size() == 1);
  CHECK(hub.conflicts[0]["incoming"]["fields"] == Json{{"phone", "2"}});
  CHECK(hub.conflicts[0]["stored"]["fields"] == Json{{"phone", "3"}});
}

TEST_CASE("conflict C2, R40: disjoint edits of one version merge in either order") {
  for (const bool swapped : {false, true}) {
    Hub hub(merging);
    hub.seed({{"name", "n"}, {"address", "a"}});
    auto first = edit("A1", {{"name", "N"}});
    auto second = edit("B1", {{"address", "A"}}, monday + 5);
    if (swapped) std::swap(first, second);
    CHECK(hub.give(first)["verdict"] == "APPLY");
    CHECK(hub.version() == 21);
    CHECK(hub.give(second)["verdict"] == "MERGE");
    CHECK(hub.version() == 22);
    CHECK(hub.record() == Json{{"name", "N"}, {"address", "A"}});
    CHECK(hub.conflicts.empty());
  }
}

TEST_CASE("conflict C3, R30, R40: the same field goes by author time, or by arrival") {
  for (const std::string order : {"author", "arrival"}) {
    for (const bool swapped : {false, true}) {
      Hub hub(Json{{"order", order}});
      hub.seed({{"name", "J"}});
      const auto john = edit("A1", {{"name", "John Doe"}}, monday);
      const auto joan = edit("B1", {{"name", "Joan d'Arc"}}, monday + 300'000);
      hub.give(swapped ? joan : john);
      hub.give(swapped ? john : joan);
      const bool john_stands = order == "arrival" && swapped;
      CHECK(hub.record()["name"] == (john_stands ? "John Doe" : "Joan d'Arc"));
      CHECK(hub.conflicts.size() == 1);
    }
  }
}

TEST_CASE("conflict C4, R39: what builds on a rejected edit is rejected with it") {
  Hub hub(versions);
  hub.seed({{"x", 0}});
  CHECK(hub.give(edit("A1", {{"x", 1}}))["verdict"] == "APPLY");
  const auto b1 = hub.give(edit("B1", {{"x", 2}}));
  CHECK(b1["verdict"] == "REJECT");
  CHECK(b1["reason"] == "stale");
  CHECK(b1["version"] == 21);
  auto second = edit("B2", {{"x", 3}});
  second.base = 21;  // its own 21, which is not this one
  second.prev = "B1";
  const auto b2 = hub.give(second);
  CHECK(b2["verdict"] == "REJECT");
  CHECK(b2["reason"] == "dependent");
  CHECK(hub.version() == 21);
  CHECK(hub.record() == Json{{"x", 1}});
}

TEST_CASE("conflict, R39: an author's second edit expects the version of its first") {
  Hub hub(versions);
  hub.seed({{"x", 0}});
  CHECK(hub.give(edit("B1", {{"x", 2}}))["verdict"] == "APPLY");
  auto second = edit("B2", {{"x", 3}});
  second.prev = "B1";
  CHECK(hub.give(second)["verdict"] == "APPLY");
  CHECK(hub.version() == 22);
}

TEST_CASE("conflict C5: an insert of what is there is rejected, a version to come is a case") {
  Hub hub(versions);
  hub.seed({{"x", 0}}, "123", 3);
  auto insert = edit("A1", {{"x", 1}});
  insert.base = -1;
  const auto verdict = hub.give(insert);
  CHECK(verdict["reason"] == "exists");
  CHECK(verdict["version"] == 3);
  auto future = edit("A2", {{"x", 1}});
  future.base = 5;
  CHECK(hub.give(future)["reason"] == "future_version");
  REQUIRE(hub.host.cases.size() == 1);
  CHECK(hub.host.cases[1].kind == "future_version");
  CHECK(hub.record() == Json{{"x", 0}});
  // A person lets it in.
  hub.resolve(1, "accept");
  CHECK(hub.record() == Json{{"x", 1}});
  CHECK(hub.verdicts[future.id()]["reason"] == "resolved");
  CHECK(hub.host.closed.size() == 1);
}

TEST_CASE("conflict C6, R39: an edit that comes three times counts once and is answered alike") {
  Hub hub;
  hub.seed({{"x", 0}});
  const auto a = edit("A1", {{"x", 1}});
  hub.give(a);
  REQUIRE(hub.host.sent.size() == 3);  // the record, the verdict, the history
  const auto first = hub.host.sent[1].payload;
  for (int i = 0; i < 2; ++i) {
    hub.give(a);
    REQUIRE(hub.host.sent.size() == 1);
    CHECK(hub.host.sent[0].payload == first);
  }
  CHECK(hub.version() == 21);
  // The same id with another payload is an exception, once.
  const auto other = edit("A1", {{"x", 2}});
  hub.give(other);
  hub.give(other);
  CHECK(hub.host.cases.size() == 1);
  CHECK(hub.host.cases[1].kind == "payload");
  CHECK(hub.record() == Json{{"x", 1}});
}

TEST_CASE("conflict C12: a delete and a later update that did not see each other") {
  for (const std::string rule : {"delete-wins", "author-time", "update-wins"}) {
    for (const bool swapped : {false, true}) {
      Hub hub(Json{{"deletes", rule}});
      hub.seed({{"x", 0}, {"y", 0}});
      auto gone = edit("A1", Json::object(), monday);
      gone.kind = "delete";
      const auto update = edit("B1", {{"x", 1}}, monday + 1000);
      hub.give(swapped ? update : gone);
      hub.give(swapped ? gone : update);
      CAPTURE(rule);
      CAPTURE(swapped);
      if (rule == "delete-wins") {
        CHECK(hub.record() == Json());
      } else {
        CHECK(hub.record() == Json{{"x", 1}, {"y", 0}});
      }
      CHECK(hub.conflicts.size() == 1);
      CHECK(hub.history().back().op.id == (swapped ? gone : update).id());
    }
  }
}

TEST_CASE("conflict: an update by one who saw the delete is rejected, a recreate is not") {
  Hub hub;
  hub.seed({{"x", 0}});
  auto gone = edit("A1", Json::object());
  gone.kind = "delete";
  hub.give(gone);
  auto late = edit("B1", {{"x", 1}});
  late.base = 21;
  CHECK(hub.give(late)["reason"] == "deleted");
  auto anew = edit("B2", {{"x", 2}});
  anew.base = 21;
  anew.kind = "recreate";
  CHECK(hub.give(anew)["verdict"] == "APPLY");
  CHECK(hub.record() == Json{{"x", 2}});
  // What was written before the delete was seen belongs to the life that is over.
  CHECK(hub.give(edit("C1", {{"x", 3}}, monday + hour))["verdict"] == "SUPERSEDED");
}

TEST_CASE("conflict: an update of a record that nobody knows is a case, never an insert") {
  Hub hub;
  CHECK(hub.give(edit("A1", {{"x", 1}}))["reason"] == "resurrection");
  CHECK(hub.record() == Json());
  CHECK(hub.host.cases.size() == 1);
}

TEST_CASE("conflict: a stamp too far ahead waits until its time, or for a person") {
  Hub hub;
  hub.seed({{"x", 0}});
  const auto now = monday + 4 * day;
  const auto ahead = edit("A1", {{"x", 1}}, now + 60'001);
  const auto just = edit("B1", {{"x", 2}}, now + 60'000);
  CHECK(hub.give(ahead, now)["reason"] == "clock");
  CHECK(hub.give(just, now)["verdict"] == "APPLY");
  CHECK(hub.host.wakes.at("clock") == now + 1);
  hub.wake("clock", now + 1);
  CHECK(hub.record() == Json{{"x", 1}});
  CHECK(hub.verdicts[ahead.id()]["verdict"] == "APPLY");
  CHECK(hub.host.closed.size() == 1);
}

TEST_CASE("conflict: clocks that cannot tell make the outcome ambiguous, or hold it") {
  for (const std::string on : {"accept", "hold", "case"}) {
    Hub hub(Json{{"on_ambiguous", on}});
    hub.seed({{"x", 0}});
    auto a = edit("A1", {{"x", 1}}, monday);
    a.u = 40;
    auto b = edit("B1", {{"x", 2}}, monday + 100);
    b.u = 60;
    hub.give(a);
    const auto verdict = hub.give(b);
    CHECK(verdict["verdict"] == (on == "accept" ? "APPLY" : on == "hold" ? "HOLD" : "CASE"));
    if (on == "accept") CHECK(hub.conflicts[0]["ambiguous"] == true);
    CHECK(hub.record()["x"] == (on == "accept" ? 2 : 1));
  }
}

TEST_CASE("conflict R40: the story of customer 123 in every setting") {
  const auto run = [](const Json& options, bool same_field) {
    Hub hub(options);
    hub.seed({{"name", "J. Doe"}, {"phone", "1"}});
    hub.give(edit("A1", {{"name", "John Doe"}}, monday));
    hub.give(edit("B1", same_field ? Json{{"name", "Jon Doe"}} : Json{{"phone", "2"}}, monday + 9));
    CHECK(hub.version() == 22);
    return hub.conflicts.size();
  };
  for (const std::string strategy : {"field-merge", "last-writer-wins"}) {
    CHECK(run({{"strategy", strategy}, {"detect", "record"}}, false) == 1);
    CHECK(run({{"strategy", strategy}, {"detect", "record"}}, true) == 1);
    CHECK(run({{"strategy", strategy}, {"detect", "field"}}, false) == 0);
    CHECK(run({{"strategy", strategy}, {"detect", "field"}}, true) == 1);
    CHECK(run({{"strategy", strategy}, {"detect", "none"}}, true) == 0);
  }
}

}  // namespace bascule::test
