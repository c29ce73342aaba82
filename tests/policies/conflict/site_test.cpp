// Sites with unmodified devices, lines that are cut, and one authority.
#include "policies/conflict/edits.hpp"
#include "policies/conflict/network.hpp"

namespace bascule::test {

namespace {

// A record that everybody knows.
void begin(Network& network, const Json& fields) {
  network.edit("C", fields, monday - 2 * day);
  network.now = monday - day;
  network.sync_all();
}

}  // namespace

TEST_CASE("conflict R33: Monday, Tuesday, Thursday, Friday, with devices that know nothing of it") {
  for (const bool friday_first : {false, true}) {
    Network network;
    begin(network, {{"phone", "1"}});
    network.edit("A", {{"phone", "2"}}, monday);
    network.edit("B", {{"phone", "3"}}, monday + day);
    CHECK(network.shown("A") == R"({"phone":"2"})");
    CHECK(network.shown("B") == R"({"phone":"3"})");
    network.now = monday + 3 * day;
    network.sync(friday_first ? "A" : "B");
    network.now = monday + 4 * day;
    network.sync(friday_first ? "B" : "A");
    network.sync_all();
    for (const std::string site : {"A", "B", "C"}) {
      CHECK(network.shown(site) == R"({"phone":"3"})");
      CHECK(network.pending(site) == 0);
    }
    CHECK(network.hub.conflicts.size() == 1);
    CHECK(network.sites["A"].verdicts.back()["verdict"] == (friday_first ? "APPLY" : "SUPERSEDED"));
  }
}

TEST_CASE("conflict R40: customer 123, disjoint edits at two cut sites, both orders") {
  for (const bool swapped : {false, true}) {
    Network network(Json{{"strategy", "field-merge"}});
    begin(network, {{"name", "J"}, {"address", "a"}});
    network.edit("A", {{"name", "John"}}, monday);
    network.edit("B", {{"address", "b"}}, monday + 5);
    network.now = monday + day;
    network.sync(swapped ? "B" : "A");
    network.sync(swapped ? "A" : "B");
    network.sync_all();
    CHECK(network.hub.version() == 2);
    CHECK(network.hub.conflicts.empty());
    CHECK(network.shown("C") == R"({"address":"b","name":"John"})");
  }
}

TEST_CASE("conflict R42: a site shows its own edits at once, or only what is confirmed") {
  for (const bool optimistic : {true, false}) {
    Network network(Json::object(), Json{{"view", optimistic ? "optimistic" : "confirmed"}});
    begin(network, {{"x", 1}, {"y", 1}});
    network.edit("A", {{"x", 2}}, monday);
    network.edit("A", {{"y", 2}}, monday + 1);
    CHECK(network.shown("A") == (optimistic ? R"({"x":2,"y":2})" : R"({"x":1,"y":1})"));
    // What the others did is shown under one's own edits.
    network.edit("B", {{"x", 9}}, monday - 1);
    network.edit("B", {{"z", 9}}, monday - 1);
    network.now = monday + hour;
    network.sync("B");
    network.bring_down("A");
    CHECK(network.shown("A") == (optimistic ? R"({"x":2,"y":2,"z":9})" : R"({"x":9,"y":1,"z":9})"));
    network.edit("A", nullptr, monday + 2 * hour);
    CHECK(network.shown("A") == (optimistic ? "" : R"({"x":9,"y":1,"z":9})"));
    network.now = monday + 3 * hour;
    network.sync("A");
    CHECK(network.shown("A").empty());
    CHECK(network.pending("A") == 0);
  }
}

TEST_CASE("conflict: the base is what had come when the edit was journaled, not what came since") {
  Network network;
  begin(network, {{"x", 1}});
  network.edit("B", {{"x", 2}}, monday);
  network.now = monday + hour;
  network.sync("B");
  // The site decides what central sent first, and then about an edit that is older.
  network.bring_down("A");
  network.edit("A", {{"x", 3}}, monday + hour - 1);
  CHECK(network.sites["A"].up.back().property("base") == "0");
  network.edit("A", {{"x", 4}}, monday + 2 * hour);
  CHECK(network.sites["A"].up.back().property("base") == "1");
  CHECK(network.sites["A"].up.back().property("base-quality") == "inferred");
  CHECK(!network.sites["A"].up.back().property("prev").empty());
}

TEST_CASE(
    "conflict: a device says in its payload what it has seen, where the site is told to look") {
  const Json pointers{{"payload", {{"base", "/_version"}, {"fields", "/data"}}}};
  Network network(pointers);
  network.edit("A", {{"_version", -1}, {"data", {{"x", 1}}}}, monday);
  CHECK(network.sites["A"].up.back().property("base-quality") == "given");
  CHECK(network.shown("A") == R"({"x":1})");
  network.now = monday + hour;
  network.sync_all();
  CHECK(network.hub.record() == Json{{"x", 1}});
}

TEST_CASE("conflict C9: a fast clock is measured on connecting, and edits leave in central time") {
  const auto ten = monday + 2 * hour;  // 10:00, in the centre's time
  Network network(Json{{"topics", {{"clock", "clocks/{origin}"}}}});
  auto& site = network.sites["A"];
  // The site's clock is 60 min fast; the answer comes after 80 ms, half of them on the way there.
  const auto connect = [&](std::int64_t at, std::int64_t fast) {
    Message line;
    line.kind = plugin::Input::Kind::link;
    line.direction = plugin::Direction::down;
    line.payload = "up";
    line.wall_ms = at + fast;
    network.publish("A", line);
    network.now = at + 40;
    network.send_up("A");
    Message answer;
    answer.direction = plugin::Direction::down;
    answer.topic = "clocks/A/answer";
    answer.payload = network.hub.host.sent.back().payload;
    answer.wall_ms = at + 80 + fast;
    network.publish("A", answer);
  };
  const auto last = [&] { return site.up.back(); };
  const auto stamp = [&] { return conflict::parse_hlc(last().property("hlc"))->ms; };
  connect(ten, hour);
  network.edit("A", {{"x", 1}}, ten + 60'000 + hour);
  CHECK(stamp() == ten + 60'000);
  CHECK(last().property("u") == "40");
  network.send_up("A");

  Message down;
  down.kind = plugin::Input::Kind::link;
  down.direction = plugin::Direction::down;
  down.payload = "down";
  network.publish("A", down);
  network.edit("A", {{"x", 2}}, ten + 5 * 60'000 + hour);  // 11:05 by its clock
  CHECK(site.up.empty());                                  // it waits for the measurement
  CHECK(network.shown("A") == R"({"x":2})");               // and is shown at once

  SUBCASE("the offset is the same at both ends") {
    connect(ten + 2 * hour, hour);
    CHECK(stamp() == ten + 5 * 60'000);  // 10:05
    CHECK(last().property("u") == "40");
    CHECK(last().payload == R"({"x":2})");
  }
  SUBCASE("it has grown: in between, and less sure") {
    connect(ten + 2 * hour, hour + 1000);
    CHECK(stamp() == ten + 5 * 60'000 - 41);  // 5 of 120 min of one second
    CHECK(last().property("u") == "540");
  }
  SUBCASE("no answer: the last offset has to do, after a while") {
    down.payload = "up";
    network.publish("A", down);
    CHECK(site.host.wakes.contains("answer"));
    Message wake;
    wake.kind = plugin::Input::Kind::wake;
    wake.topic = "answer";
    network.publish("A", wake);
    CHECK(stamp() == ten + 5 * 60'000);
  }
}

TEST_CASE("conflict: a sum is shown with what the site has added to it") {
  Network network(Json{{"strategy", "field-merge"}, {"fields", {{"stock", "sum"}}}});
  begin(network, {{"stock", 100}});
  network.edit("A", {{"stock", 97}}, monday);
  network.edit("A", {{"stock", 95}}, monday + 1);
  network.edit("B", {{"stock", 90}}, monday);
  network.now = monday + hour;
  network.sync("B");
  network.bring_down("A");
  CHECK(network.shown("A") == R"({"stock":85})");
  network.sync_all();
  CHECK(network.shown("B") == R"({"stock":85})");
}

TEST_CASE("conflict: an edit that waits for a person as one of two values is pending no more") {
  Network network(Json{{"strategy", "field-merge"}, {"fields", {{"diet", "case"}}}});
  begin(network, {{"diet", "any"}});
  network.edit("A", {{"diet", "vegan"}}, monday);
  network.edit("B", {{"diet", "halal"}}, monday + 1);
  network.now = monday + hour;
  network.sync_all();
  CHECK(network.sites["B"].verdicts.back()["reason"] == "field");
  CHECK(network.pending("B") == 0);
  CHECK(network.shown("B") == R"({"diet":"vegan"})");
}

TEST_CASE(
    "conflict R42: a second edit follows the first, also where only the centre's word is shown") {
  for (const std::string view : {"optimistic", "confirmed"}) {
    CAPTURE(view);
    Network network(Json::object(), Json{{"view", view}});
    begin(network, {{"x", 1}});
    network.edit("A", {{"x", 2}}, monday);
    network.edit("A", {{"x", 3}}, monday + 1);
    CHECK(network.sites["A"].up.back().property("prev") == "A/0000000000000001/local/1");
    network.now = monday + hour;
    network.sync_all();
    CHECK(network.hub.conflicts.empty());
    CHECK(network.shown("B") == R"({"x":3})");
  }
}

TEST_CASE("conflict R15: what stands is shown until the record comes, or where it never does") {
  for (const std::string view : {"optimistic", "confirmed"}) {
    CAPTURE(view);
    Network network(Json::object(), Json{{"view", view}});
    begin(network, {{"x", 1}});
    auto& site = network.sites["A"];
    // No route brings the records down, but verdicts.
    const auto verdicts_only = [&] {
      network.send_up("A");
      std::erase_if(site.down, [](const Message& it) { return it.topic.starts_with("records/"); });
      network.bring_down("A");
    };
    network.edit("A", {{"x", 2}}, monday);
    network.now = monday + 1;
    verdicts_only();
    CHECK(site.verdicts.back()["verdict"] == "APPLY");
    CHECK(network.shown("A") == R"({"x":2})");
    // The next one follows it, and is no conflict with it.
    network.edit("A", {{"y", 1}}, monday + 2);
    CHECK(!site.up.back().property("prev").empty());
    verdicts_only();
    CHECK(network.shown("A") == R"({"x":2,"y":1})");
    // An older record that comes late does not hide them; the one that has them does away with
    // them.
    for (int i = 0; i < 40; ++i) {
      network.now += 10;
      network.edit("A", {{"n", i}}, network.now);
      verdicts_only();
    }
    CHECK(network.shown("A") == R"({"n":39,"x":2,"y":1})");
    CHECK(network.pending("A") <= 17);
    CHECK(network.hub.conflicts.empty());
    network.edit("B", {{"x", 9}}, network.now + 1);
    network.now += hour;
    network.sync("B");
    network.bring_down("A");
    CHECK(network.shown("A") == R"({"n":39,"x":9,"y":1})");
    CHECK(network.pending("A") == 0);
  }
}

TEST_CASE("conflict R15: what lost is replaced by what the verdict says, before the record comes") {
  Network network;
  begin(network, {{"x", 1}});
  network.edit("B", {{"x", 5}}, monday + 1);
  network.now = monday + hour;
  network.sync("B");
  network.edit("A", {{"x", 2}}, monday);
  network.send_up("A");
  auto& down = network.sites["A"].down;
  std::erase_if(down, [](const Message& it) { return it.topic.starts_with("records/"); });
  network.bring_down("A");
  CHECK(network.sites["A"].verdicts.back()["verdict"] == "SUPERSEDED");
  CHECK(network.shown("A") == R"({"x":5})");
  network.edit("A", {{"y", 2}}, monday + 2 * hour);
  CHECK(network.sites["A"].up.back().property("base") == "1");
}

TEST_CASE("conflict R31: with the line cut within a transaction nobody has seen its version yet") {
  const Json parts{{"record", "edits/{id}/{part}"},
                   {"strategy", "field-merge"},
                   {"topics", {{"canonical", "records/{id}/{part}"}}}};
  Network network(parts, Json{{"topics", {{"view", "shown/{id}/{part}"}}}});
  network.edit("C", {{"person", {{"name", "n"}}}, {"family", {{"kids", 1}}}}, monday, "123/*");
  network.now = monday + 1;
  network.sync_all();
  network.edit("B", {{"person", {{"name", "m"}}}, {"family", {{"kids", 2}}}}, monday + 2, "123/*");
  network.send_up("B");
  auto& down = network.sites["A"].down;
  REQUIRE(down.size() == 2);
  const auto second = down.back();
  down.pop_back();
  network.now = monday + hour;
  network.bring_down("A");
  // Of the family it has the former version: what is edited there is not after the new one.
  network.edit("A", {{"kids", 3}}, monday + 2 * hour, "123/family");
  CHECK(network.sites["A"].up.back().property("base") == "0");
  down.push_back(second);
  network.now = monday + 3 * hour;
  network.bring_down("A");
  network.edit("A", {{"age", 9}}, monday + 4 * hour, "123/person");
  CHECK(network.sites["A"].up.back().property("base") == "1");
  network.sync_all();
  REQUIRE(network.hub.conflicts.size() == 1);
  CHECK(network.hub.conflicts[0]["units"] == Json{"family/kids"});
}

TEST_CASE("conflict: a site's clock that once ran ahead holds nobody's later edits") {
  Network network;
  begin(network, {{"x", 1}});
  const auto ahead = 400 * day;
  network.edit("A", {{"x", 2}}, monday, "123", ahead);
  network.sync("A");
  CHECK(network.hub.verdicts["A/0000000000000001/local/1"]["reason"] == "clock");
  // Right again: another record's edit is decided at once.
  network.edit("A", {{"y", 1}}, monday + hour, "456");
  network.now = monday + hour;
  network.sync("A");
  CHECK(network.hub.record("456") == Json{{"y", 1}});
  CHECK(network.sites["A"].host.log.size() == 1);
  CHECK(network.sites["A"].stamps.back().ms == monday + hour);
}

TEST_CASE("conflict: records stamped by a clock that ran ahead do not set the sites' clocks") {
  Network network;
  begin(network, {{"x", 1}});
  Message record;
  record.direction = plugin::Direction::down;
  record.topic = "records/123";
  record.payload = R"({"x":2})";
  record.properties = {{"version", "1"},
                       {"hlc", std::to_string(monday + 400 * day) + "-0-hub"},
                       {"mark", "hub/0000000000000001/9"}};
  network.sites["A"].down.push_back(record);
  network.now = monday;
  network.bring_down("A");
  network.edit("A", {{"y", 1}}, monday + 1, "456");
  CHECK(network.sites["A"].stamps.back().ms == monday + 1);
}

TEST_CASE("conflict: the wake that sends marks comes, though it was asked for 400 days ahead") {
  Network network(Json{{"topics", {{"mark", "marks/{origin}"}}}});
  auto& site = network.sites["A"];
  network.edit("B", {{"x", 1}}, monday);
  network.now = monday + 400 * day;
  network.send_up("B");
  network.bring_down("A");
  CHECK(site.host.wakes.at("mark") == monday + 400 * day + hour);
  network.now = monday;
  network.edit("B", {{"x", 2}}, monday + 1);
  network.send_up("B");
  network.bring_down("A");
  CHECK(site.host.wakes.at("mark") == monday + hour);
}

TEST_CASE(
    "conflict: sites that are cut off at random, and crash, all end as the authority has it") {
  check_property("every site shows the canonical record, and nothing is pending", [] {
    const auto options = random_options();
    Network network(options);
    begin(network, seed_fields());
    for (int step = *rc::gen::inRange(1, 25); step > 0; --step) {
      network.now += *rc::gen::inRange(1, 1000);
      const auto site = *rc::gen::element<std::string>("A", "B", "C");
      if (*rc::gen::inRange(0, 4) == 0) {
        network.sites[site].host.crash_after = *rc::gen::inRange(0, 12);
        network.hub.host.crash_after = *rc::gen::inRange(0, 30);
      }
      switch (*rc::gen::inRange(0, 6)) {
        case 0:
          network.send_up(site);
          break;
        case 1:
          network.bring_down(site);
          break;
        case 2:
          network.edit(site, nullptr, network.now + *rc::gen::inRange(-500, 500), "123",
                       random_lead());
          break;
        case 3:
          network.hub.host.crash_after.reset();
          network.now += *rc::gen::inRange<std::int64_t>(0, hour);
          network.wake_hub();
          break;
        default:
          network.edit(site, random_fields(), network.now + *rc::gen::inRange(-500, 500), "123",
                       random_lead());
      }
      // What is held for its clock has not set the authority's.
      RC_ASSERT(network.hub.clock().ms <= network.now + 60'000);
      network.sites[site].host.crash_after.reset();
      network.hub.host.crash_after.reset();
    }
    network.sync_all();
    network.now += 2 * hour;
    network.wake_hub();
    network.sync_all();
    const auto record = network.hub.record();
    RC_ASSERT(network.hub.host.closed.size() == network.hub.host.cases.size());
    RC_CLASSIFY(!network.hub.host.cases.empty(), "held for its clock");
    for (const auto& [id, site] : network.sites) {
      RC_ASSERT(network.pending(id) == 0U);
      RC_ASSERT(network.shown(id) == (record.is_null() ? "" : record.dump()));
      for (std::size_t i = 1; i < site.stamps.size(); ++i) {
        // But for one that a clock made which ran further ahead than the authority lets pass.
        const bool ran_ahead = site.stamps[i - 1].ms > site.stamps[i].ms + 50'000;
        RC_ASSERT((ran_ahead || site.stamps[i - 1] < site.stamps[i]));
      }
    }
  });
}

TEST_CASE("conflict: the order in which cut sites come back does not matter") {
  check_property("any order of reconnecting ends alike", [] {
    const auto options = random_options();
    std::vector<std::pair<std::string, Json>> edits;
    for (int count = *rc::gen::inRange(1, 10); count > 0; --count) {
      const bool remove = *rc::gen::inRange(0, 8) == 0;
      edits.emplace_back(*rc::gen::element<std::string>("A", "B", "C"),
                         remove ? Json() : random_fields());
    }
    Json ends[2];
    for (auto& end : ends) {
      Network network(options);
      begin(network, seed_fields());
      auto at = monday;
      for (const auto& [site, fields] : edits) network.edit(site, fields, ++at);
      network.now = monday + day;
      for (const auto& site : shuffled(std::vector<std::string>{"A", "B", "C"})) {
        network.sync(site);
      }
      end = network.hub.all();
    }
    RC_ASSERT(ends[0] == ends[1]);
  });
}

}  // namespace bascule::test
