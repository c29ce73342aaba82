#include "control/http/feed.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>

using namespace bascule;

namespace {

struct Ear {
  explicit Ear(Feed& feed) : reader(feed, [this] { ++woken; }) {}
  int woken = 0;
  Feed::Reader reader;
};

std::string numbered(int number) { return std::to_string(number); }

}  // namespace

TEST_CASE("feed: who comes later has the present states, and none of the notices before") {
  Feed feed;
  Ear early(feed);
  feed.notice("event", "1");
  feed.state("status", "a", "A");
  CHECK(early.reader.take() == "event: event\ndata: 1\n\nevent: status\ndata: A\n\n");
  Ear late(feed);
  CHECK(late.reader.take() == "event: status\ndata: A\n\n");
  CHECK(early.reader.take().empty());
}

TEST_CASE("feed: a state is told when what counts of it has changed") {
  Feed feed;
  Ear ear(feed);
  feed.state("status", "a", "A, 1 s");
  CHECK(ear.reader.take() == "event: status\ndata: A, 1 s\n\n");
  feed.state("status", "a", "A, 2 s");
  CHECK(ear.reader.take().empty());
  feed.state("status", "b", "B, 3 s");
  CHECK(ear.reader.take() == "event: status\ndata: B, 3 s\n\n");
}

TEST_CASE("feed: of states a slow reader has the newest, of too many notices their number") {
  Feed feed;
  Ear slow(feed);
  for (int n = 1; n <= 1'000; ++n) {
    feed.state("status", numbered(n), numbered(n));
    feed.notice("event", numbered(n));
  }
  CHECK(slow.woken == 1);
  const std::string text = slow.reader.take();
  CHECK(text.starts_with("event: event\ndata: 1\n\n"));
  CHECK(
      text.ends_with("data: 256\n\nevent: missed\ndata: {\"events\":744}\n\n"
                     "event: status\ndata: 1000\n\n"));
  CHECK(text.find("data: 257\n") == std::string::npos);
  feed.notice("event", "1001");
  CHECK(slow.woken == 2);
  CHECK(slow.reader.take() == "event: event\ndata: 1001\n\n");
}

TEST_CASE("feed: large notices are bounded by their bytes") {
  Feed feed;
  Ear slow(feed);
  const std::string large(100 << 10, 'x');
  for (int n = 0; n < 5; ++n) feed.notice("event", large);
  const std::string text = slow.reader.take();
  CHECK(text.size() < Feed::notice_bytes_max + 1'000);
  CHECK(text.ends_with("event: missed\ndata: {\"events\":3}\n\n"));
}

TEST_CASE("feed: once nobody reads any more no state is kept, for it would be old") {
  Feed feed;
  {
    Ear ear(feed);
    feed.state("status", "a", "A");
    CHECK(feed.is_read());
  }
  CHECK_FALSE(feed.is_read());
  feed.state("status", "b", "B");
  Ear later(feed);
  CHECK(later.reader.take().empty());
  feed.state("status", "a", "A");
  CHECK(later.reader.take() == "event: status\ndata: A\n\n");
}

TEST_CASE("feed: who writes waits until somebody reads, or it is closed") {
  Feed feed;
  int turns = 0;
  std::thread writer([&] {
    while (feed.await_reader()) {
      ++turns;
      if (!feed.pause(std::chrono::hours(1))) return;
    }
  });
  {
    const Ear ear(feed);
    feed.close();
    writer.join();
  }
  CHECK(turns <= 1);
  CHECK_FALSE(feed.await_reader());
}
