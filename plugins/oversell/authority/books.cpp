#include "oversell/authority/books.hpp"

#include <algorithm>

namespace bascule::oversell {

bool AuthorityBooks::knows(const std::string& name) const {
  return options_.of_authority(name).capacity || step_.get("item/" + name);
}

AuthorityItem AuthorityBooks::open_item(const std::string& name) {
  const auto stored = step_.get("item/" + name);
  if (!stored) {
    const auto& settings = options_.of_authority(name);
    if (!settings.capacity) throw std::runtime_error("no capacity is known of item " + name);
    AuthorityItem item{name, {}, false};
    item.ledger.open(*settings.capacity, settings);
    touch(item);
    return item;
  }
  AuthorityItem item{name, Ledger::of(parse_object(*stored)), false};
  const auto wanted = options_.of_authority(name).quota;
  if (wanted == item.ledger.quota) return item;
  if (wanted == Quota::off || item.ledger.quota == Quota::off) {
    step_.log(plugin::Level::warning,
              "item " + name + ": quota can't be switched on or off while it is sold");
  } else {
    item.ledger.quota = wanted;
  }
  return item;
}

void AuthorityBooks::touch(AuthorityItem& item) {
  if (!item.changed) ++item.ledger.version;
  item.changed = true;
}

void AuthorityBooks::close_item(AuthorityItem& item) {
  if (!item.changed) return;
  step_.put("item/" + item.name, item.ledger.json().dump());
  snapshot(item);
}

void AuthorityBooks::snapshot(const AuthorityItem& item) {
  const auto& ledger = item.ledger;
  Snapshot snapshot;
  snapshot.item = item.name;
  snapshot.from = hub_;
  snapshot.version = ledger.version;
  snapshot.capacity = ledger.capacity;
  snapshot.available = ledger.available();
  snapshot.reserve = ledger.quota == Quota::off ? 0 : ledger.room();
  snapshot.quota = ledger.quota;
  snapshot.sales = ledger.sales;
  snapshot.sent_ms = input_.wall_ms();
  snapshot.trusted = input_.clock_trusted();
  emit(options_.topics.snapshot.fill({{"item", item.name}}), snapshot.json(), true);
}

void AuthorityBooks::emit(std::string topic, const Json& json, bool retain) {
  plugin::Output output;
  output.direction = options_.towards_sites;
  output.topic = std::move(topic);
  output.payload = json.dump();
  output.retain = retain;
  output.content_type = "application/json";
  step_.emit(output);
}

void AuthorityBooks::put(SaleRecord& record, bool final) {
  if (final && !record.final()) {
    record.final_ms = std::max<std::int64_t>(input_.wall_ms(), 1);
    step_.put("done/" + number_key(record.final_ms) + "/" + record.id.path(), "");
  }
  step_.put(record.key(), record.json().dump());
}

void AuthorityBooks::sale(const SaleRecord& record) {
  Json json{{"sale", record.id.sale()},    {"item", record.id.item},    {"site", record.id.site},
            {"quantity", record.quantity}, {"state", record.state},     {"final", record.final()},
            {"at_risk", record.at_risk},   {"at_ms", input_.wall_ms()}, {"ref", record.ref}};
  if (record.at_risk) json["risk"] = static_cast<double>(record.risk_ppm) / 1e6;
  if (record.overridden) json["overridden"] = true;
  emit(options_.topics.sales.fill({{"item", record.id.item}, {"site", record.id.site}}), json);
}

SaleRecord AuthorityBooks::sold_here(AuthorityItem& item, std::int64_t quantity, Json ref) {
  touch(item);
  SaleRecord record;
  record.id = {item.name, options_.bridge_id, hub_.epoch, ++item.ledger.n};
  record.state = "FIRM";
  record.quantity = quantity;
  record.version = item.ledger.version;
  record.available = item.ledger.available();
  record.ref = std::move(ref);
  put(record, true);
  sale(record);
  return record;
}

void AuthorityBooks::notice(const Notice& told) {
  auto copy = told;
  copy.from = hub_;
  copy.sent_ms = input_.wall_ms();
  copy.trusted = input_.clock_trusted();
  emit(options_.topics.inbox.fill({{"site", told.id.site}}), copy.json());
}

void AuthorityBooks::people(const Pattern& topic, const SaleRecord& record, Json json) {
  json["sale"] = record.id.sale();
  json["item"] = record.id.item;
  json["site"] = record.id.site;
  json["quantity"] = record.quantity;
  json["ref"] = record.ref;
  emit(topic.fill({{"item", record.id.item}, {"site", record.id.site}}), json);
}

}  // namespace bascule::oversell
