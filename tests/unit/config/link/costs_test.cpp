#include "config/link/costs.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "config/link/profile.hpp"

using namespace bascule;

namespace {

const Cost* find(const std::vector<Cost>& costs, const std::string& setting) {
  const auto found = std::ranges::find(costs, setting, &Cost::setting);
  return found == costs.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("costs: a link with the defaults costs nothing") { CHECK(costs_of({}, "shop").empty()); }

TEST_CASE("costs: each limit has its cost, and those of the profile are told from the file's") {
  LinkSettings link;
  link.profile = Profile::aws_iot;
  apply(link.profile, "shop", link);
  link.rate.messages_per_s = 10;
  link.own_topics.bookmark.on = false;
  const auto costs = costs_of(link, "shop");
  REQUIRE(find(costs, "max_qos: 1"));
  CHECK(find(costs, "max_qos: 1")->of_profile);
  REQUIRE(find(costs, "rate.messages: 10/s"));
  CHECK_FALSE(find(costs, "rate.messages: 10/s")->of_profile);
  CHECK(find(costs, "rate.messages: 10/s")->text.find("2 h 46 min") != std::string::npos);
  REQUIRE(find(costs, "own_topics.bookmark: off"));
  CHECK(find(costs, "own_topics.bookmark: off")->text.find("goes unnoticed") != std::string::npos);
  CHECK(std::ranges::all_of(costs, [](const Cost& cost) { return !cost.text.empty(); }));
}

TEST_CASE("costs: without a stamp nobody knows a repeat") {
  LinkSettings link;
  link.stamp = false;
  REQUIRE(find(costs_of(link, "shop"), "stamp: off"));
  CHECK(find(costs_of(link, "shop"), "stamp: off")->text.find("repeats") != std::string::npos);
}

TEST_CASE("costs: where nothing may be retained there is no bookmark") {
  LinkSettings link;
  link.retain = false;
  CHECK(find(costs_of(link, "shop"), "own_topics.bookmark: off"));
}
