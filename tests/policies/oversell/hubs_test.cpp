// Two authorities behind one policy of a site, and one whose journal is another one: what is known
// of one counts for no other.
#include <doctest/doctest.h>

#include "policies/oversell/world.hpp"

namespace bascule::oversell::test {

namespace {

constexpr const char* other_epoch = "00000000000000c3";

Json authority(const std::string& item, std::int64_t capacity = 100, Json more = Json::object()) {
  more["role"] = "authority";
  if (!more.contains("hold_window")) more["hold_window"] = 0;
  more["items"] = {{item, {{"capacity", capacity}}}};
  return more;
}

Given message(plugin::Direction direction, const std::string& topic, const std::string& payload,
              const std::string& origin) {
  Given given{plugin::Input::Kind::message, direction, topic, payload};
  given.origin = origin;
  return given;
}

// A second hub with an item of its own, on the same broker. What it says to the sites is given.
std::vector<Sent> second_hub(PolicyBox& hub, const World& world) {
  hub.wall_ms = world.now_ms;
  hub.boottime_ms = world.hub.boottime_ms;
  hub.epoch = other_epoch;
  return hub.step({plugin::Input::Kind::link, plugin::Direction::down, "", "up"});
}

void tell_site(World& world, const std::string& hub, const std::vector<Sent>& sent) {
  auto& site = world.sites.at("a");
  for (const auto& one : sent) {
    const auto said = site.box.step(message(plugin::Direction::down, one.topic, one.payload, hub));
    world.take_from_site(site, said);
  }
}

void deliver_all_up(World& world) {
  while (world.deliver_up("a")) {
  }
}

Json reply(World& world, const std::string& correlation) {
  return world.sites.at("a").replies[correlation];
}

}  // namespace

TEST_CASE("hubs: news of one hub is no contact with another") {
  World world(authority("show"), {"a"}, {{"role", "site"}});
  world.pump();
  PolicyBox other("hub-b", authority("other"));
  tell_site(world, "hub-b", second_hub(other, world));
  CHECK(world.shown("a", "other")["available"] == 100);

  // The item's own hub is dead for two hours; the other one goes on telling that it is there.
  world.sites.at("a").line_up = false;
  for (int i = 0; i < 240; ++i) {
    world.now_ms += 30'000;
    world.set_clocks();
    other.wall_ms = world.now_ms;
    other.boottime_ms = world.hub.boottime_ms;
    tell_site(world, "hub-b",
              other.step({plugin::Input::Kind::wake, plugin::Direction::down, "alive"}));
  }
  world.cut("a");
  world.ask("a", "1");
  CHECK(reply(world, "1")["reason"] == "stale");
  CHECK(reply(world, "1")["age_s"] == 7200);
  world.ask("a", "2", 1, "other");
  CHECK(reply(world, "2")["reason"] == "at_risk");
  CHECK(reply(world, "2")["age_s"] == 0);
}

TEST_CASE("hubs: a hub that does not answer makes no other one silent") {
  World world(authority("show"), {"a"}, {{"role", "site"}});
  world.pump();
  PolicyBox other("hub-b", authority("other"));
  tell_site(world, "hub-b", second_hub(other, world));
  world.sites.at("a").line_up = false;  // nobody hears it
  world.ask("a", "1");
  world.advance(world.now_ms + 2000);
  CHECK(reply(world, "1")["reason"] == "at_risk");
  world.ask("a", "2", 1, "other");
  CHECK(reply(world, "2").is_null());  // it asks
  world.ask("a", "3");
  CHECK(reply(world, "3")["reason"] == "at_risk");  // at once
}

TEST_CASE("hubs: what is meant for one is left alone by the other") {
  World world(authority("show"), {"a"}, {{"role", "site"}});
  world.pump();
  PolicyBox other("hub-b", authority("other"));
  second_hub(other, world);
  world.ask("a", "1");
  const auto& op = world.sites.at("a").up.back();
  CHECK(op.json()["hub"] == "hub");
  CHECK(other.step(message(plugin::Direction::up, op.topic, op.payload, "a")).empty());
  CHECK(other.explained["for"] == "hub");
  world.pump();
  CHECK(reply(world, "1")["reason"] == "available");
}

TEST_CASE("hubs: an item that another hub announces has its own contact, and is warned of") {
  World world(authority("show"), {"a"}, {{"role", "site"}});
  world.pump();
  world.cut("a");
  world.ask("a", "1", 3);
  world.join("a");
  deliver_all_up(world);  // the verdict is on its way
  PolicyBox other("hub-b", authority("show", 50));
  tell_site(world, "hub-b", second_hub(other, world));
  const auto& log = world.sites.at("a").box.log;
  REQUIRE(!log.empty());
  CHECK(log.back().find("hub-b announces what hub hub announced") != std::string::npos);
  CHECK(world.sites.at("a").up.back().json()["hub"] == "hub-b");  // it is told of the sale
  CHECK(world.shown("a")["available"] == 47);
  while (world.deliver_down("a")) {
    // What the former one says about the sale is no mark in the snapshots of this one.
  }
  CHECK(world.shown("a")["available"] != 50);
}

TEST_CASE("hubs: a journal that is another one but knows all counts nothing twice") {
  for (const int hold_s : {0, 60}) {
    World world(authority("show", 100, {{"hold_window", hold_s}}), {"a"}, {{"role", "site"}});
    world.pump();
    world.cut("a");
    world.ask("a", "1", 3);
    world.join("a");
    deliver_all_up(world);
    world.ask("a", "2", 2);
    deliver_all_up(world);
    if (hold_s != 0) {
      while (world.deliver_down("a")) {
      }
    }
    world.hub.epoch = other_epoch;  // as after a power cut with sync: normal
    world.take_from_hub(
        world.hub.step({plugin::Input::Kind::link, plugin::Direction::down, "", "up"}));
    world.pump();
    world.advance(world.now_ms + 61'000);
    world.pump();
    CHECK(world.ledger()["firm"] == 5);
    CHECK(world.ledger()["sales"] == 5);
    CHECK(world.shown("a")["available"] == 95);
    CHECK(Json::parse(world.sites.at("a").box.state.at("item/show"))["local"] == 0);
    CHECK(world.final_verdicts("a").size() >= 1);
  }
}

TEST_CASE("hubs: a journal made anew learns what the sites still know, and does not displace it") {
  World world(authority("show", 3), {"a"}, {{"role", "site"}, {"min_remaining_bp", "off"}});
  world.pump();
  world.ask("a", "1", 2);
  deliver_all_up(world);  // FIRM, says the hub …
  auto& site = world.sites.at("a");
  // … and the answer comes, but no snapshot that has the sale.
  for (; site.down_cursor < site.down.size(); ++site.down_cursor) {
    const auto& one = site.down[site.down_cursor];
    if (one.topic != "oversell/inbox/a") continue;
    world.take_from_site(
        site, site.box.step(message(plugin::Direction::down, one.topic, one.payload, "hub")));
  }
  REQUIRE(reply(world, "1")["result"] == "SELL");
  world.hub.state.clear();
  world.hub.wakes.clear();
  world.hub.epoch = other_epoch;
  world.take_from_hub(
      world.hub.step({plugin::Input::Kind::link, plugin::Direction::down, "", "up"}));
  world.centre("seats/show/request", 2);  // the new journal thinks that there are three
  world.pump();
  CHECK(world.ledger()["firm"] == 4);
  CHECK(world.ledger()["reversed"] == 0);
  CHECK(world.shown("a")["available"] == -1);
  CHECK(Json::parse(site.box.state.at("item/show"))["local"] == 0);
}

TEST_CASE("hubs: with a strict quota a hub made anew gives no rights twice") {
  World world(authority("show", 20, {{"quota", "strict"}, {"weights", {{"a", 1}}}}), {"a"},
              {{"role", "site"}});
  world.pump();
  world.cut("a");
  world.ask("a", "1", 14);
  world.join("a");
  world.pump();
  CHECK(world.shown("a")["rights"] == 1);
  world.hub.state.clear();
  world.hub.wakes.clear();
  world.hub.epoch = other_epoch;
  world.take_from_hub(
      world.hub.step({plugin::Input::Kind::link, plugin::Direction::down, "", "up"}));
  world.pump();
  CHECK(world.shown("a")["rights"] == 1);
  world.centre("seats/show/request", 5);
  CHECK(world.told("seats/show/reply").back()["result"] == "SELL");
  world.centre("seats/show/request", 1);
  CHECK(world.told("seats/show/reply").back()["result"] == "REFUSE");
}

}  // namespace bascule::oversell::test
