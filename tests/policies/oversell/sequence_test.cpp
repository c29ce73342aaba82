// The two-client sequence, second by second, and what follows from its end.
#include <doctest/doctest.h>

#include "policies/oversell/world.hpp"

namespace bascule::oversell::test {

namespace {

// Until 09:40:00 both ways of ending are the same: nine of ten are sold, A and B know it.
World until_reconnected(std::int64_t overbooking) {
  World world({{"role", "authority"},
               {"overbooking", overbooking},
               {"hold_window", 0},
               {"heartbeat", 1},
               {"items", {{"show", {{"capacity", 10}}}}}},
              {"a", "b"}, {{"role", "site"}});
  world.centre("seats/show/sold", 9);
  world.advance(at("09:00:00"));
  world.pump();
  CHECK(world.shown("a")["available"] == 1);
  CHECK(world.shown("b")["available"] == 1);

  world.advance(at("09:10:00"));
  world.cut("a");

  world.advance(at("09:20:00"));
  world.ask("b", "b1");
  world.pump();
  CHECK(world.sites.at("b").replies["b1"]["result"] == "SELL");
  CHECK(world.sites.at("b").replies["b1"]["basis"] == "authority");
  CHECK(world.shown("b")["available"] == 0);
  CHECK(world.shown("a")["available"] == 1);  // the event waits for A

  world.advance(at("09:30:00"));
  world.ask("a", "a1", {{"quantity", 1}, {"ref", "badge 7"}});
  const auto reply = world.sites.at("a").replies["a1"];
  CHECK(reply["result"] == "SELL");
  CHECK(reply["reason"] == "at_risk");
  CHECK(reply["age_s"] == 1200);
  CHECK(reply["as_of_ms"] == at("09:10:00"));
  CHECK(reply["risk"] > 0);
  CHECK(world.shown("a")["available"] == 0);

  world.advance(at("09:40:00"));
  CHECK(world.final_verdicts("a").empty());
  world.join("a");
  world.pump();
  return world;
}

void check_refused_afterwards(World& world) {
  world.advance(at("09:41:00"));
  world.ask("a", "a2");
  world.pump();
  CHECK(world.sites.at("a").replies["a2"]["result"] == "REFUSE");
  CHECK(world.sites.at("a").replies["a2"]["basis"] == "authority");
  CHECK(world.sites.at("a").reply_count["a2"] == 1);
}

}  // namespace

TEST_CASE("sequence R24, R26: with an overbooking of 1 A's sale is honoured, its staff is told") {
  auto world = until_reconnected(1);
  const auto verdicts = world.final_verdicts("a");
  REQUIRE(verdicts.size() == 1);
  CHECK(verdicts[0]["outcome"] == "HONOUR");
  for (const auto* site : {"a", "b"}) CHECK(world.shown(site)["available"] == -1);
  CHECK(world.ledger()["firm"] == 10);
  CHECK(world.ledger()["honoured"] == 1);
  const auto told = world.told_at("a", "seats/show/staff");
  REQUIRE(told.size() == 1);
  CHECK(told[0]["alert"] == "extra_seat");
  CHECK(told[0]["ref"] == "badge 7");
  CHECK(world.sites.at("a").outcomes["a1"].empty());  // the ticket works
  CHECK(world.told("oversell/staff/show").size() == 1);
  CHECK(world.told("oversell/call/show").empty());
  check_refused_afterwards(world);
}

TEST_CASE("sequence R24, R26: without overbooking it is reversed, and the person is phoned") {
  auto world = until_reconnected(0);
  const auto verdicts = world.final_verdicts("a");
  REQUIRE(verdicts.size() == 1);
  CHECK(verdicts[0]["outcome"] == "REVERSE");
  // -1 when it was found, 0 once its quantity was free again.
  std::vector<std::int64_t> seen;
  for (const auto& json : world.told_at("b", "seats/show/availability")) {
    seen.push_back(json["available"]);
  }
  REQUIRE(seen.size() >= 2);
  CHECK(seen[seen.size() - 2] == -1);
  CHECK(seen.back() == 0);
  const auto badge = world.told_at("a", "seats/show/badge");
  REQUIRE(badge.size() == 1);
  CHECK(badge[0]["badge"] == "revoked");
  REQUIRE(world.told("oversell/call/show").size() == 1);
  CHECK(world.told("oversell/call/show")[0]["ref"] == "badge 7");
  CHECK(world.told("oversell/freed/show")[0]["quantity"] == 1);
  CHECK(world.told_at("a", "seats/show/staff").empty());
  // Who was told SELL is told where that was.
  const auto outcomes = world.sites.at("a").outcomes["a1"];
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0]["result"] == "REVERSE");
  CHECK(outcomes[0]["reason"] == "oversold");
  CHECK(outcomes[0]["sale"] == world.sites.at("a").replies["a1"]["sale"]);
  check_refused_afterwards(world);
}

