#include "oversell/ledger/ledger.hpp"

#include <algorithm>

namespace bascule::oversell {

void Calibration::note(std::int64_t risk_ppm, bool was_oversold) {
  ++sales;
  promised_ppm += risk_ppm;
  oversold += was_oversold ? 1 : 0;
}

std::int64_t Ledger::free_rights() const {
  auto rights = escrow.rights(authority_holder);
  for (const auto& [site, count] : unclaimed) rights -= count;
  return rights;
}

std::int64_t Ledger::room() const {
  return has_quota() ? free_rights() - provisional : available();
}

void Ledger::open(std::int64_t count, const AuthoritySettings& settings) {
  capacity = count;
  quota = settings.quota;
  if (!has_quota()) return;
  escrow.create(authority_holder, count);
  unclaimed = allot(count, settings.reserve_bp, settings.weights).shares;
}

// Less capacity than the authority has rights for: the rest is out at the sites and may be sold.
void Ledger::resize(std::int64_t count) {
  const auto more = count - capacity;
  capacity = count;
  if (!has_quota()) return;
  if (more >= 0) return take_back(more);
  const auto taken = std::clamp<std::int64_t>(free_rights(), 0, -more);
  escrow.use(authority_holder, taken);
  over += -more - taken;
}

// Rights come back to the authority, after what was sold without any is made good.
void Ledger::take_back(std::int64_t count) {
  const auto paid = std::min(over, count);
  over -= paid;
  escrow.create(authority_holder, count - paid);
}

bool Ledger::sell(std::int64_t count) {
  if (count > room()) return false;
  if (has_quota() && !escrow.use(authority_holder, count)) return false;
  firm += count;
  sales += count;
  return true;
}

void Ledger::unsell(std::int64_t count) {
  firm -= count;
  if (has_quota()) take_back(count);
}

bool Ledger::sell_by_quota(const Op& op) {
  if (!has_quota()) return false;
  const auto holder = op.id.holder();
  escrow.merge(op.row);
  if (escrow.rights(holder) < 0) return false;
  firm += op.quantity;
  sales += op.quantity;
  return true;
}

void Ledger::sell_provisionally(std::int64_t count) {
  provisional += count;
  sales += count;
}

Ledger::Verdict Ledger::settle(std::int64_t count, std::int64_t overbooking) {
  provisional -= count;
  const auto room = has_quota() ? free_rights() : capacity - firm - honoured + returned;
  const auto covered = std::clamp<std::int64_t>(room, 0, count);
  const auto excess = (has_quota() ? over : std::max<std::int64_t>(-room, 0)) + count - covered;
  if (covered < count && excess > overbooking) {
    reversed += count;
    return Verdict::reverse;
  }
  if (has_quota()) {
    escrow.use(authority_holder, covered);
    over += count - covered;
  }
  if (covered == count) {
    firm += count;
    return Verdict::firm;
  }
  honoured += count;
  return Verdict::honour;
}

void Ledger::honour_reversed(std::int64_t count) {
  reversed -= count;
  honoured += count;
  if (!has_quota()) return;
  const auto covered = std::clamp<std::int64_t>(room(), 0, count);
  escrow.use(authority_holder, covered);
  over += count - covered;
}

void Ledger::note_sold(std::int64_t count, const Op* op) {
  firm += count;
  sales += count;
  if (!has_quota()) return;
  if (op != nullptr) {
    escrow.merge(op->row);
    over += count - op->covered;
    return;
  }
  const auto covered = std::clamp<std::int64_t>(room(), 0, count);
  escrow.use(authority_holder, covered);
  over += count - covered;
}

void Ledger::note_returned(std::int64_t count, const Op* op) {
  returned += count;
  if (!has_quota()) return;
  if (op == nullptr) return take_back(count);
  escrow.merge(op->row);
  over -= op->covered;
}

// By a former journal of the authority, as the site knows.
std::int64_t Ledger::given_to(const std::string& site) const {
  std::int64_t sum = 0;
  for (const auto& holder : escrow.holders()) {
    if (holder.starts_with(site + ".")) sum += escrow.given(authority_holder, holder);
  }
  return sum;
}

std::int64_t Ledger::grant(const Op& op) {
  if (!has_quota()) return 0;
  const auto holder = op.id.holder();
  escrow.merge(op.row);
  auto wanted = std::clamp<std::int64_t>(room(), 0, op.quantity);
  const auto claimed = epochs.emplace(op.id.site, op.id.epoch);
  if (claimed.second) {
    if (const auto share = unclaimed.find(op.id.site); share != unclaimed.end()) {
      const auto rights = escrow.rights(authority_holder) - wanted;
      const auto given = given_to(op.id.site);
      wanted +=
          std::clamp<std::int64_t>(rights, 0, std::max<std::int64_t>(share->second - given, 0));
      unclaimed.erase(share);
    }
  } else {
    claimed.first->second = op.id.epoch;
  }
  return escrow.give(authority_holder, holder, wanted) ? wanted : 0;
}

std::int64_t Ledger::reclaim(const std::string& site, std::int64_t overbooking) {
  if (!has_quota()) return 0;
  std::int64_t taken = 0;
  for (const auto& holder : escrow.holders()) {
    if (!holder.starts_with(site + ".")) continue;
    auto& before = reclaimed[holder];
    const auto out = std::max<std::int64_t>(escrow.rights(holder) - before, 0);
    const auto part = std::clamp<std::int64_t>(overbooking - over - taken, 0, out);
    before += part;
    taken += part;
  }
  over += taken;
  escrow.create(authority_holder, taken);
  return taken;
}

Json Ledger::json() const {
  Json json{{"capacity", capacity}, {"firm", firm},
            {"honoured", honoured}, {"provisional", provisional},
            {"returned", returned}, {"reversed", reversed},
            {"sales", sales},       {"over", over},
            {"version", version},   {"quota", name(quota)}};
  if (n != 0) json["n"] = n;
  if (!(escrow == Escrow())) json["rights"] = escrow.json();
  if (!unclaimed.empty()) json["unclaimed"] = unclaimed;
  if (!epochs.empty()) json["epochs"] = epochs;
  if (!reclaimed.empty()) json["reclaimed"] = reclaimed;
  if (!forgotten.empty()) json["forgotten"] = forgotten;
  auto& list = json["calibration"] = Json::array();
  for (const auto& part : calibration) {
    list.push_back(Json::array({part.sales, part.promised_ppm, part.oversold}));
  }
  return json;
}

Ledger Ledger::of(const Json& json) {
  Ledger ledger;
  ledger.capacity = integer(json, "capacity");
  ledger.firm = integer(json, "firm");
  ledger.honoured = integer(json, "honoured");
  ledger.provisional = integer(json, "provisional");
  ledger.returned = integer(json, "returned");
  ledger.reversed = integer(json, "reversed");
  ledger.sales = integer(json, "sales");
  ledger.over = integer(json, "over");
  ledger.version = integer(json, "version");
  ledger.n = integer_or(json, "n", 0);
  ledger.quota = quota_of(text(json, "quota"));
  ledger.escrow = Escrow::of(json.value("rights", Json::object()));
  ledger.unclaimed = json.value("unclaimed", decltype(ledger.unclaimed)());
  ledger.epochs = json.value("epochs", decltype(ledger.epochs)());
  ledger.reclaimed = json.value("reclaimed", decltype(ledger.reclaimed)());
  ledger.forgotten = json.value("forgotten", decltype(ledger.forgotten)());
  const auto& list = json.at("calibration");
  for (std::size_t i = 0; i < ledger.calibration.size(); ++i) {
    const auto& part = list.at(i);
    ledger.calibration[i] = {part.at(0).get<std::int64_t>(), part.at(1).get<std::int64_t>(),
                             part.at(2).get<std::int64_t>()};
  }
  return ledger;
}

Json Ledger::statistics() const {
  Calibration all;
  auto tenths = Json::array();
  for (const auto& part : calibration) {
    all.sales += part.sales;
    all.promised_ppm += part.promised_ppm;
    all.oversold += part.oversold;
    tenths.push_back({{"sales", part.sales},
                      {"promised", static_cast<double>(part.promised_ppm) / 1e6},
                      {"oversold", part.oversold}});
  }
  return {{"at_risk", all.sales},
          {"promised", static_cast<double>(all.promised_ppm) / 1e6},
          {"oversold", all.oversold},
          {"by_risk", tenths},
          {"firm", firm},
          {"honoured", honoured},
          {"reversed", reversed}};
}

}  // namespace bascule::oversell
