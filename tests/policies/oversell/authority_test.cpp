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

TEST_CASE("authority: what is sold centrally has a number, keeps its ref, and is listed") {
  auto world = open_world({});
  world.centre("seats/show/request", {{"quantity", 2}, {"id", 1}, {"ref", "badge 7"}});
  world.centre("seats/show/sold", {{"quantity", 3}, {"ref", "box office"}});
  const auto reply = world.told("seats/show/reply").back();
  CHECK(reply["sale"] == "hub.00000000000000a1.show.1");
  const auto sales = world.told("oversell/sales/show");
  REQUIRE(sales.size() == 2);
  CHECK(sales[0]["sale"] == reply["sale"]);
  CHECK(sales[0]["ref"] == "badge 7");
  CHECK(sales[0]["state"] == "FIRM");
  CHECK(sales[0]["final"] == true);
  CHECK(sales[1]["sale"] == "hub.00000000000000a1.show.2");
  CHECK(sales[1]["ref"] == "box office");
  CHECK(sales[1]["quantity"] == 3);
  CHECK(Json::parse(world.hub.state.at(
            "op/show/hub/00000000000000a1/00000000000000000001"))["ref"] == "badge 7");
}

TEST_CASE("authority: one topic lists every sale, and each time what became of it") {
  World world(
      {{"role", "authority"}, {"hold_window", 60}, {"items", {{"show", {{"capacity", 1}}}}}},
      {"a", "b"}, {{"role", "site"}, {"offline", "refuse"}});
  world.pump();
  const auto listed = [&] {
    std::vector<std::string> list;
    for (const auto& one : world.told("oversell/sales/show")) {
      list.push_back(one["site"].get<std::string>() + " " + one["state"].get<std::string>());
    }
    return list;
  };
  world.sites.at("a").line_up = false;
  world.ask("a", "1");  // answered too late, so refused at the site, and withdrawn
  world.advance(world.now_ms + 2000);
  world.sites.at("a").line_up = true;
  world.pump();
  CHECK(listed() == std::vector<std::string>{"a FIRM", "a WITHDRAWN"});
  world.ask("b", "2");
  world.pump();
  world.ask("a", "3");  // refused: no sale
  world.pump();
  CHECK(listed().size() == 3);
  world.device("b", "seats/show/sold", 1);
  world.pump();
  CHECK(listed() == std::vector<std::string>{"a FIRM", "a WITHDRAWN", "b FIRM", "b FIRM"});
}

TEST_CASE("authority: the same id again is another sale, as the README says") {
  auto world = open_world({});
  for (int i = 0; i < 2; ++i) world.centre("seats/show/request", {{"quantity", 2}, {"id", 17}});
  CHECK(world.told("seats/show/reply")[0]["id"] == 17);
  CHECK(world.told("seats/show/reply")[0]["sale"] != world.told("seats/show/reply")[1]["sale"]);
  CHECK(world.ledger()["firm"] == 4);
}

