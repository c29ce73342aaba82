#include "oversell/ladder/forecast.hpp"

#include <math.h>  // lgamma_r: std::lgamma writes a global

#include <algorithm>
#include <limits>

namespace bascule::oversell {

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

double log_gamma(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);
}

double not_zero(double x) { return std::abs(x) < 1e-300 ? 1e-300 : x; }

// The regularised incomplete beta function I_x(a, b) by its continued fraction (Lentz), for
// x <= (a + 1) / (a + b + 2), where it ends after about sqrt(max(a, b)) steps. `log_x` and `log_y`
// are the logarithms of x and 1 - x.
double incomplete_beta(double a, double b, double x, double log_x, double log_y) {
  const double front =
      std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log_x + b * log_y) / a;
  double c = 1;
  double d = 1 / not_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int i = 1; i < 1'000'000; ++i) {
    const double even = i * (b - i) * x / ((a + 2 * i - 1) * (a + 2 * i));
    d = 1 / not_zero(1 + even * d);
    c = not_zero(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1));
    d = 1 / not_zero(1 + odd * d);
    c = not_zero(1 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1) < 4 * epsilon) break;
  }
  return std::clamp(front * fraction, 0.0, 1.0);
}

}  // namespace

// Sums the smaller tail from its largest term on: the terms only fall, so nothing cancels and the
// sum ends after some standard deviations, whatever m is.
Chance poisson(double mean, std::int64_t m) {
  if (m < 0) return {0, 1};
  if (mean <= 0) return {1, 0};
  const auto x = static_cast<double>(m);
  double term = std::exp(x * std::log(mean) - mean - log_gamma(x + 1));
  double sum = 0;
  if (x < mean) {
    for (auto j = m; j >= 0 && term > epsilon / 16 * sum; --j) {
      sum += term;
      term *= static_cast<double>(j) / mean;
    }
    sum = std::min(sum, 1.0);
    return {sum, 1 - sum};
  }
  term *= mean / (x + 1);
  for (auto j = m + 1; term > epsilon / 16 * sum;) {
    sum += term;
    term *= mean / static_cast<double>(++j);
  }
  sum = std::min(sum, 1.0);
  return {1 - sum, sum};
}

Chance negative_binomial(double seen, double watched_s, double age_s, std::int64_t m) {
  if (m < 0) return {0, 1};
  if (age_s <= 0) return {1, 0};
  if (watched_s <= 0) return {0, 1};
  const double r = seen + 0.5;
  const double n = static_cast<double>(m) + 1;
  const double p = watched_s / (watched_s + age_s);
  const double q = age_s / (watched_s + age_s);
  const double log_p = -std::log1p(age_s / watched_s);
  const double log_q = -std::log1p(watched_s / age_s);
  if (p <= (r + 1) / (r + n + 2)) {
    const double at_most = incomplete_beta(r, n, p, log_p, log_q);
    return {at_most, 1 - at_most};
  }
  const double more = incomplete_beta(n, r, q, log_q, log_p);
  return {1 - more, more};
}

}  // namespace bascule::oversell
