#include "forwarder/suspicion.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

using namespace bascule;

namespace {

constexpr std::uint64_t lane = std::uint64_t{3} << 48;

// A broker that takes 20 ms to acknowledge, or to close over a message; and a bridge that sends.
// What is true of a Suspicion is told by what becomes of the messages.
struct Play {
  Suspicion suspicion;
  std::int64_t now_ms = 1'000;
  std::deque<std::uint64_t> waiting;
  std::vector<std::uint64_t> quarantined;
  int accepted = 0;
  int closures = 0;

  explicit Play(int messages) {
    for (int i = 1; i <= messages; ++i) waiting.push_back(lane | static_cast<unsigned>(i));
  }

  // Sends what may be sent until the culprit is on the wire, or nothing waits; 0: there is none.
  void connect(std::uint64_t culprit, bool acknowledges_before = true) {
    suspicion.connected(now_ms);
    now_ms += 50;
    while (!waiting.empty()) {
      while (!waiting.empty() && suspicion.condemned(waiting.front())) {
        quarantined.push_back(waiting.front());
        suspicion.settled(waiting.front());
        waiting.pop_front();
      }
      now_ms += suspicion.wait_ms(now_ms);
      const auto count = std::min<std::size_t>(waiting.size(), suspicion.window());
      if (count == 0) break;
      const auto flight = waiting.begin() + static_cast<std::ptrdiff_t>(count);
      const auto hit = std::find(waiting.begin(), flight, lane | culprit);
      suspicion.sent(now_ms);
      now_ms += 20;
      if (hit == flight || acknowledges_before) {
        for (auto gone = hit - waiting.begin(); gone > 0; --gone) {
          suspicion.settled(waiting.front());
          waiting.pop_front();
          ++accepted;
        }
      }
      if (hit != flight) return close(count);
    }
  }
  void close(std::size_t window) {
    const auto count = static_cast<std::ptrdiff_t>(std::min(window, waiting.size()));
    const std::vector<std::uint64_t> lost(waiting.begin(), waiting.begin() + count);
    suspicion.closed(lost, lost.size() == 1, now_ms);
    suspicion.disconnected(true);
    ++closures;
    now_ms += 500;
  }
};

}  // namespace

TEST_CASE("suspicion: the message over which a broker closes is condemned, and no other") {
  for (const bool acknowledges_before : {true, false}) {
    CAPTURE(acknowledges_before);
    Play play(200);
    for (int i = 0; i < 40 && !play.waiting.empty(); ++i) play.connect(120, acknowledges_before);
    CHECK(play.quarantined == std::vector{lane | 120});
    CHECK(play.accepted == 199);
    CHECK(play.closures < 20);
  }
}

TEST_CASE("suspicion: a single message is condemned too, after three closures while it was alone") {
  Play play(1);
  for (int i = 0; i < 40 && !play.waiting.empty(); ++i) play.connect(1);
  CHECK(play.quarantined == std::vector{lane | 1});
  CHECK(play.closures <= 6);
}

TEST_CASE("suspicion: after it, everything may be on its way again") {
  Play play(3'000);
  for (int i = 0; i < 40 && !play.waiting.empty(); ++i) play.connect(1);
  CHECK(play.accepted == 2'999);
  CHECK_FALSE(play.suspicion.careful());
}

TEST_CASE("suspicion: a message that was accepted once is no suspect any more") {
  Suspicion suspicion;
  const std::vector<std::uint64_t> lost{lane | 1};
  for (int i = 0; i < 30; ++i) {
    const std::int64_t now_ms = i * 100'000;
    suspicion.connected(now_ms);
    suspicion.sent(now_ms + 50'000);
    suspicion.closed(lost, true, now_ms + 50'020);
    suspicion.disconnected(true);
    if (i % 2 == 1) suspicion.settled(lane | 1);
    CHECK_FALSE(suspicion.condemned(lane | 1));
  }
}

TEST_CASE("suspicion: no closure counts that comes late, or of a connection that is young") {
  Suspicion suspicion;
  const std::vector<std::uint64_t> lost{lane | 1};
  for (const std::int64_t held_ms : {100, 199, 60'000}) {
    for (int i = 0; i < 10; ++i) {
      const std::int64_t now_ms = i * 1'000'000;
      suspicion.connected(now_ms);
      suspicion.sent(now_ms + held_ms);
      suspicion.closed(lost, true, now_ms + held_ms + (held_ms == 60'000 ? 5'001 : 20));
      suspicion.disconnected(true);
    }
    CHECK_FALSE(suspicion.condemned(lane | 1));
  }
}

TEST_CASE("suspicion: an end that was not the broker's begins the count again") {
  Suspicion suspicion;
  const std::vector<std::uint64_t> lost{lane | 1};
  for (int i = 1; i <= 12; ++i) {
    const std::int64_t now_ms = i * 100'000;
    suspicion.connected(now_ms);
    suspicion.sent(now_ms + 50'000);
    if (i % 3 != 0) suspicion.closed(lost, true, now_ms + 50'020);
    suspicion.disconnected(i % 3 != 0);
    CHECK_FALSE(suspicion.condemned(lane | 1));
  }
}

TEST_CASE("suspicion: a line that breaks at random, however often, costs no message") {
  std::minstd_rand random(7);
  for (const double mean_ms : {15.0, 60.0, 250.0, 1'000.0}) {
    CAPTURE(mean_ms);
    std::exponential_distribution<double> life(1 / mean_ms);
    Play play(1);
    for (int i = 0; i < 20'000; ++i) {
      // The line breaks at `end`; the message needs 40 ms of it, and is never acknowledged in
      // time here: the worst that can be.
      auto& suspicion = play.suspicion;
      suspicion.connected(play.now_ms);
      const auto sent = play.now_ms + 5 + suspicion.wait_ms(play.now_ms + 5);
      const auto end = play.now_ms + 1 + static_cast<std::int64_t>(life(random));
      if (end > sent + 40) {
        suspicion.settled(lane | 1);
      } else if (end > sent) {
        suspicion.sent(sent);
        suspicion.closed(std::vector{lane | 1}, true, end);
      }
      suspicion.disconnected(true);
      play.now_ms = end + 100;
      REQUIRE_FALSE(suspicion.condemned(lane | 1));
    }
  }
}

TEST_CASE("suspicion: on a line that never holds, messages do not wait for ever") {
  Suspicion suspicion;
  const std::vector<std::uint64_t> lost{lane | 1};
  int tried = 0;
  for (int i = 1; i <= 100; ++i) {  // it breaks 300 ms after it came up, each time
    const std::int64_t now_ms = i * 10'000;
    suspicion.connected(now_ms);
    const bool sent = suspicion.wait_ms(now_ms) < 300;
    if (sent) suspicion.sent(now_ms);
    if (sent) suspicion.closed(lost, true, now_ms + 300);
    suspicion.disconnected(true);
    tried += sent;
  }
  CHECK(tried >= 70);
  CHECK_FALSE(suspicion.condemned(lane | 1));
}
