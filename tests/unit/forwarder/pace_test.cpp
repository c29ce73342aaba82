#include "forwarder/pace.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace bascule;

namespace {

struct Went {
  std::int64_t ms;
  std::uint64_t bytes;
};

// Messages of a random size, which come at random times and go as soon as they may; the timer that
// waits for that may be late.
std::vector<Went> run(const LinkRate& rate, std::uint64_t bytes_max, double load,
                      std::int64_t lasts_ms, std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto draw = [&](std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most)(random);
  };
  Pace pace(rate);
  std::vector<Went> went;
  std::int64_t now_ms = 1'000'000;
  const std::int64_t end_ms = now_ms + lasts_ms;
  while (now_ms < end_ms) {
    const auto bytes = static_cast<std::uint64_t>(draw(static_cast<std::int64_t>(bytes_max)));
    while (const std::int64_t wait = pace.wait_ms(bytes, now_ms)) now_ms += wait + draw(9) / 9;
    pace.sent(bytes, now_ms);
    went.push_back({now_ms, bytes});
    if (load < 1 && draw(99) >= static_cast<std::int64_t>(load * 100)) now_ms += draw(2'000);
  }
  return went;
}

// The most in any second, by a clock that is up to a ms ahead of ours.
Went most(const std::vector<Went>& went) {
  Went most{0, 0};
  std::uint64_t bytes = 0;
  std::size_t first = 0;
  for (std::size_t last = 0; last < went.size(); ++last) {
    bytes += went[last].bytes;
    for (; went[last].ms - went[first].ms > 1'000; ++first) bytes -= went[first].bytes;
    most.ms = std::max<std::int64_t>(most.ms, static_cast<std::int64_t>(last - first) + 1);
    most.bytes = std::max(most.bytes, bytes);
  }
  return most;
}

}  // namespace

TEST_CASE("pace: no second has more messages than the rate, however they come") {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    for (const double rate : {1.0, 2.0, 7.0, 10.0, 90.0, 100.0, 1'500.0}) {
      CAPTURE(rate);
      for (const double load : {0.5, 0.97, 1.0}) {
        const auto went = run({rate, 0}, 100, load, 20'000, seed);
        CHECK(most(went).ms <= static_cast<std::int64_t>(rate));
      }
    }
  }
}

TEST_CASE("pace: no second has more bytes than the rate, unless one message alone has") {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    CHECK(most(run({0, 50'000}, 20'000, 1.0, 20'000, seed)).bytes <= 50'000);
    CHECK(most(run({30, 50'000}, 20'000, 0.97, 20'000, seed)).bytes <= 50'000);
    const auto went = run({0, 50'000}, 200'000, 1.0, 60'000, seed);
    for (std::size_t i = 1; i < went.size(); ++i) {
      if (went[i].bytes > 50'000) CHECK(went[i].ms - went[i - 1].ms > 1'000);
    }
  }
}

TEST_CASE("pace: what there is to send goes at nearly the rate, and spread over each second") {
  for (const double rate : {10.0, 90.0, 1'000.0}) {
    CAPTURE(rate);
    const auto went = run({rate, 0}, 100, 1.0, 60'000, 1);
    CHECK(static_cast<double>(went.size()) >= 0.9 * rate * 60);
    std::size_t first = 0, in_a_tenth = 0;
    for (std::size_t last = 0; last < went.size(); ++last) {
      for (; went[last].ms - went[first].ms >= 100; ++first) {
      }
      in_a_tenth = std::max(in_a_tenth, last - first + 1);
    }
    CHECK(static_cast<double>(in_a_tenth) <= 0.2 * rate + 1);
  }
}

TEST_CASE("pace: a rate below one message a second is kept on average") {
  const auto went = run({0.1, 0}, 100, 1.0, 600'000, 1);
  CHECK(went.size() <= 62);
  CHECK(went.size() >= 54);
}

TEST_CASE("pace: without a rate nothing waits, and a round that waits is told") {
  Pace none({});
  CHECK_FALSE(none.limited());
  for (int i = 0; i < 1'000; ++i) {
    CHECK(none.wait_ms(1 << 20, 5) == 0);
    none.sent(1 << 20, 5);
  }
  Pace pace({1, 0});
  std::int64_t wait_ms = 5'000;
  pace.begin();
  CHECK(pace.lets(10, 0, wait_ms));
  pace.sent(10, 0);
  CHECK_FALSE(pace.lets(10, 0, wait_ms));
  CHECK(wait_ms == 1'001);
  CHECK_FALSE(pace.holds_back());
  pace.end();
  CHECK(pace.holds_back());
  pace.begin();
  pace.end();
  CHECK_FALSE(pace.holds_back());
}
