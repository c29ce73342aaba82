#include "oversell/authority/verdicts.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sdk/number.hpp"

namespace bascule::oversell {

// In the order in which the sales were made, as their sites say.
void Verdicts::walk(const std::string& name) {
  const auto prefix = "pending/" + name + "/";
  std::vector<std::pair<std::string, std::string>> pending;
  bool more = false;
  step_.scan(prefix, prefix, [&](std::string_view key, std::string_view value) {
    more = pending.size() == portion;
    if (!more) pending.emplace_back(key, value);
    return !more;
  });
  if (pending.empty()) return;
  if (more) step_.wake_at("walk/" + name, input_.wall_ms());
  auto item = books_.open_item(name);
  for (const auto& [key, record_key] : pending) {
    settle(item, SaleRecord::of(parse_object(step_.get(record_key).value())));
    step_.erase(key);
  }
  books_.close_item(item);
  books_.emit(options_.topics.stats.fill({{"item", name}}), item.ledger.statistics(), true);
}

void Verdicts::settle(AuthorityItem& item, SaleRecord record) {
  auto& ledger = item.ledger;
  const auto outcome = ledger.settle(record.quantity, options_.of_authority(item.name).overbooking);
  books_.touch(item);
  record.version = ledger.version;
  record.available = ledger.available();
  record.state = outcome == Ledger::Verdict::firm     ? "FIRM"
                 : outcome == Ledger::Verdict::honour ? "HONOUR"
                                                      : "REVERSE";
  if (record.at_risk) {
    const auto tenth = static_cast<std::size_t>(record.risk_ppm / 100'000);
    ledger.calibration[std::min<std::size_t>(tenth, 9)].note(record.risk_ppm,
                                                             outcome != Ledger::Verdict::firm);
  }
  if (outcome == Ledger::Verdict::reverse) reverse(item, record);
  books_.put(record, true);
  books_.sale(record);
  verdict(item, record);
  if (outcome == Ledger::Verdict::honour) {
    books_.people(options_.topics.staff, record, {{"alert", "extra_seat"}});
  }
}

// The badge is revoked, the person is to be phoned, the quantity can be sold again; and staff has
// some time to find a seat after all.
void Verdicts::reverse(AuthorityItem& item, SaleRecord& record) {
  books_.people(options_.topics.badge, record, {{"badge", "revoked"}});
  books_.people(options_.topics.call, record, {{"task", "call"}, {"state", "open"}});
  books_.people(options_.topics.freed, record, {{"available", item.ledger.available()}});
  const auto window_ms = options_.of_authority(item.name).override_window_s * 1000;
  if (window_ms == 0) return;
  record.case_number = step_.open_case("oversold", item.name,
                                       Json{{"sale", record.id.sale()},
                                            {"site", record.id.site},
                                            {"quantity", record.quantity},
                                            {"available", item.ledger.available()},
                                            {"until_ms", input_.wall_ms() + window_ms},
                                            {"ref", record.ref},
                                            {"choices", {"honour", "keep"}}}
                                           .dump());
  const auto number = std::to_string(record.case_number);
  step_.put("case/" + number, record.key());
  step_.wake_at("override/" + number, input_.wall_ms() + window_ms + 1);
}

void Verdicts::verdict(const AuthorityItem& item, const SaleRecord& record) {
  Notice told;
  told.kind = Notice::Kind::verdict;
  told.id = record.id;
  told.quantity = record.quantity;
  told.outcome = record.state;
  told.reason = record.overridden ? "override" : "";
  told.final = record.final();
  told.version = record.version;
  told.available = item.ledger.available();
  told.ref = record.ref;
  if (record.state == "REVERSE" || record.overridden) told.answer_to = record.answer_to;
  books_.notice(told);
  step_.explain(told.json().dump());
}

void Verdicts::close_override(std::int64_t number) {
  const auto key = "case/" + std::to_string(number);
  if (!step_.get(key)) return;
  step_.erase(key);
  step_.close_case(number, Json{{"outcome", "REVERSE"}, {"by", "time"}}.dump());
}

void Verdicts::wake_anew() {
  const auto now = input_.wall_ms();
  std::set<std::string> items;
  for (std::string from = "pending/"; !from.empty();) {
    std::string item;
    step_.scan("pending/", from, [&](std::string_view key, std::string_view) {
      item = key.substr(8, key.find('/', 8) - 8);
      return false;
    });
    from = item.empty() ? "" : "pending/" + item + "0";  // behind all that is below item/
    if (!item.empty()) items.insert(item);
  }
  for (const auto& item : items) {
    step_.wake_at("walk/" + item, now + options_.of_authority(item).hold_window_s * 1000);
  }
  std::vector<std::pair<std::string, std::string>> cases;
  step_.scan("case/", "case/", [&](std::string_view key, std::string_view value) {
    cases.emplace_back(key.substr(5), value);
    return true;
  });
  for (const auto& [number, key] : cases) {
    auto record = SaleRecord::of(parse_object(step_.get(key).value()));
    if (record.final_ms <= now) continue;
    step_.erase("done/" + number_key(record.final_ms) + "/" + record.id.path());
    record.final_ms = 0;
    books_.put(record, true);
    const auto window_ms = options_.of_authority(record.id.item).override_window_s * 1000;
    step_.wake_at("override/" + number, now + window_ms + 1);
  }
}

// Only REVERSE can be changed, only to HONOUR, and only within the window.
void Verdicts::resolution() {
  const auto number = whole_number(input_.topic()).value_or(0);
  const auto key = "case/" + std::to_string(number);
  const auto record_key = step_.get(key);
  if (!record_key) return step_.log(plugin::Level::warning, "a case that is closed: no change");
  const auto decision = parse_object(input_.payload());
  const auto choice = text_or(decision, "choose", "");
  const auto by = text_or(decision, "by", "staff");
  auto record = SaleRecord::of(parse_object(step_.get(*record_key).value()));
  const auto window_ms = options_.of_authority(record.id.item).override_window_s * 1000;
  const bool in_time = input_.wall_ms() - record.final_ms <= window_ms;
  if (choice != "honour" && choice != "keep") {
    throw std::runtime_error("the choice must be honour or keep");
  }
  step_.erase(key);
  step_.wake_at("override/" + std::to_string(number), 0);
  if (choice == "keep" || !in_time) {
    step_.close_case(number, Json{{"outcome", "REVERSE"}, {"by", by}}.dump());
    return;
  }
  auto item = books_.open_item(record.id.item);
  item.ledger.honour_reversed(record.quantity);
  books_.touch(item);
  record.state = "HONOUR";
  record.overridden = true;
  record.version = item.ledger.version;
  books_.put(record, true);
  books_.sale(record);
  verdict(item, record);
  books_.people(options_.topics.staff, record, {{"alert", "extra_seat"}});
  books_.people(options_.topics.badge, record, {{"badge", "restored"}});
  books_.people(options_.topics.call, record, {{"task", "call"}, {"state", "withdrawn"}});
  step_.close_case(number, Json{{"outcome", "HONOUR"}, {"by", by}}.dump());
  books_.close_item(item);
  books_.emit(options_.topics.stats.fill({{"item", item.name}}), item.ledger.statistics(), true);
}

}  // namespace bascule::oversell
