// How probable it is that the others sell no more than there is. Pure.
#pragma once

#include <cstdint>

namespace bascule::oversell {

// Both sides are computed, so that a small probability is not what rounding left of 1.
struct Chance {
  double at_most = 1;  // P(D <= m)
  double more = 0;     // P(D > m)
};

// D is Poisson with this mean. m < 0: certainly more.
Chance poisson(double mean, std::int64_t m);

// D after `seen` sales in `watched_s` seconds, over the next `age_s` seconds: negative binomial
// with r = seen + 1/2 and p = watched / (watched + age). "None seen" is not "no risk".
// Nothing watched: anything may have been sold, unless no time has passed.
Chance negative_binomial(double seen, double watched_s, double age_s, std::int64_t m);

}  // namespace bascule::oversell
