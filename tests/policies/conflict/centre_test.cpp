// Devices at the central broker itself, which say nothing of what they have seen.
#include <doctest/doctest.h>

#include <algorithm>

#include "policies/conflict/hub.hpp"

namespace bascule::test {

namespace {

void write(Hub& hub, std::uint64_t sequence, const Json& fields, std::int64_t at,
           const Message& like = {}) {
  auto message = like;
  message.origin = "hub";
  message.lane = "edits";
  message.sequence = sequence;
  message.topic = "edits/123";
  message.payload = fields.dump();
  message.wall_ms = at;
  hub.message(message);
}

Edit of_site(const std::string& id, const Json& fields, std::int64_t at) {
  auto edit = edit_of(id, fields);
  edit.at = at;
  return edit;
}

}  // namespace

TEST_CASE("conflict centre: an edit without base has seen what was there when it came") {
  Hub hub;
  hub.seed({{"tel", 1}});
  write(hub, 1, {{"tel", 2}}, monday + day);
  // Monday's edit of a site that was cut off.
  CHECK(hub.give(of_site("A1", {{"tel", 3}}, monday))["verdict"] == "SUPERSEDED");
  REQUIRE(hub.conflicts.size() == 1);
  CHECK(hub.conflicts[0]["stored"]["base"] == 20);
  CHECK(hub.conflicts[0]["stored"]["base_quality"] == "inferred");
  // The next one has seen what stands, and again not what lost.
  write(hub, 2, {{"tel", 4}}, monday + 5 * day);
  CHECK(hub.record() == Json{{"tel", 4}});
  REQUIRE(hub.conflicts.size() == 2);
  CHECK(hub.conflicts[1]["stored"]["op"] == id_of("A1"));
}

TEST_CASE("conflict centre: a person is asked where the field's rule says so") {
  Hub hub(Json{{"strategy", "field-merge"}, {"fields", {{"tel", "case"}}}});
  hub.seed({{"tel", 1}});
  write(hub, 1, {{"tel", 2}}, monday + day);
  CHECK(hub.give(of_site("A1", {{"tel", 3}}, monday))["verdict"] == "CASE");
  CHECK(hub.open_cases("field").size() == 1);
  CHECK(hub.conflicts.size() == 1);
}

TEST_CASE("conflict centre: it expects no version, so that none is stale") {
  Hub hub(Json{{"strategy", "expected-version"}});
  write(hub, 1, {{"tel", 1}}, monday);
  write(hub, 2, {{"tel", 2}}, monday + 1);
  CHECK(hub.record() == Json{{"tel", 2}});
  CHECK(hub.version() == 1);
}

TEST_CASE("conflict centre: in a batch, too; and its own earlier edits of the day it has seen") {
  Hub hub(Json{{"when", "01:00"}, {"strategy", "field-merge"}});
  hub.seed({{"tel", 1}, {"name", "n"}});
  hub.wake("batch", monday - 10 * day);
  REQUIRE(hub.version() == 20);
  write(hub, 1, {{"tel", 2}}, monday);
  CHECK(hub.give(of_site("A1", {{"tel", 3}}, monday - hour), monday + 1)["verdict"] == "QUEUED");
  write(hub, 2, {{"tel", 4}}, monday + 2);
  hub.wake("batch", monday + 17 * hour);
  CHECK(hub.record()["tel"] == 4);
  CHECK(hub.conflicts.size() == 2);  // A's with each of the centre's, and these not with each other
  write(hub, 3, {{"tel", 5}}, monday + 18 * hour);
  hub.wake("batch", monday + 41 * hour);
  CHECK(hub.record()["tel"] == 5);
  CHECK(hub.conflicts.size() == 2);
}

TEST_CASE("conflict centre: an envelope says in its payload what a record's properties say") {
  Hub hub(Json{{"topics", {{"canonical", "records/{id}"}, {"envelope", "whole/{id}"}}}});
  const auto last = [&](const std::string& topic) {
    const auto found = std::find_if(hub.sent.rbegin(), hub.sent.rend(),
                                    [&](const Sent& one) { return one.topic == topic; });
    REQUIRE(found != hub.sent.rend());
    return *found;
  };
  write(hub, 1, {{"tel", 1}}, monday);
  write(hub, 2, {{"tel", 2}}, monday + 1);
  const auto record = last("records/123");
  const auto whole = last("whole/123");
  CHECK(whole.retain);
  CHECK(whole.json() == Json{{"record", "123"},
                             {"version", 1},
                             {"state", record.property("state")},
                             {"op", record.property("op")},
                             {"hlc", record.property("hlc")},
                             {"deleted", false},
                             {"fields", {{"tel", 2}}}});
  CHECK(record.property("version") == "1");

  Message gone;
  gone.origin = "hub";
  gone.sequence = 3;
  gone.topic = "edits/123";
  gone.wall_ms = monday + 2;
  hub.message(gone);
  CHECK(last("records/123").payload.empty());
  CHECK(last("whole/123").json()["deleted"] == true);
  CHECK(last("whole/123").json()["fields"].is_null());
  CHECK(last("whole/123").json()["version"] == 2);
}

TEST_CASE("conflict centre: a clock that ran ahead does not stamp what is edited after that") {
  Hub hub;
  write(hub, 1, {{"x", 1}}, monday + 400 * day);
  Message late;
  late.trusted = false;  // nobody knows which of the two times is right
  write(hub, 2, {{"x", 2}}, monday, late);
  CHECK(hub.clock().ms == monday + 400 * day);
  write(hub, 3, {{"x", 3}}, monday + 1);
  CHECK(hub.clock().ms == monday + 1);
  REQUIRE(hub.host.log.size() == 1);
  // It had seen the others, and comes after them all the same.
  CHECK(hub.record() == Json{{"x", 3}});
  hub.give({.site = "A",
            .number = 1,
            .fields = {{"y", 1}},
            .base = -1,
            .at = monday + 5,
            .record = "456"},
           monday + 6);
  write(hub, 4, {{"y", 2}}, monday + 7);
  CHECK(hub.host.log.size() == 1);
}

TEST_CASE("conflict centre: an edit that says what it was made on top of falls with it") {
  const auto on = [](std::uint64_t sequence) {
    Message like;
    like.properties = {{"prev", "hub/0000000000000001/edits/" + std::to_string(sequence)}};
    return like;
  };
  const auto verdict = [](Hub& hub, std::uint64_t sequence) {
    return hub.verdicts["hub/0000000000000001/edits/" + std::to_string(sequence)];
  };
  for (const bool batch : {false, true}) {
    CAPTURE(batch);
    Hub hub(batch ? Json{{"when", "01:00"}, {"validate", {{"tel", {{"max", 9}}}}}}
                  : Json{{"validate", {{"tel", {{"max", 9}}}}}});
    hub.seed({{"tel", 1}});
    hub.wake("batch", monday - 10 * day);
    auto night = [&, next = monday + 17 * hour]() mutable {
      if (batch) hub.wake("batch", next);
      next += day;
    };
    write(hub, 1, {{"tel", 10}}, monday);
    write(hub, 2, {{"name", "n"}}, monday + 1, on(1));
    write(hub, 3, {{"town", "t"}}, monday + 2);  // this one says nothing of the kind
    night();
    CHECK(verdict(hub, 1)["reason"] == "invalid");
    CHECK(verdict(hub, 2)["verdict"] == "REJECT");
    CHECK(verdict(hub, 2)["reason"] == "dependent");
    CHECK(verdict(hub, 3)["verdict"] == "APPLY");
    CHECK(hub.record() == Json{{"tel", 1}, {"town", "t"}});
    // What has not come is waited for, and is then part of what the author saw.
    write(hub, 5, {{"tel", 3}}, monday + day + 1, on(4));
    night();
    CHECK(verdict(hub, 5)["verdict"] == "HOLD");
    write(hub, 4, {{"tel", 2}}, monday + 2 * day);
    night();
    CHECK(verdict(hub, 5)["verdict"] == "APPLY");
    CHECK(hub.record()["tel"] == 3);
    CHECK(hub.conflicts.empty());
  }
}

}  // namespace bascule::test
