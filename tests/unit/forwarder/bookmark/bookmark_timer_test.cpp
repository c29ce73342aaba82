#include "forwarder/bookmark/bookmark_timer.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "support/scripted_link.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr std::chrono::milliseconds no_matter{0};

// Runs what is due on the loop, timers of no delay included.
int after(ScriptedLink& link, int& written) {
  for (int i = 0; i < 3; ++i) link.run([] {});
  return written;
}

}  // namespace

TEST_CASE("bookmark timer: one is written some time after something moved, however often") {
  ScriptedLink link;
  int written = 0;
  std::optional<BookmarkTimer> timer;
  link.run([&] {
    timer.emplace(link.loop(), std::chrono::milliseconds(0), no_matter, [&] { ++written; });
    timer->moved(false);
    timer->moved(false);
    timer->later();
    CHECK(written == 0);
  });
  CHECK(after(link, written) == 1);
  link.run([&] { timer.reset(); });
}

TEST_CASE("bookmark timer: after 1,000 messages it does not wait") {
  ScriptedLink link;
  int written = 0;
  link.run([&] {
    BookmarkTimer timer(link.loop(), std::chrono::hours(1), no_matter, [&] { ++written; });
    for (int i = 0; i < 999; ++i) timer.accepted();
    timer.moved(false);
    CHECK(written == 0);
    timer.accepted();
    timer.moved(false);
    CHECK(written == 1);
    timer.moved(false);
    CHECK(written == 1);
  });
}

TEST_CASE("bookmark timer: once nothing is on its way it does not wait, but for the last one") {
  ScriptedLink link;
  int written = 0;
  std::optional<BookmarkTimer> timer;
  link.run([&] {
    timer.emplace(link.loop(), std::chrono::hours(1), no_matter, [&] { ++written; });
    timer->moved(true);
    CHECK(written == 1);
    timer->moved(true);  // it waits for an hour now
    CHECK(written == 1);
    timer->stop();
    timer->moved(true);
    CHECK(written == 2);
    timer->stop();
    timer->written();
    timer->moved(true);
    CHECK(written == 2);
    timer.emplace(link.loop(), std::chrono::milliseconds(0), no_matter, [&] { ++written; });
    timer->moved(true);
    timer->moved(true);
    CHECK(written == 3);
  });
  CHECK(after(link, written) == 4);
  CHECK(after(link, written) == 4);  // and nothing is due
  link.run([&] { timer.reset(); });
}

TEST_CASE("bookmark timer: stopped, it writes none") {
  ScriptedLink link;
  int written = 0;
  std::optional<BookmarkTimer> timer;
  link.run([&] {
    timer.emplace(link.loop(), std::chrono::milliseconds(0), no_matter, [&] { ++written; });
    timer->later();
    timer->stop();
  });
  CHECK(after(link, written) == 0);
  link.run([&] { timer.reset(); });
}

TEST_CASE("bookmark timer: two are as far apart as they are told to, whatever comes meanwhile") {
  ScriptedLink link;
  int written = 0;
  std::optional<BookmarkTimer> timer;
  link.run([&] {
    timer.emplace(link.loop(), std::chrono::milliseconds(0), std::chrono::hours(1),
                  [&] { ++written; });
    timer->moved(true);
    CHECK(written == 1);
    for (int i = 0; i < 2'000; ++i) timer->accepted();
    timer->moved(false);
    timer->moved(true);
    timer->later();
    CHECK(timer->due());
  });
  CHECK(after(link, written) == 1);
  link.run([&] { timer->again(); });  // the last one could not be written
  CHECK(after(link, written) == 2);
  link.run([&] { timer.reset(); });
}
