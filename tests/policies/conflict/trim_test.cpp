// What the authority forgets, and what it must not.
#include <random>
#include <set>

#include "policies/conflict/edits.hpp"
#include "policies/conflict/network.hpp"

namespace bascule::test {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int many = 8'000;  // ten times as slow; fewer have too few rounds of forgetting
#else
constexpr int many = 20'000;
#endif

const Json at_once{{"history", {{"keep", 0}}}, {"sites", {"A", "B", "C"}}};
const Json marks{{"topics", {{"mark", "marks/{origin}"}}}};

// Sites and a hub that forgets as soon as it may.
struct Forgetful : Network {
  explicit Forgetful(Json more = Json::object()) : Network(with_marks(more)) {
    hub.options = forgetful(std::move(more));
  }
  static Json with_marks(Json more) {
    more.merge_patch(marks);
    return more;
  }
  static conflict::Options forgetful(Json more) {
    Json json{{"record", "edits/{id}"}, {"topics", {{"canonical", "records/{id}"}}}};
    json.merge_patch(with_marks(std::move(more)));
    json.merge_patch(at_once);
    return options_of(json);
  }
};

std::size_t rows(const MemoryHost& host, char kind) {
  std::size_t count = 0;
  for (const auto& [key, value] : host.state) count += key[0] == kind;
  return count;
}

// The entries of the history that made one.
std::size_t versions(const MemoryHost& host) {
  std::size_t count = 0;
  for (const auto& [key, value] : host.state) {
    if (key[0] != 'h') continue;
    const auto entry = conflict::decode_entry(value);
    count += entry.made_by == entry.number;
  }
  return count;
}

std::string mark_of(const Sent& sent) { return sent.property("mark"); }

// An edit that says which mark had come to its site.
void give_marked(Hub& hub, const Edit& edit, const std::string& mark, std::int64_t arrives) {
  auto message = hub.as_message(edit, arrives);
  message.properties.emplace_back("mark", mark);
  hub.message(message);
}

std::string last_mark(const Hub& hub) {
  std::string mark;
  for (const auto& sent : hub.sent) {
    if (!mark_of(sent).empty()) mark = mark_of(sent);
  }
  return mark;
}

}  // namespace

