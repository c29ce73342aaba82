#include "oversell/ledger/messages.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace bascule::oversell {

namespace {

constexpr std::array<std::pair<Op::Kind, std::string_view>, 6> op_kinds{
    {{Op::Kind::ask, "ask"},
     {Op::Kind::sale, "sale"},
     {Op::Kind::withdraw, "withdraw"},
     {Op::Kind::sold, "sold"},
     {Op::Kind::returned, "returned"},
     {Op::Kind::rights, "rights"}}};
constexpr std::array<std::pair<Notice::Kind, std::string_view>, 3> notice_kinds{
    {{Notice::Kind::answer, "answer"},
     {Notice::Kind::verdict, "verdict"},
     {Notice::Kind::rights, "rights"}}};
constexpr std::array<std::pair<Quota, std::string_view>, 3> quotas{
    {{Quota::off, "off"}, {Quota::soft, "soft"}, {Quota::strict, "strict"}}};

template <class Table, class Value>
std::string_view word_of(const Table& table, Value value) {
  for (const auto& [known, word] : table) {
    if (known == value) return word;
  }
  return "";
}

template <class Table>
auto of_word(const Table& table, const std::string& word) {
  for (const auto& [value, known] : table) {
    if (known == word) return value;
  }
  throw std::runtime_error("the payload has a word that is not known: " + word);
}

void put_id(Json& json, const OpId& id) {
  json["item"] = id.item;
  json["site"] = id.site;
  json["epoch"] = id.epoch;
  json["n"] = id.n;
}

void put_hub(Json& json, const Hub& hub) {
  json["hub"] = hub.id;
  json["generation"] = hub.epoch;
}

Hub hub_of(const Json& json) {
  Hub hub{text_or(json, "hub", ""), text_or(json, "generation", "")};
  if (hub.path().find('/') != hub.id.size() || hub.epoch.find('/') != std::string::npos) {
    throw std::runtime_error("a hub with a slash");
  }
  return hub;
}

OpId id_of(const Json& json) {
  OpId id{text(json, "item"), text(json, "site"), text(json, "epoch"), integer(json, "n")};
  for (const auto* part : {&id.item, &id.site, &id.epoch}) {
    if (part->find('/') != std::string::npos) throw std::runtime_error("an id with a slash");
  }
  if (id.n < 1) throw std::runtime_error("n must be 1 or more");
  return id;
}

}  // namespace

std::string_view name(Op::Kind kind) { return word_of(op_kinds, kind); }
std::string_view name(Quota quota) { return word_of(quotas, quota); }

Quota quota_of(const std::string& word) { return of_word(quotas, word); }

std::string number_key(std::int64_t number) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%020lld",
                static_cast<long long>(std::max<std::int64_t>(number, 0)));
  return digits;
}

std::string OpId::path() const { return item + "/" + site + "/" + epoch + "/" + number_key(n); }
std::string OpId::sale() const { return site + "." + epoch + "." + item + "." + std::to_string(n); }

Json Op::json() const {
  Json json{{"kind", name(kind)},
            {"quantity", quantity},
            {"stamp_ms", stamp_ms},
            {"stamp_count", stamp_count},
            {"trusted", trusted}};
  put_id(json, id);
  if (!hub.empty()) json["hub"] = hub;
  if (kind == Kind::sale) {
    json["basis"] = settled ? "authority" : by_quota ? "quota" : "snapshot";
    json["risk"] = static_cast<double>(risk_ppm) / 1e6;
  }
  if (covered != 0) json["covered"] = covered;
  if (!(row == Escrow())) json["rights"] = row.json();
  if (!ref.is_null()) json["ref"] = ref;
  if (!answer_to.is_null()) json["answer_to"] = answer_to;
  return json;
}

