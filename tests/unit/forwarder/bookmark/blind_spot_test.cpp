#include "forwarder/bookmark/blind_spot.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

struct Seen {
  const char* what;
  bool given_up, readable, retains;
  std::uint64_t connection;
  std::optional<bool> online;
  const char* text;  // a part of it; empty: there is none
};

constexpr Seen seen[] = {
    {"all is shown", false, true, true, 7, false, ""},
    {"a crash is shown", false, true, true, 7, true, ""},
    {"a first connection", false, true, true, 0, {}, ""},
    {"no state is shown", false, true, true, 7, {}, "publish, retain and subscribe that"},
    {"nothing is retained", false, true, false, 0, {}, "retains nothing"},
    {"no bookmark", false, false, true, 0, {}, "subscribe bascule/store-42/bookmark/up"},
    {"given up", true, false, true, 0, {}, "publish and subscribe bascule/store-42/#"},
};

}  // namespace

TEST_CASE("blind spot: what would go unnoticed is told with what to do, until it would not") {
  const OwnTopicNames own("store-42");
  BlindSpot blind(own, Direction::up, true);
  CHECK(blind.text().empty());
  for (const Seen& row : seen) {
    CAPTURE(row.what);
    FarKnowledge far;
    far.asked = true;
    far.readable = row.readable;
    far.connection = row.connection;
    far.online = row.online;
    Limits limits;
    limits.retain_available = row.retains;
    blind.learn(far, limits, row.given_up, "mqtt://there");
    const std::string text = blind.text();
    CHECK(text.find(row.text) != std::string::npos);
    CHECK(text.empty() == (row.text[0] == '\0'));
    CHECK((text.empty() || text.find("goes unnoticed") != std::string::npos));
  }
}

TEST_CASE("blind spot: where the state is not asked for, it is not missed") {
  const OwnTopicNames own("store-42");
  BlindSpot blind(own, Direction::up, false);
  FarKnowledge far;
  far.asked = far.readable = true;
  far.connection = 7;
  blind.learn(far, {}, false, "mqtt://there");
  CHECK(blind.text().empty());
}

TEST_CASE("blind spot: what the settings of the link leave out was chosen, and is no warning") {
  OwnTopics off, no_will, no_state;
  off.bookmark.on = false;
  no_will.will = false;
  no_state.state.on = false;
  struct Choice {
    OwnTopics settings;
    bool retain;
    const char* cost;
  };
  for (const auto& [settings, retain, cost] :
       {Choice{{}, true, ""}, Choice{off, true, "own_topics.bookmark is off here"},
        Choice{{}, false, "'retain: off' leaves no bookmark here"},
        Choice{no_will, true, "own_topics.will is off here"},
        Choice{no_state, true, "own_topics.state is off here"}}) {
    const OwnTopicNames own("store-42", settings, retain);
    CHECK(own.cost().starts_with(cost));
    CHECK(own.cost().empty() == (*cost == '\0'));
    BlindSpot blind(own, Direction::up, true);
    FarKnowledge far;
    far.asked = far.session_present = true;
    far.readable = !own.bookmark(Direction::up).empty();
    blind.learn(far, {}, false, "mqtt://there");
    CHECK(blind.text().empty());
  }
}
