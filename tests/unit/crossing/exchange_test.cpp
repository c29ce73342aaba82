#include "crossing/exchange.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

using namespace bascule;

namespace {

constexpr std::uint32_t former = 1, present = 2;

// One session, as a broker serves it.
struct Session {
  Exchange exchange{7};
  std::uint16_t next_id = 1;
  unsigned crossed = 0;

  Session() { exchange.begin(); }
  bool comes(std::uint32_t filter, std::uint32_t digest) {
    const bool repeat = exchange.repeated(filter, {digest, next_id++, 0, false}, false);
    if (!repeat) ++crossed;
    return !repeat;
  }
  bool again(std::uint32_t filter, std::uint32_t digest, std::uint16_t packet_id) {
    return !exchange.repeated(filter, {digest, packet_id, 0, false}, true);
  }
};

}  // namespace

TEST_CASE("exchange: of the copies for two filters one crosses, whichever comes first") {
  Session session;
  CHECK(session.comes(former, 10));
  CHECK_FALSE(session.comes(present, 10));
  CHECK(session.comes(present, 11));
  CHECK_FALSE(session.comes(former, 11));
  CHECK(session.comes(former, 12));  // of before the new one was there, or a copy did not fit
  CHECK(session.comes(present, 13));
}

TEST_CASE("exchange: a device that says the same thing again is heard each time") {
  Session session;
  for (int i = 0; i < 3; ++i) CHECK(session.comes(former, 5));  // nobody else was there
  for (int i = 0; i < 3; ++i) {
    CHECK(session.comes(former, 5));
    CHECK_FALSE(session.comes(present, 5));
  }
  CHECK(session.exchange.hear(session.exchange.both()) == Exchange::Heard::both);
  for (int i = 0; i < 2; ++i) {
    CHECK(session.comes(present, 5));
    CHECK_FALSE(session.comes(former, 5));
  }
  for (int i = 0; i < 5; ++i) CHECK(session.comes(present, 5));  // the former one is gone
  CHECK(session.exchange.hear(session.exchange.over()) == Exchange::Heard::over);
  CHECK_FALSE(session.exchange.under_way());
  CHECK(session.comes(present, 5));
}

TEST_CASE("exchange: what comes again has the fate that it had, also when all is over") {
  Session session;
  CHECK(session.comes(former, 5));
  CHECK_FALSE(session.comes(present, 5));
  CHECK(session.again(former, 5, 1));  // the journal knows it
  CHECK_FALSE(session.again(present, 5, 2));
  CHECK(session.exchange.hear(session.exchange.over()) == Exchange::Heard::over);
  CHECK(session.exchange.remembers());
  CHECK_FALSE(session.again(present, 5, 2));
  session.next_id = 2;  // the id stands for another message from then on
  CHECK(session.comes(present, 6));
  CHECK(session.again(present, 5, 2));
  session.exchange.forget();
  CHECK_FALSE(session.exchange.remembers());
}

TEST_CASE("exchange: words of an earlier one divide, but end nothing") {
  Session session;
  const Exchange earlier(6);
  CHECK(session.comes(former, 5));
  CHECK(session.exchange.hear(earlier.over()) == Exchange::Heard::nothing);
  CHECK(session.exchange.under_way());
  CHECK(session.comes(present, 5));
  CHECK(session.exchange.hear("something else") == Exchange::Heard::nothing);
  CHECK_FALSE(session.comes(former, 5));
  session.exchange.end();
  CHECK(session.exchange.hear(session.exchange.over()) == Exchange::Heard::nothing);
}

TEST_CASE("exchange: old copies are forgotten, and without a filter nothing is one") {
  Session session;
  CHECK(session.comes(former, 0));
  for (std::uint32_t digest = 1; digest < 3 * Exchange::remembered; ++digest) {
    CHECK(session.comes(former, digest));
    CHECK_FALSE(session.comes(present, digest));
  }
  CHECK(session.comes(present, 0));
  CHECK(session.comes(0, 5));
  CHECK(session.comes(0, 5));
}

// Messages of few contents; the filters come and go between them as the steps say; the two copies
// of one message come in any order.
TEST_CASE("exchange: whatever is said, and however often, each message crosses once") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto draw = [&](unsigned n) { return static_cast<std::uint32_t>(random() % n); };
    Session session;
    const unsigned contents = 1 + draw(4);
    unsigned published = 0;
    const auto some = [&](bool with_former, bool with_present) {
      for (unsigned i = draw(20); i > 0; --i, ++published) {
        const std::uint32_t digest = draw(contents);
        const bool first = draw(2) == 0;
        if (with_present && first) session.comes(present, digest);
        if (with_former) session.comes(former, digest);
        if (with_present && !first) session.comes(present, digest);
      }
    };
    some(true, false);
    some(true, true);
    session.exchange.hear(session.exchange.both());
    some(true, true);
    some(false, true);
    session.exchange.hear(session.exchange.over());
    some(false, true);
    CHECK_MESSAGE(session.crossed == published, "seed " << seed);
  }
}