TEST_CASE("sequence R27: staff may honour it within the hour, and no later") {
  for (const bool in_time : {true, false}) {
    auto world = until_reconnected(0);
    REQUIRE(world.hub.cases.size() == 1);
    CHECK(world.hub.cases.at(1).kind == "oversold");
    CHECK(world.hub.cases.at(1).data["until_ms"] == at("10:40:00"));
    world.advance(at("10:40:00") + (in_time ? 0 : 1));
    world.resolve(1, {{"choose", "honour"}, {"by", "ann"}});
    world.pump();
    CHECK(world.hub.closed.at(1).at("outcome") == (in_time ? "HONOUR" : "REVERSE"));
    CHECK(world.ledger()["honoured"] == (in_time ? 1 : 0));
    CHECK(world.ledger()["reversed"] == (in_time ? 0 : 1));
    CHECK(world.shown("b")["available"] == (in_time ? -1 : 0));
    CHECK(world.told_at("a", "seats/show/staff").size() == (in_time ? 1 : 0));
    const auto outcomes = world.sites.at("a").outcomes["a1"];
    REQUIRE(outcomes.size() == (in_time ? 2 : 1));
    CHECK(outcomes.back()["result"] == (in_time ? "HONOUR" : "REVERSE"));
    const auto listed = world.told("oversell/sales/show").back();
    CHECK(listed["sale"] == outcomes.back()["sale"]);
    CHECK(listed["state"] == (in_time ? "HONOUR" : "REVERSE"));
    CHECK(listed.contains("overridden") == in_time);
    CHECK(world.told_at("a", "seats/show/badge").back()["badge"] ==
          (in_time ? "restored" : "revoked"));
    world.resolve(1, {{"choose", "honour"}, {"by", "ann"}});  // once more changes nothing
    CHECK(world.ledger()["honoured"] == (in_time ? 1 : 0));
  }
}

TEST_CASE("sequence: a hold window lets the walk go by who sold first, not by who came first") {
  World world(
      {{"role", "authority"}, {"hold_window", 60}, {"items", {{"show", {{"capacity", 10}}}}}},
      {"a", "b"}, {{"role", "site"}});
  world.centre("seats/show/sold", 9);
  world.advance(at("09:00:00"));
  world.pump();
  world.cut("a");
  world.cut("b");
  world.advance(at("09:05:00"));
  world.ask("b", "first");
  world.advance(at("09:06:00"));
  world.ask("a", "second");
  world.join("a");
  world.pump();
  CHECK(world.final_verdicts("a").empty());
  CHECK(world.ledger()["provisional"] == 1);
  world.advance(at("09:06:30"));
  world.join("b");
  world.pump();
  CHECK(world.shown("b")["available"] == -1);
  world.advance(at("09:07:00") - 1);
  CHECK(world.final_verdicts("a").empty());
  world.advance(at("09:07:00"));
  REQUIRE(world.final_verdicts("a").size() == 1);
  REQUIRE(world.final_verdicts("b").size() == 1);
  CHECK(world.final_verdicts("b")[0]["outcome"] == "FIRM");
  CHECK(world.final_verdicts("a")[0]["outcome"] == "REVERSE");
  const auto stats = world.told("oversell/stats/show").back();
  CHECK(stats["at_risk"] == 2);
  CHECK(stats["oversold"] == 1);
  CHECK(stats["promised"] > 0);
}

}  // namespace bascule::oversell::test
