#include "link/native/keep_alive.hpp"

#include <doctest/doctest.h>

namespace bascule::test {

namespace {

using namespace std::chrono_literals;
using Verdict = KeepAlive::Verdict;

// A connection with a keep alive of 20 s, looked at every second.
struct Line {
  Line() { keep_alive.begin(20s, now); }

  Verdict tick() {
    now += 1s;
    const auto verdict = keep_alive.tick(progress, oldest, now);
    if (verdict == Verdict::ping_due) keep_alive.pinged(last_serial, now);
    return verdict;
  }

  // Seconds until a verdict other than `usual`.
  int seconds_of(Verdict usual) {
    int seconds = 0;
    while (tick() == usual && seconds < 1'000) ++seconds;
    return seconds;
  }

  KeepAlive keep_alive;
  KeepAlive::Time now{1'000s};
  KeepAlive::Progress progress;
  std::optional<KeepAlive::Waiting> oldest;
  std::uint64_t last_serial = 0;
};

}  // namespace

TEST_CASE("keep alive: an idle line is asked twice in its keep alive") {
  Line line;
  for (int i = 0; i < 5; ++i) {
    CHECK(line.seconds_of(Verdict::fine) == 9);
    line.keep_alive.heard(line.now);
    CHECK(line.keep_alive.answered(line.now) == 0s);
  }
}

TEST_CASE("keep alive: a line that brings messages, and takes none, is asked too") {
  Line line;
  int pings = 0;
  for (int i = 0; i < 100; ++i) {
    line.keep_alive.heard(line.now);
    if (line.tick() == Verdict::ping_due) {
      ++pings;
      line.keep_alive.answered(line.now);
    }
  }
  CHECK(pings == 10);
}

TEST_CASE("keep alive: a dead line is noticed within 1.2 times the keep alive") {
  Line line;
  CHECK(line.seconds_of(Verdict::fine) == 9);
  const int waited = line.seconds_of(Verdict::fine);
  CHECK(10 + waited + 1 <= 24);
  CHECK(line.keep_alive.tick(line.progress, {}, line.now) == Verdict::dead_line);
}

TEST_CASE("keep alive: what goes out does not hide that nothing comes") {
  Line line;
  int seconds = 0;
  for (Verdict verdict; seconds < 100; ++seconds) {
    line.keep_alive.sent(line.now);
    line.progress.bytes += 100;
    verdict = line.tick();
    if (verdict == Verdict::dead_line) break;
  }
  CHECK(seconds < 24);
}

TEST_CASE("keep alive: a large message on a slow line is let through") {
  Line line;
  line.progress = {0, false};
  for (int i = 0; i < 300; ++i) {  // five minutes for one message
    line.progress.bytes += 1'000;
    CHECK(line.tick() != Verdict::dead_line);
  }
  line.progress.all = true;  // the ping behind it has arrived, too; now it must be answered
  line.tick();
  CHECK(line.seconds_of(Verdict::fine) <= 11);
  CHECK(line.keep_alive.tick(line.progress, {}, line.now) == Verdict::dead_line);
}

TEST_CASE("keep alive: a line that dies under a large message is noticed") {
  Line line;
  line.progress = {0, false};
  for (int i = 0; i < 60; ++i) {
    line.progress.bytes += 1'000;
    line.tick();
  }
  CHECK(line.seconds_of(Verdict::fine) <= 24);
  CHECK(line.keep_alive.tick(line.progress, {}, line.now) == Verdict::dead_line);
}

TEST_CASE("keep alive: a message that alone is never acknowledged is noticed") {
  Line line;
  line.last_serial = 7;
  line.oldest = {7, line.now};
  int seconds = 0;
  for (; seconds < 100; ++seconds) {
    line.keep_alive.heard(line.now);
    line.keep_alive.sent(line.now);
    const auto verdict = line.tick();
    if (verdict == Verdict::ping_due) line.keep_alive.answered(line.now);
    if (verdict == Verdict::never_acknowledged) break;
  }
  CHECK(seconds <= 24);
}

TEST_CASE("keep alive: acknowledgements that come late, but one by one, are in order") {
  Line line;
  for (int i = 1; i < 300; ++i) {
    line.last_serial = static_cast<std::uint64_t>(i) + 30;
    line.oldest = {static_cast<std::uint64_t>(i), line.now - 30s};
    line.keep_alive.heard(line.now);
    const auto verdict = line.tick();
    if (verdict == Verdict::ping_due) line.keep_alive.answered(line.now);
    CHECK(verdict != Verdict::never_acknowledged);
  }
}

}  // namespace bascule::test
