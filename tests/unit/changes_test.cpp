// What a changed file means for what waits: which lanes wait for which, and what nobody takes.
#include "changes.hpp"

#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

Route route(std::string from, std::string lane) {
  Route route;
  route.from = std::move(from);
  route.lane = std::move(lane);
  route.name = route.from;
  return route;
}

BridgeConfig file(std::vector<Route> routes) {
  BridgeConfig config;
  config.id = "store-42";
  config.lanes = {lane_settings("default"), lane_settings("a"), lane_settings("b")};
  config.routes = std::move(routes);
  return config;
}

// Lanes in which a message waits, and of the others the one that each waits for.
std::string behind(const BridgeConfig& before, const BridgeConfig& now) {
  const Directory directory;
  {
    JournalCore core = open_journal(directory, before.lanes);
    enter_configuration(core, before, false);
    for (const LaneSettings& lane : before.lanes)
      fill(core, 1, core.lane(Direction::up, lane.name));
  }
  JournalCore core = open_journal(directory, now.lanes);
  enter_configuration(core, now, false);
  std::string text;
  for (const LaneOrderRow& order : core.store().configuration().orders()) {
    if (!text.empty()) text += ' ';
    text += lane_of(core, order.lane).name + '>' + lane_of(core, order.former).name;
  }
  return text;
}

}  // namespace

TEST_CASE(
    "changes: a route that has another lane, or is another one, keeps the order of its topics") {
  CHECK(behind(file({route("x/#", "a")}), file({route("x/#", "b")})) == "b>a");
  CHECK(behind(file({route("x/#", "a")}), file({route("+/y", "b")})) == "b>a");
  CHECK(behind(file({route("x/#", "a")}), file({route("y/#", "b")})).empty());
  CHECK(behind(file({route("x/#", "a"), route("y", "b")}),
               file({route("x/#", "b"), route("y", "a")})) == "a>b b>a");
}

TEST_CASE("changes: routes that stay, in the order that they had, move nothing") {
  const std::vector<Route> both = {route("x/#", "a"), route("#", "b")};
  CHECK(behind(file(both), file(both)).empty());
  CHECK(behind(file(both), file({both[0], route("z", "default"), both[1]})) == "default>b");
  CHECK(behind(file(both), file({both[1], both[0]})) == "b>a");
  CHECK(behind(file({both[0], route("z", "default"), both[1]}), file(both)) == "b>default");
}

TEST_CASE("changes: a lane that is gone drains with its settings") {
  const Directory directory;
  BridgeConfig before = file({route("x", "a")});
  before.lanes[1].ttl_ms = 5'000;
  before.lanes[1].hours = Hours{60, 120};
  before.lanes[1].when_full = WhenFull::drop_newest;
  {
    JournalCore core = open_journal(directory, before.lanes);
    enter_configuration(core, before, false);
  }
  JournalCore core = open_journal(directory);
  const LaneState& lane = lane_of(core, core.lane(Direction::up, "a"));
  CHECK(lane.former);
  CHECK(lane.settings.ttl_ms == 5'000);
  CHECK(lane.settings.hours->to_min == 120);
  CHECK(lane.settings.when_full == WhenFull::drop_newest);
  CHECK_FALSE(lane.settings.max_size_bytes.has_value());
}

TEST_CASE("changes: a start that would lose what waits is refused, and changes nothing") {
  const Directory directory;
  BridgeConfig config = file({});
  JournalCore core = open_journal(directory, config.lanes);
  enter_configuration(core, config, false);
  store(core, {{core.lane(Direction::up, "a"), "t", std::string(100'000, 'x')}});
  config.lanes[1].max_size_bytes = 65'536;
  config.lanes[1].when_full = WhenFull::drop_oldest;
  CHECK_THROWS_WITH_AS(enter_configuration(core, config, false),
                       doctest::Contains("--accept-losses"), JournalError);
  CHECK(lane_of(core, core.lane(Direction::up, "a")).backlog() == 1);
  enter_configuration(core, config, true);
  CHECK(lane_of(core, core.lane(Direction::up, "a")).backlog() == 0);
}

TEST_CASE("changes: what waits for a policy, or a central broker, that is gone is told") {
  const Directory directory;
  JournalCore core = open_journal(directory, {lane_settings("a"), lane_settings("policy/seats")});
  fill(core, 2, core.lane(Direction::up, "policy/seats"));
  fill(core, 1, core.lane(Direction::up, "a"));
  AppendGroup down = group_of({{core.lane(Direction::down, "a")}}, Direction::down);
  REQUIRE(core.append(down) == AppendResult::stored);
  core.commit();
  CHECK(orphans(core.report(), {{}, {"seats"}, false}).empty());
  const auto gone = orphans(core.report(), {{}, {}, true});
  REQUIRE(gone.size() == 2);
  CHECK(to_string(gone[0]) ==
        "1 message waits in lane a for central, which the file does not have; put it back, or take "
        "them out with 'bascule journal quarantine add --lane a --all'");
  CHECK(gone[1].messages == 2);
  CHECK(to_string(gone[1]).find("--policy seats") != std::string::npos);
}
