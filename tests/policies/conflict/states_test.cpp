// The states of a record (R36), where they are seen, and what leads from one to the other.
#include <doctest/doctest.h>

#include "policies/conflict/hub.hpp"

namespace bascule::test {

namespace {

const Json people{{"strategy", "field-merge"},
                  {"insert_match", {"name", {{"field", "phone"}, {"as", "digits"}}}}};

Edit insert(const std::string& id, const std::string& record, const Json& fields,
            std::int64_t at = monday) {
  auto edit = edit_of(id, fields);
  edit.record = record;
  edit.base = -1;
  edit.at = at;
  return edit;
}

// The last that came on the topic.
const Sent* last_on(const Hub& hub, const std::string& topic) {
  const Sent* found = nullptr;
  for (const auto& sent : hub.sent) {
    if (sent.topic == topic) found = &sent;
  }
  return found;
}

std::string state_on(const Hub& hub, const std::string& topic) {
  const auto* sent = last_on(hub, topic);
  return sent == nullptr ? "nothing" : sent->property("state");
}

Json nightly() {
  auto options = people;
  options["when"] = "01:00";
  return options;
}

}  // namespace

TEST_CASE("conflict R36: an insert of the day is not reconciled, and no consumer sees it") {
  Hub hub(nightly());
  hub.give(insert("A1", "a", {{"name", "Jo"}, {"phone", "1"}}), monday);
  hub.give(insert("B1", "b", {{"name", "JO"}, {"phone", "1"}, {"mail", "m"}}), monday + 1);
  hub.give(insert("C1", "c", {{"name", "jo"}, {"phone", "1"}}, monday + 1), monday + 2);
  hub.give(insert("D1", "d", {{"name", "Jo"}, {"phone", "2"}}), monday + 3);
  for (const std::string key : {"a", "b", "c", "d"}) {
    CAPTURE(key);
    CHECK(state_on(hub, "pending/" + key) == "not_reconciled");
    CHECK(last_on(hub, "pending/" + key)->retain);
    CHECK(last_on(hub, "records/" + key) == nullptr);
  }
  hub.wake("batch", monday + 17 * hour);
  CHECK(state_on(hub, "records/a") == "reconciled");
  CHECK(last_on(hub, "pending/a")->payload.empty());
  CHECK(state_on(hub, "pending/b") == "merged");
  CHECK(last_on(hub, "pending/b")->property("record") == "a");
  CHECK(last_on(hub, "pending/b")->payload.empty());
  CHECK(state_on(hub, "pending/c") == "retired");
  CHECK(state_on(hub, "pending/d") == "unknown");
  CHECK(!last_on(hub, "pending/d")->payload.empty());
  for (const std::string key : {"b", "c", "d"}) CHECK(last_on(hub, "records/" + key) == nullptr);
}

TEST_CASE("conflict R35: of two inserts that match the same survives in a batch as at once") {
  for (const bool batch : {false, true}) {
    CAPTURE(batch);
    Hub hub(batch ? nightly() : people);
    // The later author's comes first.
    hub.give(insert("A1", "a", {{"name", "Jo"}, {"phone", "1"}, {"mail", "A"}}, monday + hour),
             monday + 2 * hour);
    hub.give(insert("B1", "b", {{"name", "jo"}, {"phone", "1"}, {"mail", "B"}, {"town", "t"}}),
             monday + 3 * hour);
    auto more = insert("B2", "b", {{"town", "tt"}}, monday + 1);
    more.prev = "B1";
    hub.give(more, monday + 3 * hour);
    if (batch) hub.wake("batch", monday + 17 * hour);
    CHECK(hub.all() ==
          Json{{"a", {{"name", "Jo"}, {"phone", "1"}, {"mail", "A"}, {"town", "tt"}}}});
  }
}

TEST_CASE("conflict R37: a person's merge takes the history of the insert along") {
  Hub hub(people);
  hub.give(insert("A1", "a", {{"name", "Jo"}, {"phone", "1"}}));
  hub.give(insert("B1", "b", {{"name", "Jo"}, {"phone", "2"}, {"mail", "m"}}));
  auto more = insert("B2", "b", {{"mail", "mm"}}, monday + 1);
  more.prev = "B1";
  hub.give(more);
  REQUIRE(hub.history("b").size() == 2);
  hub.resolve(1, "merge", {{"record", "a"}});
  CHECK(hub.history("b").empty());
  CHECK(!hub.host.state.contains("rb"));
  std::vector<std::string> ops;
  for (const auto& entry : hub.history("a")) ops.push_back(entry.op.id);
  CHECK(ops == std::vector<std::string>{id_of("A1"), id_of("B1"), id_of("B2"),
                                        "hub/0000000000000001/decisions/4"});
  CHECK(hub.verdicts[id_of("B2")]["record"] == "a");
  CHECK(hub.verdicts[id_of("B2")]["reason"] == "merged");
  CHECK(hub.record("a")["mail"] == "mm");
  CHECK(state_on(hub, "pending/b") == "merged");
  // Every version is there still, and what comes for the old key is of the record.
  CHECK(hub.versions("a").size() == 2);
  auto later = insert("B3", "b", {{"mail", "m3"}}, monday + 6 * day);
  later.prev = "B2";
  CHECK(hub.give(later, monday + 7 * day)["record"] == "a");
  CHECK(hub.record("a")["mail"] == "m3");
  // Who had seen the record without the insert meets it.
  hub.conflicts.clear();
  hub.give({.site = "C", .number = 1, .fields = {{"mail", "c"}}, .base = 0, .record = "a"});
  CHECK(hub.conflicts.size() == 4);  // B1, B2, the person, B3
}

TEST_CASE("conflict R37: a merge closes what a person was asked about the insert's fields") {
  auto options = people;
  options["fields"] = {{"diet", "case"}};
  Hub hub(options);
  hub.give(insert("A1", "a", {{"name", "Jo"}, {"phone", "1"}}));
  hub.give(insert("B1", "b", {{"name", "Jo"}, {"phone", "2"}, {"diet", "x"}}));
  hub.give(insert("C1", "b", {{"diet", "y"}}, monday + 1));
  REQUIRE(hub.open_cases("field").size() == 1);
  hub.resolve(hub.open_cases("unknown").at(0), "merge", {{"record", "a"}});
  CHECK(hub.host.closed.size() == hub.host.cases.size());
  CHECK(hub.record("a")["diet"] == "x");
}

}  // namespace bascule::test
