// What a site does with what devices, the line and the clock do.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>

#include "policies/oversell/world.hpp"

namespace bascule::oversell::test {

namespace {

World open_world(Json authority, const Json& site = {{"role", "site"}}) {
  authority["role"] = "authority";
  authority["hold_window"] = 0;
  if (!authority.contains("items")) authority["items"] = {{"show", {{"capacity", 100}}}};
  World world(authority, {"a"}, site);
  world.pump();
  return world;
}

Json reply(World& world, const std::string& correlation) {
  return world.sites.at("a").replies[correlation];
}

// The line is up, but nothing comes over it.
void stall(World& world) { world.sites.at("a").line_up = false; }
void go_on(World& world) {
  world.sites.at("a").line_up = true;
  world.pump();
}

}  // namespace

TEST_CASE("site R9: no answer in time is an answer by the site, and the next one is at once") {
  auto world = open_world({});
  stall(world);
  world.ask("a", "1", 2);
  world.advance(world.now_ms + 1999);
  CHECK(reply(world, "1").is_null());
  world.advance(world.now_ms + 1);
  CHECK(reply(world, "1")["reason"] == "at_risk");
  world.ask("a", "2");
  CHECK(reply(world, "2")["reason"] == "at_risk");
  go_on(world);  // the late answer says that it was sold: one sale, not two
  CHECK(world.ledger()["firm"] == 3);
  CHECK(world.ledger()["provisional"] == 0);
  CHECK(world.sites.at("a").reply_count["1"] == 1);
  world.ask("a", "3");
  CHECK(reply(world, "3").is_null());
  world.pump();
  CHECK(reply(world, "3")["basis"] == "authority");
}

TEST_CASE("site R9: a late answer leaves the availability that there is, in any order of news") {
  for (const bool later_snapshot : {false, true}) {
    auto world = open_world({});
    stall(world);
    world.ask("a", "1", 2);
    world.advance(world.now_ms + 2000);
    REQUIRE(reply(world, "1")["result"] == "SELL");
    CHECK(world.shown("a")["available"] == 98);
    if (later_snapshot) {
      // The answer arrives by itself, before the site's own word of its sale has left.
      auto& site = world.sites.at("a");
      site.line_up = true;
      REQUIRE(world.deliver_up("a"));
      while (world.deliver_down("a")) CHECK(world.shown("a")["available"] == 98);
      site.line_up = false;
    }
    go_on(world);
    CHECK(world.ledger()["firm"] == 2);
    CHECK(world.shown("a")["available"] == 98);
  }
}

TEST_CASE("site: what it refused while the authority was selling is withdrawn") {
  auto world = open_world({}, {{"role", "site"}, {"offline", "refuse"}});
  stall(world);
  world.ask("a", "1", 2);
  world.advance(world.now_ms + 2000);
  CHECK(reply(world, "1")["reason"] == "disconnected");
  go_on(world);
  CHECK(world.ledger()["firm"] == 0);
  CHECK(world.ledger()["sales"] == 2);
  CHECK(world.shown("a")["available"] == 100);
}

TEST_CASE(
    "site: who was answered since a copy of its journal was made is not answered by the copy") {
  auto world = open_world({});
  auto& box = world.sites.at("a").box;
  stall(world);
  world.ask("a", "1", 2);
  const auto state = box.state;
  const auto wakes = box.wakes;
  REQUIRE(!wakes.empty());
  go_on(world);
  CHECK(reply(world, "1")["basis"] == "authority");
  box.state = state;
  box.wakes = wakes;
  box.epoch = "00000000000000b1";
  world.advance(world.now_ms + 60'000);
  world.pump();
  CHECK(world.sites.at("a").reply_count["1"] == 1);
  CHECK(world.ledger()["firm"] == 2);
  for (const auto& [key, value] : box.state) CHECK(!key.starts_with("ask/"));
}

TEST_CASE("site: a journal that was put back shows what it knows") {
  auto world = open_world({});
  auto& site = world.sites.at("a");
  const auto state = site.box.state;
  const auto wakes = site.box.wakes;
  stall(world);
  world.ask("a", "1");
  world.advance(world.now_ms + 2000);
  REQUIRE(world.shown("a")["available"] == 99);
  site.up.resize(site.up_cursor);  // what it has sold never left
  site.box.state = state;
  site.box.wakes = wakes;
  site.box.epoch = "00000000000000b1";
  world.join("a");
  world.pump();
  CHECK(world.shown("a")["available"] == 100);
}

TEST_CASE("site: when the line goes down those who wait are answered at once") {
  auto world = open_world({});
  world.ask("a", "1");
  world.cut("a");
  CHECK(reply(world, "1")["reason"] == "at_risk");
  CHECK(world.sites.at("a").box.wakes.empty());
}

TEST_CASE("site: a device without a response topic finds its answer by the template, with its id") {
  auto world = open_world(
      {},
      {{"role", "site"},
       {"topics", {{"request", "till/{till}/{item}/ask"}, {"reply", "till/{till}/{item}/told"}}}});
  world.cut("a");
  world.device("a", "till/7/show/ask", {{"quantity", 2}, {"id", "x1"}});
  const auto told = world.told_at("a", "till/7/show/told");
  REQUIRE(told.size() == 1);
  CHECK(told[0]["result"] == "SELL");
  CHECK(told[0]["id"] == "x1");
  world.device("a", "till/7/show/ask", "many");
  CHECK(world.told_at("a", "till/7/show/told").back()["reason"] == "bad_request");
}

TEST_CASE("site: after a reboot an age that no clock kept is stale") {
  for (const bool trusted : {true, false}) {
    auto world = open_world({});
    world.cut("a");
    auto& box = world.sites.at("a").box;
    box.boot = 2;
    box.boottime_ms = 5000;
    box.wall_ms += 600'000;
    box.trusted = trusted;
    world.ask("a", "1");
    CHECK(reply(world, "1")["reason"] == (trusted ? "at_risk" : "stale"));
    if (trusted) CHECK(reply(world, "1")["age_s"] == 600);
  }
}

TEST_CASE("site: a wall clock that jumps within one boot changes no age") {
  auto world = open_world({});
  world.cut("a");
  auto& box = world.sites.at("a").box;
  box.wall_ms += 86'400'000;
  box.boottime_ms += 3'600'000;
  world.ask("a", "1");
  CHECK(reply(world, "1")["reason"] == "at_risk");
  box.wall_ms -= 2 * 86'400'000LL;
  box.boottime_ms += 1;
  world.ask("a", "2");
  CHECK(reply(world, "2")["reason"] == "stale");
}

TEST_CASE("site: a snapshot that has waited at the broker is as old as when it was sent") {
  auto world = open_world({});
  stall(world);
  world.centre("seats/show/sold", 1);
  world.now_ms += 3'601'000;  // no heartbeat: the broker dropped it
  world.set_clocks();
  go_on(world);
  world.cut("a");
  world.ask("a", "1");
  CHECK(reply(world, "1")["reason"] == "stale");
  CHECK(reply(world, "1")["age_s"] == 3601);
}

TEST_CASE("site R23: sold lowers and available raises, from the site as from the centre") {
  auto world = open_world({});
  world.device("a", "seats/show/sold", 5);
  CHECK(world.shown("a")["available"] == 95);
  world.device("a", "seats/show/available", 2);
  CHECK(world.shown("a")["available"] == 97);
  world.pump();
  CHECK(world.shown("a")["available"] == 97);
  CHECK(world.ledger()["firm"] == 5);
  CHECK(world.ledger()["returned"] == 2);
  world.centre("seats/show/sold", 7);
  world.pump();
  CHECK(world.shown("a")["available"] == 90);
  world.centre("seats/show/available", 3);
  world.pump();
  CHECK(world.shown("a")["available"] == 93);
}

TEST_CASE("site: what the others sell is watched, what it sells itself is not") {
  auto world = open_world({}, {{"role", "site"}, {"min_confidence", .99}});
  const auto risk = [](World copy) {
    copy.advance(copy.now_ms + 1'800'000);
    copy.pump();
    copy.cut("a");
    copy.advance(copy.now_ms + 1'800'000);
    copy.ask("a", "r", 60);
    return reply(copy, "r")["risk"].get<double>();
  };
  const auto quiet = risk(open_world({}));
  auto own = open_world({});
  own.ask("a", "1", 30);
  own.pump();
  auto others = open_world({});
  others.centre("seats/show/sold", 30);
  others.pump();
  CHECK(quiet < 1e-6);
  CHECK(risk(std::move(others)) > .1);
  CHECK(risk(std::move(own)) < 1e-3);
}

TEST_CASE("site: a quota sells at any age, and the authority's refusal leaves it") {
  auto world = open_world(
      {{"quota", "strict"}, {"weights", {{"a", 1}}}, {"items", {{"show", {{"capacity", 20}}}}}});
  CHECK(world.shown("a")["rights"] == 15);
  world.ask("a", "1", 5);
  world.pump();
  CHECK(reply(world, "1")["basis"] == "authority");
  world.ask("a", "2", 2);
  world.pump();
  CHECK(reply(world, "2")["basis"] == "quota");
  world.cut("a");
  world.advance(world.now_ms + 777'600'000);
  world.ask("a", "3", 13);
  CHECK(reply(world, "3")["reason"] == "quota");
  world.ask("a", "4");
  CHECK(reply(world, "4")["reason"] == "quota_exhausted");
  world.join("a");
  world.pump();
  CHECK(world.ledger()["firm"] == 20);
}

TEST_CASE("site: rights are transferred on request, and given back") {
  auto world = open_world(
      {{"quota", "strict"}, {"weights", {{"a", 1}}}, {"items", {{"show", {{"capacity", 20}}}}}});
  world.device("a", "seats/show/transfer", {{"quantity", 3}});
  world.pump();
  CHECK(world.shown("a")["rights"] == 18);
  world.device("a", "seats/show/transfer", {{"quantity", 9}});
  world.pump();
  CHECK(world.shown("a")["rights"] == 20);
  world.device("a", "seats/show/transfer", {{"quantity", -12}});
  world.pump();
  CHECK(world.shown("a")["rights"] == 8);
  CHECK_THROWS(world.device("a", "seats/show/transfer", {{"quantity", -9}}));
  world.ask("a", "1", 12);
  world.pump();
  CHECK(reply(world, "1")["basis"] == "authority");
}

TEST_CASE("site: the same id again is another sale, as the README says") {
  auto world = open_world({});
  world.cut("a");
  world.ask("a", "1", {{"quantity", 2}, {"id", 17}});
  world.ask("a", "2", {{"quantity", 2}, {"id", 17}});
  CHECK(reply(world, "1")["id"] == 17);
  CHECK(reply(world, "2")["id"] == 17);
  CHECK(reply(world, "1")["sale"] != reply(world, "2")["sale"]);
  CHECK(world.shown("a")["available"] == 96);
}

TEST_CASE("site: rights for many items are asked for in portions") {
  auto world = open_world(
      {{"quota", "strict"}, {"weights", {{"a", 1}}}, {"items", {{"show", {{"capacity", 20}}}}}});
  auto& box = world.sites.at("a").box;
  constexpr int count = 1'200;
  for (int i = 0; i < count; ++i) box.state["item/j" + std::to_string(i)] = box.state["item/show"];
  box.epoch = "00000000000000b1";
  std::map<std::string, int> claimed;
  auto sent = box.step({plugin::Input::Kind::link, plugin::Direction::down, "", "up"});
  while (true) {
    CHECK(sent.size() <= 1'000);
    for (const auto& one : sent) {
      if (one.topic == "oversell/ops/a") claimed[one.json()["item"]] += 1;
    }
    if (!box.wakes.contains("round")) break;
    box.wakes.erase("round");
    sent = box.step({plugin::Input::Kind::wake, plugin::Direction::down, "round"});
  }
  CHECK(claimed.size() == count + 1);
  for (const auto& [item, times] : claimed) CHECK(times == 1);
}

TEST_CASE("site: after its clock ran ahead, sales have the time that it is, and nobody waits on") {
  auto world = open_world({});
  auto& box = world.sites.at("a").box;
  stall(world);
  box.wall_ms += 86'400'000;
  world.ask("a", "1");
  REQUIRE(box.wakes.size() == 1);
  box.wall_ms = world.now_ms;
  box.step({plugin::Input::Kind::link, plugin::Direction::down, "", "up"});
  CHECK(box.wakes.begin()->second == world.now_ms + 2000);
  world.advance(world.now_ms + 2000);
  CHECK(reply(world, "1")["result"] == "SELL");
  CHECK(world.sites.at("a").up.back().json()["stamp_ms"] == world.now_ms);
  CHECK(box.log.size() == 1);
}

TEST_CASE("site: an old word that comes late takes nothing from a fresher one") {
  auto world = open_world({});
  stall(world);
  world.centre("seats/show/sold", 1);
  world.now_ms += 600'000;
  world.set_clocks();
  world.wake(world.hub, "alive");
  auto& site = world.sites.at("a");
  const auto beat = Json{{"hub", "hub"},
                         {"generation", world.hub.epoch},
                         {"sent_ms", world.now_ms},
                         {"trusted", true}};
  site.box.step(
      {plugin::Input::Kind::message, plugin::Direction::down, "oversell/alive", beat.dump()});
  go_on(world);  // the snapshot of ten minutes ago
  world.cut("a");
  world.ask("a", "1");
  CHECK(reply(world, "1")["age_s"] == 0);
}

// Time by boot, and what the wall clock says besides.
void pass(PolicyBox& box, std::int64_t ms, std::int64_t wall_step_ms = 0) {
  box.boottime_ms += ms;
  box.wall_ms += ms + wall_step_ms;
}

TEST_CASE("site R9: a wall clock that is set back keeps nobody waiting") {
  for (const std::int64_t passed_ms : {500, 70'000}) {
    CAPTURE(passed_ms);
    auto world = open_world({});
    auto& box = world.sites.at("a").box;
    stall(world);
    world.ask("a", "1");
    REQUIRE(box.wakes.size() == 1);
    const auto first = box.wakes.begin()->first;
    pass(box, passed_ms, -4'000'000);
    world.ask("a", "2");
    CHECK(box.wakes.at(first) == box.wall_ms + std::max<std::int64_t>(2000 - passed_ms, 0));
    REQUIRE(box.wakes.size() == 2);
    CHECK(box.wakes.rbegin()->second == box.wall_ms + 2000);
    pass(box, std::max<std::int64_t>(2000 - passed_ms, 0));
    world.wake(box, first);
    CHECK(reply(world, "1")["result"] == "SELL");
    CHECK(reply(world, "2").is_null());
  }
}

TEST_CASE("site R9: nor one that is set back while the machine starts anew") {
  auto world = open_world({});
  auto& box = world.sites.at("a").box;
  stall(world);
  world.ask("a", "1");
  const auto first = box.wakes.begin()->first;
  box.boot = 2;
  box.boottime_ms = 1'000;
  box.wall_ms -= 86'400'000;
  world.device("a", "seats/show/sold", 1);
  CHECK(box.wakes.at(first) == box.wall_ms + 2000);
  pass(box, 2000);
  world.wake(box, first);
  CHECK(!reply(world, "1").is_null());
}

TEST_CASE("site R9: a wall clock that is set ahead answers nobody too early") {
  auto world = open_world({});
  auto& box = world.sites.at("a").box;
  stall(world);
  world.ask("a", "1");
  const auto first = box.wakes.begin()->first;
  pass(box, 100, 86'400'000);
  world.wake(box, first);
  CHECK(reply(world, "1").is_null());
  CHECK(box.wakes.at(first) == box.wall_ms + 1900);
  go_on(world);
  CHECK(reply(world, "1")["basis"] == "authority");
  CHECK(box.wakes.empty());
}

TEST_CASE("site: of a fact only what no rights cover draws on the reserve, until it is made good") {
  // Five are in the reserve, five are the site's.
  auto world = open_world(
      {{"items",
        {{"show",
          {{"capacity", 10}, {"quota", "soft"}, {"reserve_bp", 5000}, {"weights", {{"a", 1}}}}}}}});
  world.cut("a");
  world.device("a", "seats/show/sold", 6);
  world.ask("a", "1", 4);
  CHECK(reply(world, "1")["reason"] == "at_risk");
  world.ask("a", "2");
  CHECK(reply(world, "2")["reason"] == "sold_out_local");
  world.device("a", "seats/show/available", 1);
  world.ask("a", "3");
  CHECK(reply(world, "3")["reason"] == "at_risk");
  world.join("a");
  world.pump();
  CHECK(world.shown("a")["available"] == 0);
}

}  // namespace bascule::oversell::test
