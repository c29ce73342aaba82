#include "oversell/ladder/forecast.hpp"

#include <cmath>
#include <vector>

#include "support/property.hpp"

namespace bascule::oversell::test {

using bascule::test::check_property;

namespace {

// Term after term from 0 on, in twice the precision: right, and too slow for large numbers.
Chance summed_poisson(double mean, int m) {
  long double term = std::exp(-static_cast<long double>(mean)), sum = 0;
  for (int j = 0; j <= m; ++j) {
    sum += term;
    term *= static_cast<long double>(mean) / (j + 1);
  }
  long double more = 0;
  for (int j = m + 1; j < m + 5000; ++j) {
    more += term;
    term *= static_cast<long double>(mean) / (j + 1);
  }
  return {double(sum), double(more)};
}

Chance summed_negative_binomial(double seen, double watched, double age, int m) {
  const long double r = static_cast<long double>(seen) + 0.5L;
  const long double p = static_cast<long double>(watched) / (watched + age);
  long double term = std::pow(p, r), sum = 0, more = 0;
  for (int j = 0; j <= m; ++j) {
    sum += term;
    term *= (r + j) / (j + 1) * (1 - p);
  }
  const double mean = seen * age / watched;  // small terms before it are not the end
  for (int j = m + 1; j < m + 200'000 && (j < mean || term > 1e-25L); ++j) {
    more += term;
    term *= (r + j) / (j + 1) * (1 - p);
  }
  return {double(sum), double(more)};
}

bool near(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max(std::abs(b), 1e-6); }

}  // namespace

TEST_CASE("forecast: the tables' values") {
  CHECK(poisson(3, 7).more == doctest::Approx(.0119045).epsilon(1e-5));
  CHECK(poisson(3, 4).more == doctest::Approx(.1847368).epsilon(1e-6));
  CHECK(negative_binomial(0, 3600, 3600, 0).more == doctest::Approx(1 - std::sqrt(.5)));
}

TEST_CASE("forecast: Poisson is its sum") {
  check_property("as the sum term by term", [] {
    const double mean = *rc::gen::inRange(0, 200'000) / 1000.0;
    const int m = *rc::gen::inRange(0, 400);
    const auto fast = poisson(mean, m), slow = summed_poisson(mean, m);
    RC_ASSERT(near(fast.at_most, slow.at_most));
    RC_ASSERT(near(fast.more, slow.more));
  });
}

TEST_CASE("forecast: the negative binomial is its sum") {
  check_property("as the sum term by term", [] {
    const int seen = *rc::gen::inRange(0, 80);
    const int watched = *rc::gen::inRange(1, 7200), age = *rc::gen::inRange(1, 7200);
    const int m = *rc::gen::inRange(0, 300);
    RC_PRE(age < 100 * watched);
    const auto fast = negative_binomial(seen, watched, age, m);
    const auto slow = summed_negative_binomial(seen, watched, age, m);
    RC_ASSERT(near(fast.at_most, slow.at_most));
    RC_ASSERT(near(fast.more, slow.more));
  });
}

TEST_CASE("forecast: extreme values give probabilities that add up") {
  for (const double mean : {0.0, 1e-12, 1e3, 1e6, 1e9}) {
    for (const std::int64_t m : {0L, 1L, 1000L, 1'000'000L, 1'000'000'000L}) {
      const auto chance = poisson(mean, m);
      CHECK(chance.at_most + chance.more == doctest::Approx(1));
      CHECK(chance.at_most >= 0);
      CHECK(chance.more >= 0);
    }
  }
  CHECK(poisson(1e6, 1'000'000).at_most == doctest::Approx(.5).epsilon(.01));
  CHECK(poisson(1e6, 990'000).at_most < 1e-9);
  for (const double seen : {0.0, 5.0, 1e6}) {
    for (const double watched : {1e-3, 3600.0, 1e9}) {
      for (const std::int64_t m : {0L, 100L, 1'000'000L, 1'000'000'000L}) {
        const auto chance = negative_binomial(seen, watched, 3600, m);
        CHECK(chance.at_most + chance.more == doctest::Approx(1));
        CHECK(chance.at_most >= 0);
        CHECK(chance.more >= 0);
      }
    }
  }
  CHECK(negative_binomial(1e6, 3600, 3600, 1'000'000).at_most == doctest::Approx(.5).epsilon(.01));
}

TEST_CASE("forecast: the borders") {
  CHECK(poisson(3, -1).more == 1);
  CHECK(poisson(0, 0).at_most == 1);
  CHECK(negative_binomial(5, 3600, 0, 0).at_most == 1);
  CHECK(negative_binomial(5, 0, 10, 1000).more == 1);
  CHECK(negative_binomial(5, 3600, 10, -1).more == 1);
}

}  // namespace bascule::oversell::test
