// Several hubs behind one policy of a site, and a hub whose journal was made anew: what one of them
// has numbered says nothing of another's (issue of two hubs).
#include <doctest/doctest.h>

#include "conflict/site/site_turn.hpp"
#include "policies/conflict/hub.hpp"

namespace bascule::test {

namespace {

const std::string first_epoch = "0000000000000001", second_epoch = "0000000000000002";

// A site alone, with what hubs send to it.
struct Lonely {
  conflict::Options options = options_of(
      {{"role", "site"},
       {"record", "edits/{id}"},
       {"topics",
        {{"canonical", "records/{id}"}, {"view", "shown/{id}"}, {"mark", "marks/{origin}"}}}},
      "A");
  MemoryHost host;
  std::int64_t now = monday;
  std::uint64_t sequence = 0;

  void give(Message message) {
    message.wall_ms = message.boottime_ms = now;
    message.sequence = ++sequence;
    const MemoryHost::DecideInCpp decide = [&](plugin::Step& step, const plugin::Input& input) {
      conflict::decide_at_site(options, step, input);
    };
    REQUIRE(host.step(decide, message));
  }
  void record(const std::string& hub, std::int64_t version, const std::string& payload,
              std::uint64_t mark, const std::string& key = "123") {
    Message message;
    message.direction = plugin::Direction::down;
    message.topic = "records/" + key;
    message.payload = payload;
    message.properties = {{"version", std::to_string(version)},
                          {"hlc", std::to_string(now) + "-0-S"},
                          {"mark", hub + "/" + std::to_string(mark)}};
    give(message);
  }
  Sent edit(const Json& fields, const std::string& key = "123") {
    Message message;
    message.origin = "A";
    message.topic = "edits/" + key;
    message.payload = fields.dump();
    give(message);
    for (const auto& sent : host.sent) {
      if (sent.direction == plugin::Direction::up) return sent;
    }
    throw std::runtime_error("nothing went up");
  }
  std::string shown() const {
    for (auto it = host.sent.rbegin(); it != host.sent.rend(); ++it) {
      if (it->topic == "shown/123") return it->payload;
    }
    return "nothing";
  }
  void wake(const std::string& name) {
    Message message;
    message.kind = plugin::Input::Kind::wake;
    message.topic = name;
    give(message);
  }
};

Message marked(Hub& hub, const Edit& edit, const std::string& marks,
               const std::string& whose = "") {
  auto message = hub.as_message(edit, monday + 4 * day);
  message.properties.emplace_back("mark", marks);
  if (!whose.empty()) message.properties.emplace_back("hub", whose);
  return message;
}

Message only_mark(const std::string& mark) {
  Message message;
  message.origin = "A";
  message.topic = "marks/A";
  message.payload = Json{{"mark", mark}}.dump();
  message.wall_ms = monday + 5 * day;
  return message;
}

std::size_t rows(const MemoryHost& host, char kind) {
  std::size_t count = 0;
  for (const auto& [key, value] : host.state) count += key[0] == kind;
  return count;
}

const Json forgetful{{"history", {{"keep", 0}}}, {"topics", {{"mark", "marks/{origin}"}}}};

}  // namespace

TEST_CASE("conflict hubs: a mark of another hub, or of a former journal, acknowledges nothing") {
  Hub hub(forgetful);
  hub.seed({{"x", 1}}, "123", 3);
  Edit gone{.site = "A", .number = 1, .base = 3, .kind = "delete"};
  hub.message(marked(hub, gone, "0"));
  REQUIRE(rows(hub.host, 'h') == 5);
  const auto acknowledge = [&](const std::string& mark) {
    hub.message(only_mark(mark));
    hub.trim(monday + 5 * day);
  };
  acknowledge("other/" + first_epoch + "/900");
  acknowledge("hub/" + second_epoch + "/900");
  // The tombstone stays, with all that an author may have seen.
  CHECK(rows(hub.host, 'h') == 5);
  CHECK(rows(hub.host, 'r') == 1);
  // An edit that brings both is read for what is this hub's.
  Edit other{.site = "A", .number = 2, .fields = {{"y", 1}}, .base = -1, .record = "456"};
  hub.message(marked(hub, other, "hub/" + first_epoch + "/2 other/" + first_epoch + "/900"));
  hub.trim(monday + 5 * day);
  CHECK(rows(hub.host, 'r') == 2);
  acknowledge("hub/" + first_epoch + "/5");
  acknowledge("hub/" + first_epoch + "/7");
  CHECK(rows(hub.host, 'r') == 1);
}

TEST_CASE("conflict hubs: a site that only others send to keeps nothing from being forgotten") {
  Hub hub(forgetful);
  hub.message(only_mark("other/" + first_epoch + "/9"));
  CHECK(rows(hub.host, 'm') == 0);
}

TEST_CASE("conflict hubs: a site gives back the mark of each, and says whose version it saw") {
  Lonely site;
  const std::string one = "hub/" + first_epoch, two = "other/" + first_epoch;
  site.record(one, 7, R"({"x":1})", 40);
  site.record(two, 3, R"({"x":1})", 12, "456");
  site.now += hour;
  const auto sent = site.edit({{"x", 2}});
  CHECK(sent.property("mark") == one + "/40 " + two + "/12");
  CHECK(sent.property("hub") == one);
  CHECK(sent.property("base") == "7");
  CHECK(site.edit({{"x", 2}}, "456").property("hub") == two);
  CHECK(site.edit({{"x", 2}}, "789").property("hub").empty());  // nobody's
  site.now += hour;
  site.wake("mark");
  site.now += hour;
  site.wake("mark");
  REQUIRE(site.host.sent.size() == 2);
  CHECK(site.host.sent[0].json()["mark"] == one + "/40");
  CHECK(site.host.sent[1].json()["mark"] == two + "/12");
}

TEST_CASE("conflict hubs: a record comes anew from another journal, whatever its version") {
  Lonely site;
  const std::string before = "hub/" + first_epoch, after = "hub/" + second_epoch;
  site.record(before, 20, R"({"x":1})", 40);
  site.now += hour;
  site.record(after, 0, R"({"x":5})", 1);
  CHECK(site.shown() == R"({"x":5})");
  CHECK(site.edit({{"x", 6}}).property("hub") == after);
  // What the former journal says of forgetting is not about this record.
  site.now += hour;
  site.record(before, -1, "", 41);
  CHECK(site.edit({{"x", 7}}).property("base") == "0");
  // An edit from before the change, that is decided after it, has seen the former version.
  site.now -= 90 * 60'000;
  const auto late = site.edit({{"x", 8}});
  CHECK(late.property("hub") == before);
  CHECK(late.property("base") == "20");
}

TEST_CASE("conflict hubs: a base of a former journal has seen nothing of what came since") {
  const std::string former = "hub/" + second_epoch;
  for (const std::string strategy : {"last-writer-wins", "field-merge"}) {
    Hub hub(Json{{"strategy", strategy}});
    hub.seed({{"x", 0}, {"y", 0}});
    hub.give({.site = "B", .number = 1, .fields = {{"x", 1}}, .base = 20, .at = monday});
    hub.sent.clear();
    Edit edit{.site = "A", .number = 1, .fields = {{"x", 2}}, .base = 21, .at = monday + hour};
    hub.message(marked(hub, edit, "0", former));
    // Not a silent overwrite of B's: it is reported.
    CHECK(hub.record()["x"] == 2);
    CHECK(!hub.conflicts.empty());
    CHECK(hub.conflicts.back()["incoming"]["base_quality"] == "foreign");
    CHECK(hub.sent[0].topic == "records/123");
    CHECK(hub.sent[0].property("mark").starts_with("hub/" + first_epoch + "/"));
  }
}

TEST_CASE("conflict hubs: with expected-version it is stale, and its site is told of the record") {
  const std::string former = "hub/" + second_epoch;
  Hub hub(Json{{"strategy", "expected-version"}});
  hub.seed({{"x", 0}});
  hub.sent.clear();
  Edit edit{.site = "A", .number = 1, .fields = {{"x", 2}}, .base = 20};
  hub.message(marked(hub, edit, "0", former));
  CHECK(hub.verdicts[edit.id()]["reason"] == "stale");
  CHECK(hub.record()["x"] == 0);
  REQUIRE(hub.sent[0].topic == "records/123");
  CHECK(hub.sent[0].property("version") == "20");
  CHECK(hub.sent[0].json() == Json{{"x", 0}});
  // A record that this journal does not know is never made by an update.
  edit.number = 2;
  edit.record = "456";
  hub.message(marked(hub, edit, "0", former));
  CHECK(hub.verdicts[edit.id()]["reason"] == "resurrection");
  CHECK(hub.record("456") == Json());
}

TEST_CASE("conflict hubs: what it added to a sum nobody can say, so that a person is asked") {
  Hub hub(Json{{"strategy", "field-merge"}, {"fields", {{"n", "sum"}}}});
  hub.seed({{"n", 5}});
  Edit edit{.site = "A", .number = 1, .fields = {{"n", 7}}, .base = 20};
  hub.message(marked(hub, edit, "0", "hub/" + second_epoch));
  CHECK(hub.verdicts[edit.id()]["reason"] == "foreign");
  CHECK(hub.record()["n"] == 5);
  hub.resolve(hub.open_cases("foreign").at(0), "accept");
  CHECK(hub.record()["n"] == 7);
}

}  // namespace bascule::test
