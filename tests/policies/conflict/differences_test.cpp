// What an independent model of policies.md decided otherwise, each as the smallest case.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "policies/conflict/hub.hpp"

namespace bascule::test {

TEST_CASE("conflict: a recreate that loses makes no version") {
  Hub hub(Json{{"strategy", "field-merge"}});
  hub.give(edit_after("A1", {{"n", 4}}, -1, 0));
  hub.give(edit_after("B1", Json::object(), 0, 1, "delete"));
  hub.give(edit_after("C1", {{"m", 1}}, 1, 2, "recreate"));
  SUBCASE("to a delete of the life that both have begun") {
    CHECK(hub.give(edit_after("D1", Json::object(), 2, 3, "delete"))["version"] == 3);
    hub.sent.clear();
    const auto verdict = hub.give(edit_after("E1", {{"m", 2}}, 1, 4, "recreate"));
    CHECK(verdict["verdict"] == "SUPERSEDED");
    CHECK(verdict["version"] == 3);
    for (const auto& sent : hub.sent) CHECK(sent.topic != "records/123");
  }
  SUBCASE("all its fields to the other recreate") {
    const auto verdict = hub.give(edit_after("E1", {{"m", 2}}, 1, 1, "recreate"));
    CHECK(hub.record() == Json{{"m", 1}});
    CHECK(verdict["verdict"] == "SUPERSEDED");
    CHECK(verdict["version"] == 2);
  }
}

TEST_CASE("conflict: an edit that a version check let through is reported with what lost before") {
  Hub hub(Json{{"strategy", "expected-version"}, {"on_stale", "merge"}});
  hub.give(edit_after("A1", {{"n", 2}}, -1, 0));
  hub.give(edit_after("A2", {{"n", 3}}, 0, 10));
  CHECK(hub.give(edit_after("B1", {{"n", 4}}, 0, 5))["verdict"] == "SUPERSEDED");
  CHECK(hub.conflicts.size() == 1);
  CHECK(hub.give(edit_after("C1", {{"n", 5}}, 1, 50))["verdict"] == "APPLY");
  REQUIRE(hub.conflicts.size() == 2);
  CHECK(hub.conflicts[1]["conflict"] == Json{id_of("B1"), id_of("C1")});
}

TEST_CASE("conflict: so is one that follows its author's own, with a delete that lost") {
  Hub hub(
      Json{{"strategy", "expected-version"}, {"on_stale", "merge"}, {"deletes", "update-wins"}});
  hub.give(edit_after("B1", {{"n", 1}}, -1, 0));
  hub.give(edit_after("B2", {{"n", 2}}, 0, 1));
  CHECK(hub.give(edit_after("A1", Json::object(), 0, 2, "delete"))["reason"] == "updated");
  auto third = edit_after("B3", {{"tel", 3}}, 0, 3);
  third.prev = "B2";
  hub.conflicts.clear();
  hub.give(third);
  REQUIRE(hub.conflicts.size() == 1);
  CHECK(hub.conflicts[0]["units"] == Json{"*"});
}

TEST_CASE(
    "conflict: a record that lives again is a version, though a person is asked for its field") {
  Hub hub(
      Json{{"strategy", "field-merge"}, {"deletes", "author-time"}, {"fields", {{"n", "case"}}}});
  hub.give(edit_after("A1", {{"n", 2}}, -1, 0));
  hub.give(edit_after("A2", {{"n", 3}}, 0, 3));
  hub.give(edit_after("B1", Json::object(), 1, 5, "delete"));
  const auto verdict = hub.give(edit_after("C1", {{"n", 4}}, 0, 10));
  CHECK(verdict["verdict"] == "MERGE");
  CHECK(verdict["lost"] == Json{"n"});
  CHECK(verdict["version"] == 3);
  CHECK(!verdict.contains("reason"));
  CHECK(hub.open_cases("field").size() == 1);
}

TEST_CASE("conflict: the stamp of what a person let pass moves nobody's edit behind it") {
  Hub hub(Json{{"strategy", "expected-version"}, {"on_stale", "merge"}});
  const auto now = monday + 5 * day;  // when the person decides
  auto ahead = edit_after("A1", {{"m", 1}}, -1, 0);
  ahead.at = now + 71'000;
  CHECK(hub.give(ahead, now)["reason"] == "clock");
  hub.resolve(1, "accept");
  auto second = edit_after("A2", {{"name", 1}}, 0, 0);
  auto third = edit_after("A3", {{"name", true}, {"n", "x"}}, 0, 0);
  second.at = now - 990;
  third.at = now - 989;
  hub.give(second, now);
  CHECK(!hub.give(third, now).contains("lost"));
  CHECK(hub.record()["name"] == true);
}

TEST_CASE("conflict: what a person let pass does not count a second time") {
  Hub hub(Json{{"detect", "record"}});
  CHECK(hub.give(edit_after("D1", {{"tel", 1}}, 0, 0))["reason"] == "resurrection");
  hub.resolve(1, "accept");
  auto gone = edit_after("E1", Json::object(), 0, 9, "delete");
  hub.give(gone);
  CHECK(hub.conflicts.empty());
  CHECK(hub.record() == Json());
}

TEST_CASE("conflict: what its author saw deleted is rejected, and not held for its clock") {
  Hub hub(Json{{"on_ambiguous", "hold"}});
  hub.give(edit_after("B1", {{"n", 1}}, -1, 0));
  hub.give(edit_after("B2", Json::object(), 0, 1, "delete"));
  auto first = edit_after("A1", {{"name", 1}}, 0, 9);
  auto second = edit_after("C1", {{"name", 2}}, 1, 9);
  second.u = 400;
  CHECK(hub.give(first)["reason"] == "deleted");
  const auto verdict = hub.give(second);
  CHECK(verdict["verdict"] == "REJECT");
  CHECK(verdict["reason"] == "deleted");
}

TEST_CASE("conflict: edits of one night at the centre do not depend on each other") {
  for (const bool batch : {false, true}) {
    CAPTURE(batch);
    Hub hub(batch ? Json{{"when", "01:00"}} : Json::object());
    const auto write = [&](std::uint64_t sequence, const std::string& payload) {
      Message message;
      message.sequence = sequence;
      message.topic = "edits/123";
      message.payload = payload;
      message.wall_ms = monday + std::int64_t(sequence);
      hub.message(message);
    };
    write(1, "");
    write(2, R"({"tel":"y"})");
    if (batch) hub.wake("batch", monday + 17 * hour);
    CHECK(hub.record() == Json{{"tel", "y"}});
    CHECK(hub.version() == 0);
  }
}

TEST_CASE("conflict: after a delete of the same night at the centre time decides, as at once") {
  for (const std::string deletes : {"delete-wins", "author-time", "update-wins"}) {
    for (const bool batch : {false, true}) {
      CAPTURE(deletes);
      CAPTURE(batch);
      Hub hub(Json{{"strategy", "field-merge"},
                   {"fields", {{"address", {{"members", {"street", "zip"}}}}, {"n", "sum"}}},
                   {"deletes", deletes},
                   {"when", batch ? "01:00" : "at once"}});
      hub.give(edit_after("A1", {{"street", "z"}, {"n", 4}}, -1, 0), monday);
      if (batch) hub.wake("batch", monday + 17 * hour);
      const std::vector<std::string> payloads{"", R"({"zip":1})", R"({"n":5})"};
      for (std::size_t i = 0; i < payloads.size(); ++i) {
        Message message;
        message.sequence = i + 1;
        message.topic = "edits/123";
        message.payload = payloads[i];
        message.wall_ms = monday + 18 * hour + std::int64_t(i);
        hub.message(message);
      }
      if (batch) hub.wake("batch", monday + 41 * hour);
      const bool gone = deletes == "delete-wins";
      for (const std::string op : {"2", "3"}) {
        const auto& verdict = hub.verdicts["hub/0000000000000001/edits/" + op];
        CHECK(verdict["verdict"] == (gone ? "SUPERSEDED" : "APPLY"));
      }
      CHECK(hub.version() == (gone ? 1 : 3));
      CHECK(hub.record() == (gone ? Json() : Json{{"street", "z"}, {"zip", 1}, {"n", 5}}));
      CHECK(hub.conflicts.empty());
    }
  }
}

TEST_CASE("conflict: a question about a field ends with the life of its record") {
  Hub hub(Json{{"strategy", "field-merge"}, {"fields", {{"n", "case"}}}});
  hub.give(edit_after("A1", {{"m", 1}}, -1, 0));
  hub.give(edit_after("A2", {{"n", 1}}, 0, 1));
  CHECK(hub.give(edit_after("B1", {{"n", 2}}, 0, 2))["verdict"] == "CASE");
  auto gone = edit_after("B2", Json::object(), 1, 3, "delete");
  hub.give(gone);
  hub.give(edit_after("B3", {{"n", 3}}, 2, 4, "recreate"));
  CHECK(hub.record() == Json{{"n", 3}});
  CHECK(hub.open_cases("field").empty());
}

TEST_CASE("conflict: of a record that lives again every part is sent") {
  Hub hub(Json{{"strategy", "field-merge"},
               {"record", "edits/{id}/{part}"},
               {"deletes", "author-time"},
               {"topics", {{"canonical", "records/{id}/{part}"}}}});
  const auto give = [&](Edit made, const std::string& part) {
    made.part = part;
    return hub.give(made);
  };
  give(edit_after("A1", {{"name", "a"}}, -1, 0), "p");
  give(edit_after("C1", Json::object(), 0, 10, "delete"), "p");
  auto hidden = edit_after("A2", {{"tel", "x"}}, -1, 5);
  hidden.prev = "A1";
  CHECK(give(hidden, "q")["reason"] == "deleted");
  auto later = edit_after("A3", {{"name", "b"}}, -1, 20);
  later.prev = "A2";
  hub.sent.clear();
  give(later, "p");
  std::map<std::string, std::string> sent;
  for (const auto& it : hub.sent) sent[it.topic] = it.payload;
  CHECK(sent["records/123/p"] == R"({"name":"b"})");
  CHECK(sent["records/123/q"] == R"({"tel":"x"})");
}

TEST_CASE("conflict: what follows an edit that ran ahead and was accepted has its own time") {
  Hub hub(Json{{"strategy", "field-merge"}});
  CHECK(hub.give(edit_after("A1", {{"m", 1}}, -1, 4 * 86'400 + 71))["reason"] == "clock");
  hub.resolve(hub.open_cases("clock").at(0), "accept");
  auto next = edit_after("A2", {{"name", 1}}, -1, 10);
  next.prev = "A1";
  hub.give(next);
  hub.give(edit_after("B1", {{"name", 2}}, -1, 20));
  CHECK(hub.record() == Json{{"m", 1}, {"name", 2}});
}

TEST_CASE("conflict: of a delete and an update that count as the same moment the update stands") {
  // The clock of B went back, so that both count as the next moment after B1, which both have seen.
  const auto update = edit_after("B2", {{"n", 2}}, 1, 20);
  auto remove = edit_after("B3", Json::object(), 0, 30, "delete");
  remove.prev = "B1";
  for (const bool update_first : {true, false}) {
    CAPTURE(update_first);
    Hub hub(Json{{"strategy", "field-merge"}, {"deletes", "author-time"}});
    hub.give(edit_after("C1", {{"n", 1}}, -1, 50));
    hub.give(edit_after("B1", {{"tel", "x"}}, 0, 10));
    if (update_first) hub.give(update);
    const auto verdict = hub.give(remove);
    CHECK(verdict["verdict"] == (update_first ? "SUPERSEDED" : "APPLY"));
    if (!update_first) hub.give(update);
    CHECK(hub.record() == Json{{"n", 2}, {"tel", "x"}});
  }
}

TEST_CASE(
    "conflict: who deleted a record saw it deleted, though the delete lost, by any strategy") {
  for (const std::string strategy : {"last-writer-wins", "field-merge", "expected-version"}) {
    for (const std::string deletes : {"author-time", "update-wins"}) {
      CAPTURE(strategy);
      CAPTURE(deletes);
      Hub hub(Json{{"strategy", strategy}, {"deletes", deletes}});
      if (strategy == "expected-version") hub.options.on_stale = conflict::OnStale::merge;
      hub.give(edit_after("C1", {{"n", 1}}, -1, 0));
      hub.give(edit_after("C2", {{"n", 2}}, 0, 10));
      hub.give(edit_after("A1", {{"name", 1}}, 0, 1));
      auto gone = edit_after("A2", Json::object(), 0, 2, "delete");
      gone.prev = "A1";
      CHECK(hub.give(gone)["reason"] == "updated");
      // Version 1 has come to its author meanwhile; it shows the record as deleted all the same.
      const auto next = [&](const Json& fields, const std::string& kind) {
        auto edit = edit_after("A3", fields, 1, 20, kind);
        edit.prev = "A2";
        return hub.give(edit);
      };
      SUBCASE("an update") {
        const auto verdict = next({{"tel", 3}}, "");
        CHECK(verdict["verdict"] == "REJECT");
        CHECK(verdict["reason"] == "deleted");
        CHECK(hub.record() == Json{{"n", 2}, {"name", 1}});
      }
      SUBCASE("a delete") {
        CHECK(next(Json::object(), "delete")["reason"] == "deleted");
        CHECK(hub.record() == Json{{"n", 2}, {"name", 1}});
      }
      SUBCASE("a recreate") {
        CHECK(next({{"tel", 3}}, "recreate")["verdict"] == "APPLY");
        CHECK(hub.record() == Json{{"tel", 3}});
      }
    }
  }
}

TEST_CASE("conflict: who saw the record made anew edits that, whatever its own before came to") {
  for (const std::string strategy : {"last-writer-wins", "field-merge", "expected-version"}) {
    CAPTURE(strategy);
    Hub hub(Json{{"strategy", strategy}});
    if (strategy == "expected-version") hub.options.on_stale = conflict::OnStale::merge;
    hub.give(edit_after("B1", {{"n", 1}}, -1, 0));
    hub.give(edit_after("B2", Json::object(), 0, 2, "delete"));
    hub.give(edit_after("B3", {{"n", 3}}, 1, 3, "recreate"));
    // A had edited the first life; the second one came to it before the answer.
    CHECK(hub.give(edit_after("A1", {{"name", 1}}, 0, 1))["reason"] == "deleted");
    auto next = edit_after("A2", {{"tel", 2}}, 2, 4);
    next.prev = "A1";
    CHECK(hub.give(next)["version"] == 3);
    CHECK(hub.record() == Json{{"n", 3}, {"tel", 2}});
  }
}

TEST_CASE("conflict: an author's next edit need not go behind what lost before its last one came") {
  Hub hub(Json{{"strategy", "expected-version"}, {"on_stale", "merge"}});
  hub.give(edit_after("A1", {{"n", 1}}, -1, 0));
  hub.give(edit_after("A2", Json::object(), 0, 1, "delete"));
  CHECK(hub.give(edit_after("B1", {{"n", 2}}, 0, 20))["reason"] == "deleted");
  hub.give(edit_after("D1", {{"n", 3}}, 1, 2, "recreate"));
  auto next = edit_after("D2", {{"m", 4}}, 1, 3);
  next.prev = "D1";
  CHECK(hub.give(next)["verdict"] == "APPLY");
  // Who has seen B1 lose, and D1, writes after 0:20; D2, of 0:03, had not seen it.
  CHECK(!hub.give(edit_after("C1", {{"m", 5}}, 2, 10)).contains("lost"));
  CHECK(hub.record() == Json{{"n", 3}, {"m", 5}});
}

TEST_CASE("conflict: who says at the centre that an edit is on top of a delete saw it deleted") {
  Hub hub(Json{{"strategy", "expected-version"},
               {"on_stale", "merge"},
               {"deletes", "author-time"},
               {"when", "01:00"}});
  hub.give(edit_after("B1", {{"m", 1}}, -1, 0), monday);
  hub.wake("batch", monday + 17 * hour);
  const auto write = [&](std::uint64_t sequence, const std::string& payload) {
    Message message;
    message.sequence = sequence;
    message.topic = "edits/123";
    message.payload = payload;
    message.wall_ms = monday + 18 * hour + std::int64_t(sequence) * 10'000;
    if (sequence > 1) message.properties = {{"prev", "hub/0000000000000001/edits/1"}};
    hub.message(message);
  };
  write(1, "");
  // Of the same night, later, and unseen by who writes the third: the record lives again.
  hub.give(edit_after("A1", {{"tel", 2}}, 0, 18 * 3'600 + 15), monday + 18 * hour + 20'000);
  write(3, R"({"n":3})");
  hub.wake("batch", monday + 41 * hour);
  const auto& verdict = hub.verdicts["hub/0000000000000001/edits/3"];
  CHECK(verdict["verdict"] == "REJECT");
  CHECK(verdict["reason"] == "deleted");
  CHECK(hub.record() == Json{{"m", 1}, {"tel", 2}});
}

}  // namespace bascule::test
