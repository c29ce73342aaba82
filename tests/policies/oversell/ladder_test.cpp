// The rows of the ladder, its borders, and that better news never turns a sale into a refusal.
#include "oversell/ladder/ladder.hpp"

#include "oversell/options/quantity.hpp"
#include "support/property.hpp"

namespace bascule::oversell::test {

using bascule::test::check_property;

namespace {

Situation seen(std::int64_t capacity, std::int64_t available, std::int64_t local,
               std::int64_t age_s) {
  Situation situation;
  situation.snapshot = true;
  situation.capacity = capacity;
  situation.available = available;
  situation.local = local;
  situation.age_ms = age_s * 1000;
  return situation;
}

void check(const SaleDecision& decision, bool sell, Reason reason) {
  CHECK(decision.sell == sell);
  CHECK(name(decision.reason) == name(reason));
}

Situation with_quota(std::int64_t granted, std::int64_t used, Quota quota) {
  auto situation = seen(100, 40, 0, 10);
  situation.quota = quota;
  situation.rights = granted - used;
  return situation;
}

}  // namespace

TEST_CASE("ladder D1, R20, R21: 3600 s and 10.0 % sell") {
  check(decide({}, seen(200, 20, 0, 3600), 1), true, Reason::at_risk);
}
TEST_CASE("ladder D2, R21: 9.5 % refuses") {
  check(decide({}, seen(200, 19, 0, 60), 1), false, Reason::low_stock);
}
TEST_CASE("ladder D3, R20: 3601 s refuses, and a millisecond too late") {
  check(decide({}, seen(200, 20, 0, 3601), 1), false, Reason::stale);
  auto situation = seen(200, 20, 0, 3600);
  *situation.age_ms += 1;
  check(decide({}, situation, 1), false, Reason::stale);
}
TEST_CASE("ladder D4: what was sold here is gone") {
  check(decide({}, seen(200, 20, 20, 60), 1), false, Reason::sold_out_local);
  check(decide({}, seen(200, 20, 19, 60), 1), true, Reason::at_risk);
}
TEST_CASE("ladder R20, R21: either rule can be off") {
  Rules rules;
  rules.window_s.reset();
  check(decide(rules, seen(200, 20, 0, 999'999), 1), true, Reason::at_risk);
  rules.min_remaining_bp.reset();
  check(decide(rules, seen(200, 1, 0, 999'999), 1), true, Reason::at_risk);
}
TEST_CASE("ladder D9, D10, R22: a Poisson forecast of 3 sells 8 seats and not 5") {
  Rules rules;
  rules.rate_per_hour = 3;
  rules.forecast = Forecast::poisson;
  rules.min_confidence = .95;
  const auto sold = decide(rules, seen(40, 8, 0, 3600), 1);
  check(sold, true, Reason::at_risk);
  CHECK(rounded(sold.risk) == .011905);
  const auto refused = decide(rules, seen(40, 5, 0, 3600), 1);
  check(refused, false, Reason::forecast);
  CHECK(rounded(refused.risk) == .184737);
}
TEST_CASE("ladder D16: no sales seen is not no risk") {
  Rules rules;
  rules.min_confidence = .9;
  auto situation = seen(10, 1, 0, 3600);
  situation.watched = {0, 3600};
  const auto refused = decide(rules, situation, 1);
  check(refused, false, Reason::forecast);
  CHECK(rounded(refused.risk) == .292893);
  rules.forecast = Forecast::poisson;
  check(decide(rules, situation, 1), true, Reason::at_risk);
}
TEST_CASE("ladder D18: a quota sells at any age") {
  auto situation = with_quota(15, 14, Quota::strict);
  situation.age_ms = 777'600'000;
  const auto decision = decide({}, situation, 1);
  check(decision, true, Reason::quota);
  CHECK(decision.risk == 0);
  check(decide({}, situation, 2), false, Reason::quota_exhausted);
  situation.age_ms.reset();
  check(decide({}, situation, 1), true, Reason::quota);
}
TEST_CASE("ladder D19: a strict quota that is used up refuses, a soft one goes on") {
  check(decide({}, with_quota(15, 15, Quota::strict), 1), false, Reason::quota_exhausted);
  check(decide({}, with_quota(15, 15, Quota::soft), 1), true, Reason::at_risk);
}
TEST_CASE("ladder rule 0: nothing known, nothing sold; an order of none is none") {
  check(decide({}, {}, 1), false, Reason::no_snapshot);
  check(decide({}, seen(200, 20, 0, 60), 0), false, Reason::no_snapshot);
  check(decide({}, seen(200, 20, 0, 60), -1), false, Reason::no_snapshot);
}
TEST_CASE("ladder rule 3: an age that nobody knows is stale; without the rule the risk is all") {
  auto situation = seen(200, 20, 0, 0);
  situation.age_ms.reset();
  check(decide({}, situation, 1), false, Reason::stale);
  Rules rules;
  rules.window_s.reset();
  CHECK(decide(rules, situation, 1).risk == 1);
}
TEST_CASE("ladder rule 7: a sale that brings 10 and costs 30 bears a risk of a quarter") {
  Rules rules;
  rules.rate_per_hour = 3;
  rules.forecast = Forecast::poisson;
  rules.stake = Stake{10, 30};
  check(decide(rules, seen(40, 5, 0, 3600), 1), true, Reason::at_risk);         // .1847
  check(decide(rules, seen(40, 4, 0, 3600), 1), false, Reason::expected_loss);  // .3528
}

namespace {

struct Drawn {
  Rules rules;
  Situation situation;
  std::int64_t quantity = 1;
};

Drawn draw() {
  Drawn drawn;
  auto& rules = drawn.rules;
  const auto number = [](int most) { return *rc::gen::inRange(0, most + 1); };
  if (number(3) == 0) rules.window_s.reset();
  rules.min_remaining_bp = number(2000);
  if (number(1) == 1) rules.min_confidence = number(100) / 100.0;
  if (number(1) == 1) rules.stake = Stake{number(20) + 1.0, number(60) * 1.0};
  if (number(2) == 0) {
    rules.forecast = Forecast::poisson;
    rules.rate_per_hour = number(400) / 10.0;
  }
  auto& situation = drawn.situation;
  situation = seen(number(300) + 1, number(300), number(20), number(4000));
  situation.watched = {number(60) * 1.0, number(7200) * 1.0};
  situation.quota = static_cast<Quota>(number(2));
  situation.rights = number(6) - 1;
  drawn.quantity = number(8) + 1;
  return drawn;
}

}  // namespace

TEST_CASE("ladder: fresher, more stock, a smaller order, slower sales never refuse what was sold") {
  check_property("better news keeps a sale", [] {
    auto drawn = draw();
    const bool sold = decide(drawn.rules, drawn.situation, drawn.quantity).sell;
    RC_CLASSIFY(sold);
    auto& situation = drawn.situation;
    switch (*rc::gen::inRange(0, 6)) {
      case 0:
        situation.age_ms = *rc::gen::inRange<std::int64_t>(0, *situation.age_ms + 1);
        break;
      case 1:
        situation.available += *rc::gen::inRange(0, 100);
        break;
      case 2:
        drawn.quantity = *rc::gen::inRange<std::int64_t>(1, drawn.quantity + 1);
        break;
      case 3:
        if (drawn.rules.rate_per_hour)
          *drawn.rules.rate_per_hour *= *rc::gen::inRange(0, 101) / 100.0;
        situation.watched.sold = *rc::gen::inRange(0, int(situation.watched.sold) + 1);
        break;
      case 4:
        situation.rights += *rc::gen::inRange(0, 5);
        break;
      default:
        situation.local -= *rc::gen::inRange(0, 5);
    }
    if (sold) RC_ASSERT(decide(drawn.rules, situation, drawn.quantity).sell);
  });
}

}  // namespace bascule::oversell::test
