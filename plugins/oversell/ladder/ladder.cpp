#include "oversell/ladder/ladder.hpp"

namespace bascule::oversell {

namespace {

SaleDecision refuse(Reason reason, double risk = 0) { return {false, reason, risk}; }

Chance chance(const Rules& rules, const Situation& situation, std::int64_t left) {
  if (!situation.age_ms) return {0, 1};
  const double age_s = static_cast<double>(*situation.age_ms) / 1000;
  const auto& watched = situation.watched;
  if (rules.rate_per_hour) return poisson(*rules.rate_per_hour * age_s / 3600, left);
  if (rules.forecast == Forecast::negative_binomial || watched.seconds <= 0) {
    return negative_binomial(watched.sold, watched.seconds, age_s, left);
  }
  return poisson(watched.sold / watched.seconds * age_s, left);
}

}  // namespace

std::string_view name(Reason reason) {
  switch (reason) {
    case Reason::quota:
      return "quota";
    case Reason::at_risk:
      return "at_risk";
    case Reason::no_snapshot:
      return "no_snapshot";
    case Reason::quota_exhausted:
      return "quota_exhausted";
    case Reason::stale:
      return "stale";
    case Reason::sold_out_local:
      return "sold_out_local";
    case Reason::low_stock:
      return "low_stock";
    case Reason::forecast:
      return "forecast";
    case Reason::expected_loss:
      return "expected_loss";
  }
  return "";
}

SaleDecision decide(const Rules& rules, const Situation& situation, std::int64_t quantity) {
  if (quantity < 1 || !situation.snapshot) return refuse(Reason::no_snapshot);
  if (situation.quota != Quota::off && quantity <= situation.rights) {
    return {true, Reason::quota, 0};
  }
  if (situation.quota == Quota::strict) return refuse(Reason::quota_exhausted);
  if (rules.window_s && (!situation.age_ms || *situation.age_ms > *rules.window_s * 1000)) {
    return refuse(Reason::stale);
  }
  const auto left = situation.available - situation.local - quantity;
  if (left < 0) return refuse(Reason::sold_out_local);
  if (rules.min_remaining_bp &&
      situation.available * 10'000 < *rules.min_remaining_bp * situation.capacity) {
    return refuse(Reason::low_stock);
  }
  const auto others = chance(rules, situation, left);
  if (rules.min_confidence && others.at_most < *rules.min_confidence) {
    return refuse(Reason::forecast, others.more);
  }
  if (rules.stake &&
      others.more > rules.stake->value / (rules.stake->value + rules.stake->penalty)) {
    return refuse(Reason::expected_loss, others.more);
  }
  return {true, Reason::at_risk, others.more};
}

}  // namespace bascule::oversell
