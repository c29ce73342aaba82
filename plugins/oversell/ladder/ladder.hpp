// The ladder: what a site may sell while it is cut off. A pure function; the first rule that
// decides gives the reason.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "oversell/ladder/forecast.hpp"

namespace bascule::oversell {

enum class Quota { off, soft, strict };
enum class Forecast { poisson, negative_binomial };

// What a sale brings and what an oversold one costs, in any one unit.
struct Stake {
  double value = 0;
  double penalty = 0;
};

// The settings of the rules; a rule without a value is off.
struct Rules {
  std::optional<std::int64_t> window_s = 3600;
  std::optional<std::int64_t> min_remaining_bp = 1000;  // of the capacity, in 1/10000
  std::optional<double> min_confidence;
  std::optional<Stake> stake;
  Forecast forecast = Forecast::negative_binomial;
  std::optional<double> rate_per_hour;  // what the others sell; none: as was watched
};

// What the others were seen to sell before the contact ended.
struct Watched {
  double sold = 0;
  double seconds = 0;
};

// What a site knows of an item when it is asked.
struct Situation {
  bool snapshot = false;
  std::int64_t capacity = 0;
  std::int64_t available = 0;          // by the snapshot; with a quota the unallotted reserve
  std::int64_t local = 0;              // sold here of that, net, and not yet in the snapshot
  std::optional<std::int64_t> age_ms;  // of the last contact; none: not known, as after a reboot
  Quota quota = Quota::off;
  std::int64_t rights = 0;  // granted and not used
  Watched watched;
};

enum class Reason {
  quota,
  at_risk,
  no_snapshot,
  quota_exhausted,
  stale,
  sold_out_local,
  low_stock,
  forecast,
  expected_loss
};

std::string_view name(Reason reason);

struct SaleDecision {
  bool sell = false;
  Reason reason = Reason::no_snapshot;
  double risk =
      0;  // P(D > what would be left); 0 with a quota and before the rules that ask for it
};

SaleDecision decide(const Rules& rules, const Situation& situation, std::int64_t quantity);

}  // namespace bascule::oversell
