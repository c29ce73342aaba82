// The rules of what is retained on both sides, one by one; retained_model_test.cpp has them
// together.
#include "journal/retained/retained.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/retained_rows.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr auto up = Direction::up;

struct Rules {
  RowsInMemory rows;
  Retained retained{rows};
  std::uint64_t sequence = 0;

  static RetainedValue value(const std::string& topic, std::uint32_t digest,
                             std::int64_t expires_ms = 0) {
    RetainedValue made;
    made.topic = made.target = topic;
    made.digest = digest;
    made.held = made.sets = true;
    made.expires_ms = expires_ms;
    return made;
  }
  bool take(const RetainedValue& value, Arrival arrival) {
    if (!retained.news(value, arrival)) return false;
    retained.crosses(value, {1, ++sequence});
    return true;
  }
  // What a comparison comes to, in which the broker has all of these, but shows some of them only
  // to who asks for them by name.
  struct Outcome {
    std::vector<std::string> gone;
    std::size_t released = 0, left_out = 0;
  };
  Outcome compare(const std::vector<RetainedValue>& all,
                  const std::vector<RetainedValue>& late = {}, std::int64_t wall_ms = 0,
                  const std::string& prefix = "") {
    const auto routes = [&](std::string_view topic) {
      return topic.starts_with('-')
                 ? std::nullopt
                 : std::optional(Retained::Image{prefix + std::string(topic), true});
    };
    retained.begin(up);
    for (const RetainedValue& one : all) take(one, Arrival::compared);
    Outcome outcome;
    Retained::Missing missing;
    do {
      missing = retained.missing(up, missing.after, wall_ms, routes);
      outcome.released += missing.released;
      for (const RetainedValue& one : late) {
        if (std::ranges::find(missing.topics, one.topic) != missing.topics.end()) {
          take(one, Arrival::compared);
        }
      }
      const auto asked = retained.asked(up, missing.topics);
      outcome.left_out += asked.left_out;
      for (const std::string& topic : asked.gone) {
        RetainedValue clear = value(topic, 0);
        clear.empty = true;
        if (take(clear, Arrival::cleared)) outcome.gone.push_back(topic);
      }
    } while (missing.more);
    former = retained.former(up);
    retained.cleared_former(up, former);
    retained.close(up);
    return outcome;
  }
  Retained::Targets former;
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("retained: what is missing in the answer, and is not there by its name, is cleared") {
  Rules rules;
  const std::string a = "a", b = "b";
  REQUIRE(rules.take(Rules::value(a, 1), Arrival::live));
  REQUIRE(rules.take(Rules::value(b, 1), Arrival::live));
  const auto outcome = rules.compare({Rules::value(b, 1)});
  CHECK(outcome.gone == Names{"a"});
  CHECK(rules.compare({Rules::value(b, 1)}).gone == Names{});
}

TEST_CASE("retained: what the broker leaves out of its answer is not cleared, but compared") {
  Rules rules;
  const std::string a = "a", b = "b";
  rules.take(Rules::value(a, 1), Arrival::live);
  rules.take(Rules::value(b, 1), Arrival::live);
  const auto outcome = rules.compare({}, {Rules::value(a, 1), Rules::value(b, 2)});
  CHECK(outcome.gone == Names{});
  CHECK(outcome.left_out == 2);
  CHECK(rules.sequence == 3);  // b has changed
}

TEST_CASE("retained: a topic that has what cannot cross is not clear") {
  Rules rules;
  const std::string a = "a";
  rules.take(Rules::value(a, 1), Arrival::live);
  rules.retained.begin(up);
  CHECK_FALSE(rules.retained.news(Rules::value(a, 2), Arrival::present));
  const auto routes = [](std::string_view) { return Retained::Image{"a", true}; };
  CHECK(rules.retained.missing(up, "", 0, routes).topics.empty());
}

TEST_CASE("retained: what the session brings between asking and clearing is not cleared") {
  Rules rules;
  const std::string a = "a";
  rules.take(Rules::value(a, 1), Arrival::live);
  rules.retained.begin(up);
  const auto routes = [](std::string_view) { return Retained::Image{"a", true}; };
  REQUIRE(rules.retained.missing(up, "", 0, routes).topics == Names{"a"});
  CHECK(rules.retained.asked(up, {"a"}).gone == Names{"a"});
  rules.take(Rules::value(a, 2), Arrival::live);
  CHECK(rules.retained.asked(up, {"a"}).gone == Names{});
  RetainedValue clear = Rules::value(a, 0);
  clear.empty = true;
  CHECK_FALSE(rules.retained.news(clear, Arrival::cleared));
}

TEST_CASE("retained: the rows are gone through in portions, and none is left out") {
  Rules rules;
  std::vector<std::string> topics;
  for (int i = 10'000; i < 15'000; ++i) topics.push_back(std::to_string(i));
  for (const std::string& topic : topics) rules.take(Rules::value(topic, 1), Arrival::live);
  CHECK(rules.compare({}).gone == topics);
  std::vector<RetainedValue> all;
  for (const std::string& topic : topics) {
    rules.take(Rules::value(topic, 2), Arrival::live);
    if (topic != topics.back()) all.push_back(Rules::value(topic, 2));
  }
  CHECK(rules.compare(all).gone == Names{topics.back()});
}

TEST_CASE("retained: what a broker that forgot does not have stays as it is") {
  Rules rules;
  const std::string a = "a", b = "b";
  rules.take(Rules::value(a, 1), Arrival::live);
  rules.take(Rules::value(b, 1), Arrival::live);
  rules.retained.begin(up);
  rules.take(Rules::value(b, 1), Arrival::compared);
  CHECK(rules.retained.source_forgot(up) == 1);
  rules.retained.close(up);
  CHECK(rules.compare({}).gone == Names{"b"});
  // It is there again, and is known to be; so it may go again.
  CHECK(rules.compare({Rules::value(a, 1)}).gone == Names{});
  CHECK(rules.sequence == 3);
  CHECK(rules.compare({}).gone == Names{"a"});
}

TEST_CASE("retained: a comparison beside more than can be noted finds nothing") {
  Rules rules;
  const std::string a = "a";
  rules.take(Rules::value(a, 1), Arrival::live);
  rules.retained.begin(up);
  std::string topic;
  for (int i = 0; i <= 250'000; ++i) {
    topic = std::to_string(i);
    rules.retained.news(Rules::value(topic, 1), Arrival::live);
  }
  CHECK_FALSE(rules.retained.news(Rules::value(a, 2), Arrival::compared));
  const auto routes = [](std::string_view) { return Retained::Image{"a", true}; };
  CHECK(rules.retained.missing(up, "", 0, routes).blind);
  CHECK(rules.retained.asked(up, {"a"}).gone == Names{});
}

TEST_CASE("retained: a clear that is lost crosses again") {
  Rules rules;
  const std::string a = "a";
  rules.take(Rules::value(a, 1), Arrival::live);
  REQUIRE(rules.compare({}).gone == Names{"a"});
  rules.rows.lost.insert(rules.sequence);
  CHECK(rules.compare({}).gone == Names{"a"});
  rules.rows.crossed = rules.sequence;
  CHECK(rules.compare({}).gone == Names{});
  CHECK(rules.rows.rows.empty());
}

TEST_CASE("retained: an expiry that counts down is no news, one that was renewed is") {
  Rules rules;
  const std::string a = "a";
  rules.take(Rules::value(a, 1, 100'000), Arrival::live);
  rules.retained.begin(up);
  CHECK_FALSE(rules.take(Rules::value(a, 1, 99'000), Arrival::compared));
  CHECK_FALSE(rules.take(Rules::value(a, 1, 101'000), Arrival::compared));
  CHECK(rules.take(Rules::value(a, 1, 160'000), Arrival::compared));
  CHECK(rules.take(Rules::value(a, 1), Arrival::compared));
  CHECK_FALSE(rules.take(Rules::value(a, 1), Arrival::compared));
}

TEST_CASE("retained: what expired on both sides is not cleared") {
  Rules rules;
  const std::string a = "a";
  rules.take(Rules::value(a, 1, 100'000), Arrival::live);
  CHECK(rules.compare({}, {}, 100'000).gone == Names{});
  CHECK(rules.rows.rows.empty());
}

TEST_CASE("retained: with another target a value goes there, and the old one is cleared") {
  Rules rules;
  const std::string a = "a", b = "b", there = "north/a";
  rules.take(Rules::value(a, 1), Arrival::live);
  RetainedValue moved = Rules::value(a, 1);
  moved.target = there;
  rules.compare({moved}, {}, 0, "north/");
  REQUIRE(rules.former.size() == 1);
  CHECK(rules.former.front() == std::pair<std::string, LaneId>{"a", 1});
  CHECK(rules.sequence == 2);
  CHECK(rules.rows.targets[up].empty());
  // Not if another topic goes there now.
  RetainedValue other = Rules::value(b, 2), back = Rules::value(a, 1);
  other.target = there;
  rules.compare({back, other});
  CHECK(rules.former.empty());
}

TEST_CASE("retained: a target that another topic goes to is not cleared when one leaves it") {
  Rules rules;
  const std::string a = "a", b = "b";
  RetainedValue one = Rules::value(a, 1), other = Rules::value(b, 2);
  one.target = other.target = "shared";
  rules.take(one, Arrival::live);
  rules.take(other, Arrival::live);
  one.target = a;
  rules.compare({one, other});
  CHECK(rules.former.empty());
  CHECK(rules.rows.rows["a"].target == "a");
}

TEST_CASE("retained: a target that was left is cleared after a restart, too") {
  Rules rules;
  const std::string a = "a";
  rules.take(Rules::value(a, 1), Arrival::live);
  RetainedValue moved = Rules::value(a, 1);
  moved.target = "north/a";
  rules.take(moved, Arrival::replayed);
  Retained after(rules.rows);
  after.load();
  CHECK(after.former(up).size() == 1);
}

TEST_CASE("retained: what a policy decided of is not cleared when its route's target changes") {
  Rules rules;
  const std::string a = "a";
  rules.take(Rules::value(a, 1), Arrival::live);
  RetainedValue moved = Rules::value(a, 1);
  moved.target = "north/a";
  moved.decided = true;
  rules.compare({moved}, {}, 0, "north/");
  CHECK(rules.former.empty());
}

TEST_CASE("retained: what no route takes any more is let go, and told") {
  Rules rules;
  const std::string a = "-a";
  rules.take(Rules::value(a, 1), Arrival::live);
  CHECK(rules.compare({}).released == 1);
  CHECK(rules.rows.rows.empty());
}

TEST_CASE("retained: where a route sets the flag, an older value that is retained is no news") {
  Rules rules;
  const std::string a = "a";
  rules.take(Rules::value(a, 1), Arrival::live);
  RetainedValue passing = Rules::value(a, 2);
  passing.held = false;  // published without the flag
  rules.take(passing, Arrival::live);
  CHECK(rules.compare({Rules::value(a, 1)}).gone == Names{});
  CHECK(rules.sequence == 2);
}
