#include "forwarder/refusal_news.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace bascule;

namespace {

struct Told {
  RefusalNews news{Direction::up, [] { return std::string("mqtt://far"); }};
  std::vector<RefusalEvent> events;
  Told() {
    news.on_event = [this](const RefusalEvent& event) { events.push_back(event); };
  }
};

}  // namespace

TEST_CASE("refusal news: a topic is told of when it is held, and when it is free") {
  Told told;
  told.news.held("sales", "a", "not authorized (0x87)", 0);
  told.news.released("sales", "a", 7, 1'000);
  REQUIRE(told.events.size() == 2);
  CHECK(told.events[0].kind == RefusalEvent::Kind::held);
  CHECK(told.events[0].lane == "sales");
  CHECK(told.events[0].topic == "a");
  CHECK(told.events[0].reason == "not authorized (0x87)");
  CHECK(told.events[1].kind == RefusalEvent::Kind::released);
  CHECK(told.events[1].messages == 7);
}

TEST_CASE("refusal news: of many topics in a minute a few are told, and how many more there were") {
  Told told;
  for (int i = 0; i < 2'000; ++i) told.news.held("sales", std::to_string(i), "no", i);
  CHECK(told.events.size() == 20);
  told.news.held("other", "x", "no", 1'999);  // of another lane
  CHECK(told.events.size() == 21);
  told.news.held("sales", "last", "no", 60'000);
  REQUIRE(told.events.size() == 22);
  CHECK(told.events.back().topic == "last");
  CHECK(told.events.back().left_out == 1'980);
}

TEST_CASE("refusal news: what is quarantined is told once a minute, with how many") {
  Told told;
  for (int i = 0; i < 100; ++i) told.news.quarantined("sales", "a", "too large", i);
  REQUIRE(told.events.size() == 1);
  told.news.quarantined("sales", "b", "too large", 60'000);
  REQUIRE(told.events.size() == 2);
  CHECK(told.events[1].messages == 100);
}
