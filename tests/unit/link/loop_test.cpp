#include "link/loop.hpp"

#include <doctest/doctest.h>

#include <future>
#include <vector>

using namespace bascule;
using namespace std::chrono_literals;

TEST_CASE("loop: tasks run in order on its own thread, and those posted before stop all run") {
  std::vector<int> ran;
  bool on_thread = false;
  Loop loop("test");
  CHECK_FALSE(loop.on_thread());
  loop.post([&] { on_thread = loop.on_thread(); });
  for (int i = 0; i < 1000; ++i) loop.post([&ran, i] { ran.push_back(i); });
  loop.stop();
  CHECK(on_thread);
  REQUIRE(ran.size() == 1000);
  for (int i = 0; i < 1000; ++i) CHECK(ran[i] == i);
  loop.post([&] { ran.clear(); });
  loop.stop();
  CHECK(ran.size() == 1000);
}

TEST_CASE("loop: timers run in the order of their times, and one that was reset does not") {
  std::vector<int> ran;
  std::promise<void> last;
  Loop loop("test");
  Loop::Timer timers[4];
  loop.post([&] {
    timers[0] = loop.after(30ms, [&] {
      ran.push_back(3);
      last.set_value();
    });
    timers[1] = loop.after(1ms, [&] {
      ran.push_back(1);
      timers[1].reset();  // by itself
      timers[2].reset();  // before its time
    });
    timers[2] = loop.after(15ms, [&] { ran.push_back(2); });
    timers[3] = loop.after(1h, [&] { ran.push_back(4); });
  });
  REQUIRE(last.get_future().wait_for(20s) == std::future_status::ready);
  loop.stop();
  CHECK(ran == std::vector<int>{1, 3});
}

TEST_CASE("loop: an answer is run on the loop's thread while the asker is interested") {
  std::vector<int> ran;
  bool on_thread = false;
  std::function<void(int)> forgotten, gone, wanted, late;
  {
    Loop loop("test");
    auto asker = std::make_unique<Loop::Answers>(loop);
    const auto note = [&](int answer) {
      ran.push_back(answer);
      on_thread = loop.on_thread();
    };
    forgotten = asker->to(note);
    asker->forget();
    wanted = asker->to(note);
    auto other = std::make_unique<Loop::Answers>(loop);
    gone = other->to(note);
    late = asker->to(note);
    other.reset();
    forgotten(1);
    gone(2);
    wanted(3);
    loop.stop();
    late(4);
  }
  CHECK(on_thread);
  CHECK(ran == std::vector<int>{3});
}

TEST_CASE("loop: an answer that was on its way when the asker lost interest is not run") {
  std::vector<int> ran;
  Loop loop("test");
  loop.post([&] {
    Loop::Answers answers(loop);
    answers.to([&] { ran.push_back(1); })();
  });
  loop.stop();
  CHECK(ran.empty());
}
