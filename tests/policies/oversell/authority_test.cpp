// What the authority does besides verdicts: capacity, rights, the centre's devices, forgetting.
#include <doctest/doctest.h>

#include "policies/oversell/world.hpp"

namespace bascule::oversell::test {

namespace {

World open_world(Json authority) {
  authority["role"] = "authority";
  if (!authority.contains("items")) authority["items"] = {{"show", {{"capacity", 20}}}};
  World world(authority, {"a"}, {{"role", "site"}});
  world.pump();
  return world;
}

}  // namespace

TEST_CASE("authority: a capacity opens an item, and changes it") {
  auto world = open_world({});
  world.centre("seats/other/capacity", {{"capacity", 5}});
  world.pump();
  CHECK(world.shown("a", "other")["available"] == 5);
  world.ask("a", "1", 4, "other");
  world.pump();
  world.centre("seats/other/capacity", {{"capacity", 3}});
  world.pump();
  CHECK(world.shown("a", "other")["available"] == -1);
}

TEST_CASE("authority: an item that the file names later begins with the next input") {
  auto world = open_world({});
  PolicyBox with_more("hub",
                      {{"role", "authority"},
                       {"items", {{"show", {{"capacity", 7}}}, {"late", {{"capacity", 3}}}}}});
  with_more.state = world.hub.state;
  with_more.step({plugin::Input::Kind::wake, plugin::Direction::down, "alive"});
  CHECK(Json::parse(with_more.state.at("item/late"))["capacity"] == 3);
  CHECK(Json::parse(with_more.state.at("item/show"))["capacity"] == 20);
}

TEST_CASE("authority: devices at the centre ask it directly") {
  auto world = open_world({});
  world.centre("seats/show/request", {{"quantity", 19}, {"id", 1}});
  world.centre("seats/show/request", {{"quantity", 2}, {"id", 2}});
  world.centre("seats/none/request", {{"quantity", 2}, {"id", 3}});
  CHECK(world.told("seats/show/reply")[0]["result"] == "SELL");
  CHECK(world.told("seats/show/reply")[1]["reason"] == "sold_out");
  CHECK(world.told("seats/none/reply")[0]["result"] == "REFUSE");
}

TEST_CASE("authority: what it never heard of is refused, and holds nobody up") {
  auto world = open_world({});
  world.ask("a", "1", 1, "no such");
  CHECK(world.sites.at("a").replies["1"]["reason"] == "no_snapshot");
  CHECK(world.sites.at("a").box.state.count("item/no such") == 0);
  world.centre("oversell/ops/a", {{"kind", "ask"},
                                  {"site", "a"},
                                  {"epoch", "e"},
                                  {"n", 1},
                                  {"item", "no such"},
                                  {"quantity", 1}});
  const auto told = world.sites.at("a").down.back().json();
  CHECK(told["outcome"] == "REFUSE");
  CHECK(told["reason"] == "no_snapshot");
}

TEST_CASE("authority: a silent site's rights are reclaimed only within the overbooking, and once") {
  auto world = open_world({{"quota", "strict"}, {"weights", {{"a", 1}}}, {"overbooking", 4}});
  CHECK(world.shown("a")["rights"] == 15);
  world.centre("oversell/reclaim/show", {{"site", "a"}});
  CHECK(world.ledger()["over"] == 4);
  world.centre("oversell/reclaim/show", {{"site", "a"}});
  CHECK(world.ledger()["over"] == 4);
  world.centre("seats/show/request", 9);
  CHECK(world.told("seats/show/reply").back()["result"] == "SELL");
  world.centre("seats/show/request", 1);
  CHECK(world.told("seats/show/reply").back()["result"] == "REFUSE");
}

TEST_CASE("authority: a sale with a clock ahead or untrusted counts as made when it came") {
  World world(
      {{"role", "authority"}, {"hold_window", 60}, {"items", {{"show", {{"capacity", 1}}}}}},
      {"a", "b"}, {{"role", "site"}});
  world.pump();
  world.cut("a");
  world.cut("b");
  world.sites.at("a").box.trusted = false;
  world.sites.at("a").box.wall_ms -= 3'000'000;
  world.ask("a", "1");
  world.advance(world.now_ms + 1000);
  world.ask("b", "2");
  world.advance(world.now_ms + 1000);
  world.join("b");
  world.join("a");
  world.pump();
  world.advance(world.now_ms + 60'000);
  CHECK(world.final_verdicts("b").at(0)["outcome"] == "FIRM");
  CHECK(world.final_verdicts("a").at(0)["outcome"] == "REVERSE");
}

TEST_CASE("authority: what has been settled for long is forgotten, and then it is no new sale") {
  auto world = open_world({{"remember", "2h"}});
  world.ask("a", "1");
  world.pump();
  const auto count = [&] {
    int ops = 0;
    for (const auto& [key, value] : world.hub.state) ops += key.starts_with("op/") ? 1 : 0;
    return ops;
  };
  CHECK(count() == 1);
  world.advance(world.now_ms + 7'100'000);
  CHECK(count() == 1);
  world.advance(world.now_ms + 200'000);
  CHECK(count() == 0);
  world.sites.at("a").up_cursor = 0;
  CHECK_THROWS_WITH(world.pump(), doctest::Contains("older than what is remembered"));
  CHECK(world.ledger()["firm"] == 1);
}

TEST_CASE("authority: an op that comes again with another quantity changes nothing") {
  auto world = open_world({});
  Json op{{"kind", "sale"}, {"site", "a"},    {"epoch", "e"},        {"item", "show"},
          {"n", 9},         {"quantity", 2},  {"basis", "snapshot"}, {"risk", .25},
          {"stamp_ms", 1},  {"trusted", true}};
  world.centre("oversell/ops/a", op);
  op["quantity"] = 3;
  world.centre("oversell/ops/a", op);
  CHECK(world.ledger()["provisional"] == 2);
  CHECK(world.hub.log.size() == 1);
  op["quantity"] = 0;
  CHECK_THROWS(world.centre("oversell/ops/a", op));
}

}  // namespace bascule::oversell::test
