// A HeldTopics with a journal of its own: what is loaded is what the test says is held.
#include "forwarder/lane/held_topics.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "forwarder/lane/refusal.hpp"

using namespace bascule;

namespace {

constexpr auto never = std::numeric_limits<std::int64_t>::max();

struct Play {
  HeldTopics held;
  std::map<std::string, std::set<std::uint64_t>> journal;
  std::int64_t now_ms = 10'000;

  Play() { held.begin({}, {}, now_ms); }

  void hold(const std::string& topic, std::uint64_t sequence,
            const std::string& reason = "not authorized (0x87)") {
    held.hold(topic, reason, now_ms);
    journal[topic].insert(sequence);
  }
  void answer_loads() {
    while (true) {
      const auto loads = held.take_loads();
      if (loads.empty()) return;
      for (const auto& load : loads) {
        std::vector<LaneItem> items;
        for (const std::uint64_t sequence : journal[load.topic]) {
          if (sequence < load.from || items.size() == 3) continue;  // portions of three
          items.emplace_back().record.sequence = sequence;
        }
        held.loaded(load.topic, std::move(items));
      }
    }
  }
  // What goes now, and how long there is to wait if nothing does.
  std::vector<std::uint64_t> send() {
    std::vector<std::uint64_t> sent;
    std::int64_t wait_ms = never;
    held.front(now_ms, wait_ms);
    answer_loads();
    while (held.front(now_ms, wait_ms) != nullptr) {
      sent.push_back(held.take().record.sequence);
      answer_loads();
    }
    return sent;
  }
  std::int64_t wait() {
    std::int64_t wait_ms = never;
    held.front(now_ms, wait_ms);
    return wait_ms;
  }
  std::optional<HeldTopics::Released> accept(const std::string& topic, std::uint64_t sequence) {
    journal[topic].erase(sequence);
    return held.resolved(sequence, true, now_ms);
  }
};

using Sequences = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("held topics: the oldest is tried alone, at intervals that grow to a minute") {
  Play play;
  for (std::uint64_t sequence = 1; sequence <= 5; ++sequence) play.hold("a", sequence);
  CHECK(play.held.holds("a"));
  CHECK_FALSE(play.held.holds("b"));
  std::int64_t expected = HeldTopics::delay_ms_min;
  for (int round = 0; round < 10; ++round) {
    CHECK(play.send().empty());
    CHECK(play.wait() == expected);
    play.now_ms += expected;
    CHECK(play.send() == Sequences{1});
    CHECK(play.send().empty());
    play.held.refused(1, "not authorized (0x87)", play.now_ms);
    expected = std::min(expected * 2, HeldTopics::delay_ms_max);
  }
  CHECK(expected == HeldTopics::delay_ms_max);
}

TEST_CASE("held topics: once it is accepted the others follow in order, and the topic is free") {
  Play play;
  for (std::uint64_t sequence = 1; sequence <= 8; ++sequence) play.hold("a", sequence);
  play.now_ms += HeldTopics::delay_ms_min;
  CHECK(play.send() == Sequences{1});
  CHECK_FALSE(play.accept("a", 1));
  CHECK(play.send() == Sequences{2, 3, 4, 5, 6, 7, 8});
  play.hold("a", 9);  // came meanwhile: behind them
  CHECK(play.send() == Sequences{9});
  for (std::uint64_t sequence = 2; sequence <= 8; ++sequence) {
    CHECK_FALSE(play.accept("a", sequence));
  }
  const auto released = play.accept("a", 9);
  REQUIRE(released);
  CHECK(released->topic == "a");
  CHECK(released->messages == 9);
  CHECK_FALSE(play.held.holds("a"));
}

TEST_CASE("held topics: refused again while it is let go, it goes on from the oldest") {
  Play play;
  for (std::uint64_t sequence = 1; sequence <= 4; ++sequence) play.hold("a", sequence);
  play.now_ms += HeldTopics::delay_ms_min;
  play.send();
  play.accept("a", 1);
  CHECK(play.send() == Sequences{2, 3, 4});
  play.held.refused(2, "not authorized (0x87)", play.now_ms);
  play.now_ms += HeldTopics::delay_ms_min;
  // 3 and 4 have no outcome yet: nothing overtakes them, and they are not sent twice.
  CHECK(play.send() == Sequences{2});
  play.held.refused(3, "not authorized (0x87)", play.now_ms);
  play.held.refused(4, "not authorized (0x87)", play.now_ms);
  play.accept("a", 2);
  CHECK(play.send() == Sequences{3, 4});
}

TEST_CASE("held topics: one topic that is accepted makes the others be tried at once") {
  Play play;
  for (int i = 0; i < 3; ++i) {
    play.hold("a", 1);
    play.hold("b", 2);
  }
  for (int round = 0; round < 8; ++round) {
    play.now_ms += HeldTopics::delay_ms_max;
    for (const std::uint64_t sequence : play.send()) {
      play.held.refused(sequence, "not authorized (0x87)", play.now_ms);
    }
  }
  play.now_ms += HeldTopics::delay_ms_max;
  CHECK(play.send() == Sequences{1, 2});
  play.held.refused(2, "not authorized (0x87)", play.now_ms);
  play.accept("a", 1);
  CHECK(play.send() == Sequences{2});
}

TEST_CASE("held topics: a broker that closes is tried alone and seldom") {
  Play play;
  play.hold("a", 1, std::string(closes_over_topic));
  CHECK(play.wait() == HeldTopics::close_delay_ms_min);
  play.now_ms += HeldTopics::close_delay_ms_min;
  std::int64_t wait_ms = never;
  play.held.front(play.now_ms, wait_ms);
  play.answer_loads();
  REQUIRE(play.held.front(play.now_ms, wait_ms) != nullptr);
  CHECK(play.held.front_is_alone());
  CHECK(play.held.front_is_last());
  play.held.take();
  play.held.refused(1, std::string(closes_over_topic), play.now_ms);
  CHECK(play.wait() == 2 * HeldTopics::close_delay_ms_min);
}

TEST_CASE("held topics: over a reconnect the interval goes on, and what is in flight is not sent") {
  Play play;
  play.hold("a", 1);
  play.hold("b", 2);
  play.now_ms += HeldTopics::delay_ms_min;
  CHECK(play.send() == Sequences{1, 2});
  play.held.refused(1, "not authorized (0x87)", play.now_ms);
  play.held.end();
  CHECK(play.send().empty());
  const std::vector<HeldTopic> held{{1, "a", "not authorized (0x87)", 1, 10, 0},
                                    {1, "b", "not authorized (0x87)", 1, 10, 0}};
  play.held.begin(held, {}, play.now_ms);
  CHECK(play.send().empty());  // 2 is in flight still
  play.held.lost(2);
  play.now_ms += HeldTopics::delay_ms_min;
  CHECK(play.send().empty());
  play.now_ms += HeldTopics::delay_ms_min;
  CHECK(play.send() == Sequences{1});
}

TEST_CASE("held topics: what the journal has given up is not waited for") {
  Play play;
  play.hold("a", 1);
  play.journal["a"].clear();
  play.now_ms += HeldTopics::delay_ms_min;
  CHECK(play.send().empty());
  CHECK_FALSE(play.held.holds("a"));
}

TEST_CASE("held topics: there is a most of them") {
  Play play;
  for (std::size_t i = 0; i < HeldTopics::topics_max; ++i) {
    CHECK_FALSE(play.held.full());
    play.held.hold(std::to_string(i), "not authorized (0x87)", play.now_ms);
  }
  CHECK(play.held.full());
}