TEST_CASE("authority: after its clock ran ahead, heartbeats and walks go on at once") {
  constexpr std::int64_t days_402_ms = 402LL * 86'400'000;
  World world(
      {{"role", "authority"}, {"hold_window", 60}, {"items", {{"show", {{"capacity", 1}}}}}},
      {"a", "b"}, {{"role", "site"}});
  world.pump();
  world.cut("a");
  world.cut("b");
  world.ask("a", "1");
  world.ask("b", "2");
  const auto now_ms = world.now_ms;
  world.hub.wall_ms = now_ms + days_402_ms;
  world.wake(world.hub, "alive");
  for (const auto* name : {"a", "b"}) {
    world.sites.at(name).line_up = true;
    while (world.deliver_up(name)) {
    }
  }
  REQUIRE(world.hub.wakes.at("alive") > now_ms + days_402_ms);
  REQUIRE(world.hub.wakes.at("walk/show") > now_ms + days_402_ms);
  world.hub.wall_ms = now_ms;
  world.hub.step({plugin::Input::Kind::link, plugin::Direction::down, "", "up"});
  CHECK(world.hub.wakes.at("alive") == now_ms);
  CHECK(world.hub.wakes.at("walk/show") == now_ms + 60'000);
  REQUIRE(!world.hub.log.empty());
  CHECK(world.hub.log.back().find("the clock ran ahead") != std::string::npos);
  world.hub.log.clear();
  world.wake(world.hub, "alive");
  CHECK(world.hub.wakes.at("alive") == now_ms + 30'000);
  CHECK(world.hub.log.empty());  // once
}

TEST_CASE("authority: an input that has waited is no clock that was set back") {
  auto world = open_world({});
  world.advance(world.now_ms + 300'000);
  const auto due_ms = world.hub.wakes.at("alive");
  // Journaled four minutes before the last heartbeat, and decided after it.
  world.hub.wall_ms -= 240'000;
  world.hub.boottime_ms -= 240'000;
  world.centre("seats/show/sold", 1);
  CHECK(world.hub.log.empty());
  CHECK(world.hub.wakes.at("alive") == due_ms);
  // Nor one of the boot before; but one of a later boot is.
  world.hub.boot = 2;
  world.hub.wall_ms += 240'000;
  world.wake(world.hub, "alive");
  world.hub.boot = 1;
  world.hub.wall_ms -= 240'000;
  world.centre("seats/show/sold", 1);
  CHECK(world.hub.log.empty());
  world.hub.boot = 3;
  world.centre("seats/show/sold", 1);
  CHECK(world.hub.log.size() == 1);
  CHECK(world.hub.wakes.at("alive") == world.hub.wall_ms);
}

TEST_CASE("authority: a reversed sale of a clock that ran ahead can be honoured for an hour") {
  World world({{"role", "authority"}, {"hold_window", 0}, {"items", {{"show", {{"capacity", 1}}}}}},
              {"a"}, {{"role", "site"}});
  world.pump();
  world.cut("a");
  world.ask("a", "1");
  const auto now_ms = world.now_ms;
  world.hub.wall_ms = now_ms + 86'400'000;
  world.wake(world.hub, "alive");
  world.centre("seats/show/sold", 1);
  world.sites.at("a").line_up = true;
  world.deliver_up("a");
  REQUIRE(world.hub.cases.size() == 1);
  world.hub.wall_ms = now_ms;
  world.hub.step({plugin::Input::Kind::link, plugin::Direction::down, "", "up"});
  CHECK(world.hub.wakes.at("override/1") == now_ms + 3'600'001);
  world.hub.wall_ms = now_ms + 3'600'001;
  world.wake(world.hub, "override/1");
  CHECK(world.hub.closed.at(1)["by"] == "time");
}

TEST_CASE("authority: many items are announced in portions, and each can be sold meanwhile") {
  Json items;
  constexpr int count = 1'700;
  for (int i = 0; i < count; ++i) items["i" + std::to_string(i)] = {{"capacity", 5}};
  PolicyBox hub("hub", {{"role", "authority"}, {"items", items}});
  hub.wall_ms = at("09:00:00");
  const auto settle = [&](std::vector<Sent> sent) {
    std::map<std::string, std::string> announced;  // by topic: of which journal
    for (int steps = 0;; ++steps) {
      REQUIRE(steps < 10);
      CHECK(sent.size() <= 501);
      for (const auto& one : sent) announced[one.topic] = one.json().value("generation", "");
      if (!hub.wakes.contains("round")) return announced;
      hub.wakes.erase("round");
      sent = hub.step({plugin::Input::Kind::wake, plugin::Direction::down, "round"});
    }
  };
  auto first = hub.step({plugin::Input::Kind::link, plugin::Direction::down, "", "up"});
  // One whose turn has not come.
  const auto asked =
      hub.step({plugin::Input::Kind::message, plugin::Direction::up, "seats/i999/request", "1"});
  CHECK(asked.front().topic == "oversell/sales/i999");
  CHECK(asked.back().json()["result"] == "SELL");
  CHECK(settle(std::move(first)).size() == count - 1);  // that one was announced by its sale

  hub.epoch = "00000000000000c3";
  const auto announced =
      settle(hub.step({plugin::Input::Kind::link, plugin::Direction::down, "", "up"}));
  CHECK(announced.size() == count);
  for (const auto& [topic, generation] : announced) CHECK(generation == hub.epoch);
  CHECK(Json::parse(hub.state.at("item/i999"))["firm"] == 1);
}

TEST_CASE("authority: many sales at risk are settled in portions, in their order") {
  auto world = open_world({{"hold_window", 60}, {"overbooking", 0}});
  world.cut("a");
  auto& site = world.sites.at("a");
  Json op{{"kind", "sale"}, {"site", "a"}, {"epoch", "e"},        {"item", "show"},
          {"quantity", 1},  {"risk", .25}, {"basis", "snapshot"}, {"trusted", true}};
  for (int n = 1; n <= 1'200; ++n) {
    op["n"] = n;
    op["stamp_ms"] = world.now_ms - n;  // the last one was made first
    world.centre("oversell/ops/a", op);
  }
  world.advance(world.now_ms + 60'000);
  CHECK(world.ledger()["provisional"] == 0);
  CHECK(world.ledger()["firm"] == 20);
  CHECK(world.ledger()["reversed"] == 1'180);
  const auto state = [&](int n) {
    return Json::parse(world.hub.state.at("op/show/a/e/" + std::string(16, '0') +
                                          std::to_string(10'000 + n).substr(1)))["state"];
  };
  CHECK(state(1'181) == "FIRM");
  CHECK(state(1'180) == "REVERSE");
  CHECK(site.box.log.empty());
}

}  // namespace bascule::oversell::test