Op Op::of(const Json& json) {
  Op op;
  op.kind = of_word(op_kinds, text(json, "kind"));
  op.id = id_of(json);
  op.quantity = oversell::quantity(json, "quantity");
  op.hub = text_or(json, "hub", "");
  op.by_quota = text_or(json, "basis", "") == "quota";
  op.settled = text_or(json, "basis", "") == "authority";
  op.covered = integer_or(json, "covered", 0);
  op.risk_ppm = std::llround(std::clamp(json.value("risk", 0.0), 0.0, 1.0) * 1e6);
  op.stamp_ms = integer_or(json, "stamp_ms", 0);
  op.stamp_count = integer_or(json, "stamp_count", 0);
  op.trusted = flag(json, "trusted");
  const auto told = Escrow::of(json.value("rights", Json::object()));
  op.row = told.row(op.id.holder());
  if (op.kind == Op::Kind::rights) op.row.merge(told.gift(authority_holder, op.id.holder()));
  op.ref = json.value("ref", Json());
  op.answer_to = json.value("answer_to", Json());
  const bool none = op.kind == Kind::rights || op.kind == Kind::withdraw;
  if (op.quantity < (none ? 0 : 1) || op.covered < 0 || op.covered > op.quantity) {
    throw std::runtime_error("a quantity out of its range");
  }
  return op;
}

Json Snapshot::json() const {
  Json json{{"item", item},           {"version", version}, {"capacity", capacity},
            {"available", available}, {"sales", sales},     {"quota", name(quota)},
            {"sent_ms", sent_ms},     {"trusted", trusted}};
  put_hub(json, from);
  if (quota != Quota::off) json["reserve"] = reserve;
  return json;
}

Snapshot Snapshot::of(const Json& json) {
  Snapshot snapshot;
  snapshot.item = text(json, "item");
  snapshot.from = hub_of(json);
  snapshot.version = integer(json, "version");
  snapshot.capacity = oversell::quantity(json, "capacity");
  snapshot.available = oversell::quantity(json, "available");
  snapshot.quota = quota_of(text_or(json, "quota", "off"));
  snapshot.reserve = snapshot.quota == Quota::off ? 0 : oversell::quantity(json, "reserve");
  snapshot.sales = integer_or(json, "sales", 0);
  snapshot.sent_ms = integer_or(json, "sent_ms", 0);
  snapshot.trusted = flag(json, "trusted");
  return snapshot;
}

Json Notice::json() const {
  Json json{{"kind", word_of(notice_kinds, kind)},
            {"quantity", quantity},
            {"version", version},
            {"available", available},
            {"sent_ms", sent_ms},
            {"trusted", trusted},
            {"sale", id.sale()}};
  put_id(json, id);
  put_hub(json, from);
  if (kind == Kind::verdict) json["final"] = final;
  if (!outcome.empty()) json["outcome"] = outcome;
  if (!reason.empty()) json["reason"] = reason;
  if (!(escrow == Escrow())) json["rights"] = escrow.json();
  if (!ref.is_null()) json["ref"] = ref;
  if (!answer_to.is_null()) json["answer_to"] = answer_to;
  return json;
}

Notice Notice::of(const Json& json) {
  Notice notice;
  notice.kind = of_word(notice_kinds, text(json, "kind"));
  notice.from = hub_of(json);
  notice.id = id_of(json);
  notice.quantity = oversell::quantity(json, "quantity");
  notice.outcome = text_or(json, "outcome", "");
  notice.reason = text_or(json, "reason", "");
  notice.final = flag(json, "final");
  notice.version = integer(json, "version");
  notice.available = integer_or(json, "available", 0);
  notice.escrow = Escrow::of(json.value("rights", Json::object()));
  notice.sent_ms = integer_or(json, "sent_ms", 0);
  notice.trusted = flag(json, "trusted");
  notice.ref = json.value("ref", Json());
  notice.answer_to = json.value("answer_to", Json());
  return notice;
}

Json Heartbeat::json() const {
  Json json{{"sent_ms", sent_ms}, {"trusted", trusted}};
  put_hub(json, from);
  return json;
}

Heartbeat Heartbeat::of(const Json& json) {
  return {hub_of(json), integer(json, "sent_ms"), flag(json, "trusted")};
}

}  // namespace bascule::oversell