TEST_CASE("conflict: over 20000 edits with deletes the state stays bounded") {
  Forgetful network;
  std::mt19937 random(7);
  const std::string ids[] = {"A", "B", "C"};
  std::map<std::string, std::size_t> most;
  for (int i = 0; i < many; ++i) {
    network.now += 5'000;
    // Each tenth edit is of a record that is new, and deleted later on.
    const auto& site = ids[random() % 3];
    const auto record = i % 10 < 5 ? std::to_string(i / 10) : "r" + std::to_string(random() % 30);
    const bool remove = i % 10 == 4 || random() % 20 == 0;
    network.edit(site, remove ? Json() : Json{{"x", i}}, network.now, record);
    if (random() % 4 == 0) network.sync(site);
    if (i % 50 != 0) continue;
    network.sync_all();
    for (const auto& id : ids) network.wake_site(id);
    network.wake_hub();
    const std::string half = i < many / 2 ? "first " : "second ";
    most[half + "hub"] = std::max(most[half + "hub"], network.hub.host.state.size());
    auto& at_site = most[half + "site"];
    at_site = std::max(at_site, network.sites["A"].host.state.size());
  }
  CHECK(most["first hub"] < 9'000);
  CHECK(most["second hub"] < most["first hub"] + 300);
  CHECK(most["first site"] < 2'000);
  CHECK(most["second site"] < most["first site"] + 100);
  CHECK(network.hub.host.cases.empty());
}

TEST_CASE("conflict: a tombstone does not go while a registered site is behind") {
  Forgetful network;
  network.edit("A", {{"x", 1}}, network.now);
  network.sync_all();
  network.now += hour;
  network.edit("A", nullptr, network.now);
  network.sync("A");
  const auto pass = [&] {
    network.now += 2 * hour;
    for (const std::string id : {"A", "B"}) network.wake_site(id);
    network.sync("A");
    network.sync("B");
    network.wake_hub();
  };
  for (int i = 0; i < 3; ++i) pass();
  CHECK(rows(network.hub.host, 'r') == 1);
  // C was cut off, and edits what it has: its author has not seen the delete.
  network.edit("C", {{"x", 2}}, network.now);
  network.send_up("C");
  CHECK(network.hub.verdicts.rbegin()->second["verdict"] == "SUPERSEDED");
  CHECK(network.hub.conflicts.size() == 1);
  // It comes back, and says so.
  for (int i = 0; i < 4; ++i) {
    network.sync("C");
    network.wake_site("C");
    pass();
  }
  CHECK(rows(network.hub.host, 'r') == 0);
  CHECK(rows(network.hub.host, 'h') == 0);
  CHECK(rows(network.hub.host, 'o') == 0);
  network.sync_all();
  for (const std::string id : {"A", "B", "C"}) CHECK(rows(network.sites[id].host, 'r') == 0);
  // The same record, anew.
  network.edit("B", {{"x", 3}}, network.now);
  network.sync_all();
  for (const std::string id : {"A", "B", "C"}) CHECK(network.shown(id) == R"({"x":3})");
}

TEST_CASE("conflict: a site that missed that a record is forgotten still takes it made anew") {
  Forgetful network;
  network.edit("A", {{"x", 1}}, network.now);
  network.edit("A", {{"x", 2}}, network.now + 1);
  network.sync_all();
  auto& site = network.sites["B"];
  Message anew;
  anew.direction = plugin::Direction::down;
  anew.topic = "records/123";
  anew.payload = R"({"x":3})";
  anew.properties = {{"version", "0"},
                     {"hlc", std::to_string(network.now + day) + "-0-A"},
                     {"op", "A/e/local/9"},
                     {"mark", "hub/0000000000000001/9"}};
  site.down.push_back(anew);
  network.bring_down("B");
  CHECK(network.shown("B") == R"({"x":3})");
}

TEST_CASE("conflict: what is forgotten is not applied twice, and no edit is decided from a part") {
  Hub hub(at_once);
  hub.options.sites = {"A"};
  Edit edit{.site = "A", .number = 1, .fields = {{"x", 1}}, .base = -1};
  hub.give(edit, monday);
  for (int i = 2; i <= 5; ++i) {
    edit.number = std::uint64_t(i);
    edit.base = i - 2;
    edit.fields = {{"x", i}};
    edit.at += 1000;
    give_marked(hub, edit, last_mark(hub), monday + i * hour);
  }
  hub.trim(monday + day);
  // The newest version that A has acknowledged, and what came after it.
  CHECK(rows(hub.host, 'h') == 2);
  CHECK(hub.version() == 4);
  edit.number = 1;
  edit.base = -1;
  edit.fields = {{"x", 1}};
  edit.at = monday;
  CHECK(hub.give(edit, monday + day)["reason"] == "repeat");
  CHECK(hub.version() == 4);
  Edit old{.site = "B", .number = 1, .fields = {{"x", 9}}, .base = 1, .at = monday + hour};
  CHECK(hub.give(old, monday + day)["reason"] == "trimmed");
  CHECK(hub.version() == 4);
  hub.resolve(hub.open_cases("trimmed").at(0), "accept");
  CHECK(hub.record() == Json{{"x", 9}});
}

TEST_CASE("conflict: history younger than `keep` stays, also of what all have acknowledged") {
  Hub hub(Json{{"history", {{"keep", "7d"}}}});
  Edit edit{.site = "A", .number = 1, .fields = {{"x", 1}}, .base = -1};
  for (int i = 0; i < 10; ++i) {
    edit.number = std::uint64_t(i) + 1;
    edit.base = i - 1;
    give_marked(hub, edit, last_mark(hub).empty() ? "0" : last_mark(hub), monday + i * day);
  }
  hub.trim(monday + 10 * day);
  std::set<std::int64_t> kept;
  for (const auto& entry : hub.history()) kept.insert(entry.op.arrived_ms);
  for (int i = 3; i < 10; ++i) CHECK(kept.contains(monday + i * day));
  CHECK(!kept.contains(monday + day));
  // More than there may be go earlier.
  hub.options.history_entries_max = 4;
  hub.trim(monday + 10 * day);
  CHECK(hub.history().size() == 5);
}

TEST_CASE("conflict: nothing of a record is forgotten while an edit of it waits for a person") {
  Hub hub(Json{{"history", {{"keep", 0}}}});
  Edit edit{.site = "A", .number = 1, .fields = {{"x", 1}}, .base = -1};
  hub.give(edit, monday);
  const Edit future{.site = "B", .number = 1, .fields = {{"y", 1}}, .base = 7};
  CHECK(hub.give(future, monday)["reason"] == "future_version");
  for (int i = 2; i <= 5; ++i) {
    edit.number = std::uint64_t(i);
    edit.base = i - 2;
    edit.at += 1000;
    hub.give(edit, monday);
  }
  hub.trim(monday + day);
  CHECK(hub.history().size() == 5);
  hub.resolve(hub.open_cases("future_version").at(0), "accept");
  hub.trim(monday + 6 * day);
  CHECK(hub.history().size() == 2);  // the person's, and the end of what waited
  CHECK(hub.record() == Json{{"x", 1}, {"y", 1}});
}

TEST_CASE("conflict: a person is asked whether to wait for a site that is silent") {
  Hub hub(Json{{"history", {{"keep", 0}}}, {"sites", {"A", "B", "C"}}, {"silent", "10d"}});
  Edit edit{.site = "A", .number = 0, .fields = {{"x", 1}}, .base = -2};
  const auto next = [&](std::int64_t at) {
    ++edit.number;
    ++edit.base;
    edit.at = at;
    give_marked(hub, edit, last_mark(hub).empty() ? "0" : last_mark(hub), at);
    hub.trim(at);
  };
  for (int i = 0; i < 9; ++i) next(monday + i * day);
  CHECK(hub.history().size() == 9);
  CHECK(hub.open_cases("silent").empty());
  hub.trim(monday + 11 * day);
  REQUIRE(hub.open_cases("silent").size() == 2);
  CHECK(hub.host.cases.at(1).subject == "B");
  CHECK(hub.host.cases.at(2).subject == "C");
  // C is heard of; B is dropped.
  const Edit other{.site = "C", .number = 1, .fields = {{"y", 1}}, .base = 8, .at = monday};
  give_marked(hub, other, last_mark(hub), monday + 11 * day);
  edit.base = 8;
  CHECK(hub.open_cases("silent") == std::vector<std::int64_t>{1});
  CHECK(hub.resolve(1, "drop")["verdict"] == "DROPPED");
  next(monday + 12 * day);
  CHECK(hub.history().size() == 3);  // what C has acknowledged, and two more
  // B comes back: what it had seen is not known any more; nothing is decided without a person.
  const Edit late{.site = "B", .number = 1, .fields = {{"x", 2}}, .base = 3, .at = monday};
  give_marked(hub, late, "hub/0000000000000001/4", monday + 13 * day);
  CHECK(hub.verdicts[late.id()]["reason"] == "trimmed");
  CHECK(rows(hub.host, 'm') == 3);
}

TEST_CASE("conflict: an insert that turns out to be an old record meets what stands in it") {
  Hub hub(
      Json{{"strategy", "field-merge"}, {"history", {{"keep", 0}}}, {"insert_match", {"name"}}});
  hub.seed({{"name", "Joan"}, {"phone", "1"}});
  hub.give({.site = "A", .number = 1, .fields = {{"diet", "any"}}, .base = 20}, monday);
  hub.trim(monday + day);
  CHECK(hub.history().size() == 1);
  Edit insert{.site = "B",
              .number = 1,
              .fields = {{"name", "joan"}, {"phone", "2"}},
              .base = -1,
              .at = monday,
              .record = "tmp-1"};
  CHECK(hub.give(insert)["record"] == "123");
  REQUIRE(hub.conflicts.size() == 1);
  CHECK(hub.conflicts[0]["units"] == Json{"name", "phone"});
  CHECK(hub.conflicts[0]["stored"]["fields"]["phone"] == "1");
}

TEST_CASE("conflict: with trimming, cut sites end alike, and nothing is put to a person for it") {
  check_property("no edit is too old, none comes twice, and all sites show the record", [] {
    const auto options = random_options();
    Forgetful network(options);
    const std::string records[] = {"123", "456"};
    for (int step = *rc::gen::inRange(40, 160); step > 0; --step) {
      network.now += *rc::gen::inRange<std::int64_t>(1, hour);
      const auto site = *rc::gen::element<std::string>("A", "B", "C");
      const auto& record = records[*rc::gen::inRange(0, 5) == 0];
      if (*rc::gen::inRange(0, 4) == 0) {
        network.sites[site].host.crash_after = *rc::gen::inRange(0, 12);
        network.hub.host.crash_after = *rc::gen::inRange(0, 30);
      }
      switch (*rc::gen::inRange(0, 10)) {
        case 0:
          network.send_up(site);
          break;
        case 1:
        case 2:
          network.bring_down(site);
          break;
        case 3:
        case 4:
          network.edit(site, nullptr, network.now, record, random_lead());
          break;
        case 5:
        case 6:
          network.hub.host.crash_after.reset();
          network.now += hour;
          network.wake_site(site);
          network.wake_hub();
          break;
        default:
          network.edit(site, random_fields(), network.now, record, random_lead());
      }
      network.sites[site].host.crash_after.reset();
      network.hub.host.crash_after.reset();
    }
    for (int round = 0; round < 12; ++round) {
      network.now += 2 * hour;
      network.sync_all();
      for (const auto& [id, site] : network.sites) network.wake_site(id);
      network.wake_hub();
    }
    network.sync_all();
    for (const auto& [number, it] : network.hub.host.cases) {
      RC_ASSERT(it.kind == "clock" || it.kind == "prev");
    }
    RC_ASSERT(network.hub.host.closed.size() == network.hub.host.cases.size());
    RC_CLASSIFY(!network.hub.host.cases.empty(), "held for its clock");
    for (const auto& record : records) {
      const auto canonical = network.hub.record(record);
      for (const auto& [id, site] : network.sites) {
        RC_ASSERT(network.pending(id) == 0U);
        RC_ASSERT(network.shown(id, record) == (canonical.is_null() ? "" : canonical.dump()));
      }
    }
    // All have acknowledged everything: the newest version of what lives is left.
    const auto live = network.hub.all().size();
    RC_ASSERT(versions(network.hub.host) == live);
    RC_ASSERT(rows(network.hub.host, 'o') == rows(network.hub.host, 'h'));
  });
}

TEST_CASE("conflict: a site heard of by a clock that ran ahead is asked about in its time") {
  Hub hub(Json{{"history", {{"keep", 0}}}, {"sites", {"A", "B"}}, {"silent", "10d"}});
  Edit edit{.site = "A", .number = 1, .fields = {{"x", 1}}, .base = -1};
  give_marked(hub, edit, "0", monday + 400 * day);
  hub.trim(monday + 400 * day);
  edit.number = 2;
  edit.base = 0;
  give_marked(hub, edit, last_mark(hub), monday);
  hub.trim(monday);
  CHECK(hub.open_cases("silent").empty());
  hub.trim(monday + 11 * day);
  CHECK(!hub.open_cases("silent").empty());
}

}  // namespace bascule::test
