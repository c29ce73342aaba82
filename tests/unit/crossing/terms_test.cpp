#include "crossing/terms.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace bascule;

namespace {

std::vector<Route> one_route(Direction direction, std::optional<Qos> qos = {}) {
  Route route;
  route.name = route.from = route.to = "sales/{rest...}";
  route.direction = direction;
  route.qos = qos;
  return {route};
}

std::vector<std::string> filters(const LinkSettings& settings) {
  const OwnTopicNames own("store-42", settings.own_topics, settings.retain);
  const RouteTable table(one_route(Direction::down), Direction::down, "store-42");
  std::vector<std::string> filters;
  for (const Subscription& one : wanted(own, Direction::down, settings, table)) {
    filters.push_back(one.filter);
  }
  return filters;
}

LinkSettings completed_for(LinkSettings settings) {
  const OwnTopicNames own("store-42", settings.own_topics, settings.retain);
  return completed(std::move(settings), own, Spoken::unknown);
}

std::string less(const LinkSettings& settings, const Limits& granted,
                 Qos asked = Qos::exactly_once) {
  return granted_less(settings, granted, asked);
}

}  // namespace

TEST_CASE("terms: what the bridge does not say it does not ask for either") {
  LinkSettings settings;
  CHECK(filters(settings) == std::vector<std::string>{"bascule/store-42/bookmark/up",
                                                      "bascule/store-42/state", "sales/#"});
  settings.own_topics.state.on = false;
  settings.own_topics.bookmark.topic = "marks/42";
  CHECK(filters(settings) == std::vector<std::string>{"marks/42", "sales/#"});
  settings.own_topics.bookmark.on = false;
  CHECK(filters(settings) == std::vector<std::string>{"sales/#"});
  settings.own_topics = {};
  settings.retain = false;
  CHECK(filters(settings) == std::vector<std::string>{"bascule/store-42/state", "sales/#"});
}

TEST_CASE("terms: the will has no more QoS and retain than the link, and may be off") {
  LinkSettings settings;
  const auto whole = completed_for(settings).will;
  REQUIRE(whole);
  CHECK(*whole == Will{"bascule/store-42/state", "offline", Qos::at_least_once, true});
  settings.retain = false;
  settings.max_qos = Qos::at_most_once;
  settings.own_topics.prefix = "devices/42";
  const auto less = completed_for(settings).will;
  REQUIRE(less);
  CHECK(*less == Will{"devices/42/state", "offline", Qos::at_most_once, false});
  settings.own_topics.will = false;
  CHECK_FALSE(completed_for(settings).will);
  settings.own_topics.will = true;
  settings.own_topics.state.on = false;
  CHECK_FALSE(completed_for(settings).will);
}

TEST_CASE("terms: what the broker grants less of than was asked for is told") {
  LinkSettings settings;
  Limits granted;
  CHECK(granted_less(settings, std::nullopt, Qos::exactly_once).empty());
  CHECK(less(settings, granted).empty());
  granted.session_expiry_s = 60;
  granted.maximum_qos = Qos::at_least_once;
  granted.knows_qos_2 = granted.retain_available = false;
  granted.maximum_packet_bytes = 1 << 20;
  const std::string all = less(settings, granted);
  CHECK(all.find("keeps the session for 60 s only") != std::string::npos);
  CHECK(all.find("takes QoS 1 at most, and the routes may ask for 2") != std::string::npos);
  CHECK(all.find("retains nothing") != std::string::npos);
  CHECK(all.find("packets of 1MiB at most, and messages may have 16MiB") != std::string::npos);
}

TEST_CASE("terms: what nobody asks for is not missed") {
  LinkSettings settings;
  settings.max_qos = Qos::at_least_once;
  settings.retain = false;
  settings.publish_max_payload_bytes = 128 << 10;
  Limits granted;
  granted.maximum_qos = Qos::at_least_once;
  granted.knows_qos_2 = granted.retain_available = false;
  granted.maximum_packet_bytes = 1 << 20;
  CHECK(less(settings, granted).empty());
  settings.max_qos = Qos::exactly_once;
  CHECK(less(settings, granted, Qos::at_least_once).empty());
  CHECK_FALSE(less(settings, granted).empty());
  // The Paho link does not publish at QoS 2, whatever the broker takes.
  granted.knows_qos_2 = true;
  CHECK(less(settings, granted).empty());
}

TEST_CASE("terms: the routes ask for what they let through, in or out") {
  CHECK(qos_asked({}) == Qos::at_most_once);
  CHECK(qos_asked(one_route(Direction::up)) == Qos::exactly_once);
  CHECK(qos_asked(one_route(Direction::down, Qos::at_least_once)) == Qos::at_least_once);
  auto routes = one_route(Direction::up, Qos::at_most_once);
  routes[0].qos_min = Qos::at_least_once;
  CHECK(qos_asked(routes) == Qos::at_least_once);
}

TEST_CASE("terms: a service that takes few filters is told of when more are wanted") {
  LinkSettings settings;
  CHECK(subscribes_too_much(settings, 1'000).empty());
  settings.subscription_limits.total = 50;
  CHECK(subscribes_too_much(settings, 50).empty());
  CHECK(subscribes_too_much(settings, 51).starts_with("51 filters are to be subscribed"));
}

TEST_CASE("terms: a link stays for what is the stages' affair, and for nothing else") {
  const LinkSettings before;
  LinkSettings after;
  after.rate.messages_per_s = 90;
  after.publish_max_payload_bytes = 1'000;
  after.topic_limits.levels = 8;
  after.own_topics.events.on = after.own_topics.summary.on = false;
  after.own_topics.bookmark_every = std::chrono::seconds(30);
  CHECK(same_link(before, after));
  for (const auto& change : std::vector<void (*)(LinkSettings&)>{
           [](LinkSettings& s) { s.max_qos = Qos::at_least_once; },
           [](LinkSettings& s) { s.retain = false; },
           [](LinkSettings& s) { s.own_topics.prefix = "p"; },
           [](LinkSettings& s) { s.own_topics.state.on = false; },
           [](LinkSettings& s) { s.own_topics.bookmark.on = false; },
           [](LinkSettings& s) { s.own_topics.will = false; }}) {
    LinkSettings other;
    change(other);
    CHECK_FALSE(same_link(before, other));
  }
}

TEST_CASE("terms: a rate is written as it was set") {
  CHECK(rate_text({90, 500 << 10}) == "its rate of 90 messages/s and 500KiB/s");
  CHECK(rate_text({0.5, 0}) == "its rate of 0.5 messages/s");
  CHECK(rate_text({0, 1 << 20}) == "its rate of 1MiB/s");
}
