#include "control/barrier.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <optional>
#include <thread>

#include "journal/journal.hpp"

using namespace bascule;
using namespace std::chrono_literals;

TEST_CASE("barrier: nobody is let in before it is open, and who waits too long is told so") {
  Barrier barrier;
  CHECK_THROWS_AS(Barrier::Pass(barrier, 1ms), JournalTrouble);
  barrier.open();
  CHECK_NOTHROW(Barrier::Pass(barrier, 1ms));
}

TEST_CASE("barrier: closing waits for who is inside, and keeps others out") {
  Barrier barrier;
  barrier.open();
  std::optional<Barrier::Pass> inside;
  inside.emplace(barrier);
  std::atomic<bool> closed = false;
  std::thread closing([&] {
    barrier.close();
    closed = true;
  });
  // Closed as soon as nobody is let in any more, though not empty.
  for (bool out = false; !out;) {
    try {
      const Barrier::Pass another(barrier, 0ms);
    } catch (const JournalTrouble&) {
      out = true;
    }
  }
  CHECK_FALSE(closed);
  inside.reset();
  closing.join();
  CHECK(closed);
  auto waits = std::async(std::launch::async, [&] { const Barrier::Pass pass(barrier, 60s); });
  barrier.open();
  waits.get();
}
