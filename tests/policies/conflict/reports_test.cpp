// Waiting until all sites have reported (R30), and what happens when they do not.
#include <doctest/doctest.h>

#include "policies/conflict/network.hpp"

namespace bascule::test {

namespace {

const Json waiting{{"when", "reported"}, {"topics", {{"mark", "marks/{origin}"}}}};

// Three sites that are known, and a record that all have.
Network waiting_network(const Json& wait = Json::object()) {
  Network network(Json{{"topics", {{"mark", "marks/{origin}"}}}});
  network.edit("A", {{"x", 0}, {"y", 0}}, monday - day);
  network.now = monday - day;
  network.sync_all();
  Json json{{"record", "edits/{id}"},
            {"topics", {{"canonical", "records/{id}"}}},
            {"sites", {"A", "B", "C"}},
            {"wait", wait}};
  json.merge_patch(waiting);
  network.hub.options = options_of(json);
  network.now = monday;
  return network;
}

std::size_t asked(Network& network, const std::string& site) {
  std::size_t count = 0;
  for (const auto& sent : network.hub.sent) count += sent.topic == "marks/" + site + "/ask" ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("conflict R30: an edit waits until every site has reported, and those asked answer") {
  auto network = waiting_network();
  network.edit("A", {{"x", 1}}, monday);
  network.send_up("A");
  CHECK(network.hub.record()["x"] == 0);
  CHECK(network.hub.host.explained["verdict"] == "QUEUED");
  for (const std::string site : {"B", "C"}) CHECK(asked(network, site) == 1);
  CHECK(asked(network, "A") == 0);
  // B answers at once. C is cut off, and has an edit from before.
  network.now += hour;
  network.sync("B");
  network.send_up("B");
  CHECK(network.hub.record()["x"] == 0);
  network.edit("C", {{"x", 2}, {"y", 2}}, monday - 1);
  network.edit("C", {{"z", 3}}, monday - 1, "456");
  network.now += 5 * hour;
  network.send_up("C");
  // What it had edited before A did says nothing of what it edited until then.
  CHECK(network.hub.record()["x"] == 0);
  network.bring_down("C");
  network.send_up("C");
  CHECK(network.hub.record() == Json{{"x", 1}, {"y", 2}});
  // C's other record has waited for A and B, who are asked about it in their turn.
  for (int round = 0; round < 2; ++round) network.sync_all();
  CHECK(network.hub.record("456") == Json{{"z", 3}});
  CHECK(network.hub.host.wakes.count("late") == 0);
  network.sync_all();
  for (const std::string site : {"A", "B", "C"}) CHECK(network.pending(site) == 0);
}

TEST_CASE("conflict R30: after the time that was set it is decided without those who are missing") {
  auto network = waiting_network({{"at_most", "6h"}});
  network.edit("A", {{"x", 1}}, monday);
  network.send_up("A");
  network.now = monday + 5 * hour;
  network.wake_hub();
  CHECK(network.hub.record()["x"] == 0);
  network.now = monday + 6 * hour;
  network.wake_hub();
  CHECK(network.hub.record()["x"] == 1);
  REQUIRE(network.hub.host.log.size() == 1);
  CHECK(network.hub.host.log[0] == "decided 123 without a report of B, C");
}

TEST_CASE("conflict R30: or a person is asked, who waits on or decides") {
  for (const bool decide : {true, false}) {
    auto network = waiting_network({{"at_most", "6h"}, {"then", "case"}});
    network.edit("A", {{"x", 1}}, monday);
    network.send_up("A");
    network.now = monday + 6 * hour;
    network.wake_hub();
    auto& hub = network.hub;
    REQUIRE(hub.open_cases("unreported").size() == 1);
    const auto number = hub.open_cases("unreported")[0];
    CHECK(hub.host.cases[number].data["missing"] == Json{"B", "C"});
    CHECK(hub.record()["x"] == 0);
    hub.resolve(number, decide ? "decide" : "wait");
    CHECK(hub.open_cases("unreported").empty());
    CHECK(hub.record()["x"] == (decide ? 1 : 0));
    if (decide) continue;
    // All report after all; a question that is open then is closed.
    network.now = monday + 12 * day;
    network.wake_hub();
    CHECK(hub.open_cases("unreported").size() == 1);
    network.sync_all();
    network.sync_all();
    CHECK(hub.open_cases("unreported").empty());
    CHECK(hub.record()["x"] == 1);
  }
}

TEST_CASE("conflict R30: only the sites that are named are waited for; a dropped one is not") {
  auto network = waiting_network({{"for", {"B"}}});
  network.edit("A", {{"x", 1}}, monday);
  network.send_up("A");
  CHECK(asked(network, "C") == 0);
  network.now += 1;
  network.sync("B");
  network.send_up("B");
  CHECK(network.hub.record()["x"] == 1);
}

TEST_CASE("conflict R30: a repeat is answered while the first waits, and counts once") {
  auto network = waiting_network();
  network.edit("A", {{"x", 1}}, monday);
  const auto again = network.sites["A"].up.back();
  network.send_up("A");
  network.hub.message(again);
  CHECK(network.hub.host.explained["verdict"] == "QUEUED");
  network.now += hour;
  network.sync_all();
  network.sync_all();
  CHECK(network.hub.version() == 1);
}

}  // namespace bascule::test
