#include "oversell/authority/site_ops.hpp"

#include <algorithm>

namespace bascule::oversell {

void SiteOps::take(const Op& op) {
  if (!op.hub.empty() && op.hub != options_.bridge_id) {
    return step_.explain(Json{{"op", op.id.sale()}, {"for", op.hub}}.dump());
  }
  if (op.kind == Op::Kind::ask && !books_.knows(op.id.item)) return refuse_unknown(op);
  auto item = books_.open_item(op.id.item);
  const auto stored = step_.get("op/" + op.id.path());
  if (stored) {
    again(op, item, SaleRecord::of(parse_object(*stored)));
  } else {
    first_time(op, item);
  }
  books_.close_item(item);
}

// Somebody waits for the answer, and every other site behind it.
void SiteOps::refuse_unknown(const Op& op) {
  Notice told;
  told.kind = Notice::Kind::answer;
  told.id = op.id;
  told.quantity = op.quantity;
  told.outcome = "REFUSE";
  told.reason = name(Reason::no_snapshot);
  books_.notice(told);
  step_.explain(told.json().dump());
}

void SiteOps::first_time(const Op& op, AuthorityItem& item) {
  auto& ledger = item.ledger;
  const auto floor = ledger.forgotten.find(op.id.holder());
  if (floor != ledger.forgotten.end() && op.id.n <= floor->second) {
    throw std::runtime_error("op " + op.id.sale() + " is older than what is remembered");
  }
  SaleRecord record;
  record.id = op.id;
  record.quantity = op.quantity;
  record.ref = op.ref;
  switch (op.kind) {
    case Op::Kind::ask:
      return ask(op, item, record);
    case Op::Kind::sale:
      return sale(op, item, record);
    case Op::Kind::withdraw:
      return withdraw(op, item, record);
    case Op::Kind::sold:
    case Op::Kind::returned:
    case Op::Kind::rights:
      break;
  }
  record.state = "NOTED";
  if (op.kind == Op::Kind::sold) {
    ledger.note_sold(op.quantity, &op);
    record.state = "FIRM";
  } else if (op.kind == Op::Kind::returned) {
    ledger.note_returned(op.quantity, &op);
  } else {
    record.quantity = ledger.grant(op);
  }
  books_.touch(item);
  record.version = ledger.version;
  books_.put(record, true);
  if (op.kind == Op::Kind::sold) books_.sale(record);
  tell(op, item, record);
}

// The same op once more: nothing changes, and the same is told. A sale or a withdrawal after an ask
// is no repeat of it.
void SiteOps::again(const Op& op, AuthorityItem& item, const SaleRecord& record) {
  if (op.kind == Op::Kind::withdraw) return withdraw(op, item, record);
  if (op.kind == Op::Kind::sale && record.state == "REFUSED") return sale(op, item, record);
  if (op.quantity != record.quantity && op.kind != Op::Kind::rights) {
    step_.log(plugin::Level::error,
              "op " + op.id.sale() + " came again with another quantity; the first one counts");
  }
  tell(op, item, record);
}

void SiteOps::ask(const Op& op, AuthorityItem& item, SaleRecord record) {
  if (item.ledger.sell(op.quantity)) {
    books_.touch(item);
    record.state = "FIRM";
  } else {
    record.state = "REFUSED";
  }
  record.version = item.ledger.version;
  record.available = item.ledger.available();
  books_.put(record, true);
  if (record.state == "FIRM") books_.sale(record);
  tell(op, item, record);
}

// Decided at the site. By quota it is covered and final; else it waits for the walk, so that the
// sales of several sites that come back together are taken in the order in which they were made.
void SiteOps::sale(const Op& op, AuthorityItem& item, SaleRecord record) {
  auto& ledger = item.ledger;
  record.at_risk = !op.by_quota && !op.settled;
  record.risk_ppm = op.risk_ppm;
  record.ref = op.ref;
  record.answer_to = op.answer_to;
  books_.touch(item);
  record.version = ledger.version;
  const bool was_refused = record.final();
  if (op.settled) ledger.note_sold(op.quantity, nullptr);
  if (op.settled || (op.by_quota && ledger.sell_by_quota(op))) {
    record.state = "FIRM";
    books_.put(record, true);
    books_.sale(record);
    return verdicts_.verdict(item, record);
  }
  if (was_refused) {
    step_.erase("done/" + number_key(record.final_ms) + "/" + record.id.path());
    record.final_ms = 0;
  }
  ledger.sell_provisionally(op.quantity);
  record.state = "PROVISIONAL";
  books_.put(record, false);
  books_.sale(record);
  const auto now = input_.wall_ms();
  const auto when = op.trusted ? std::min(op.stamp_ms, now) : now;
  const auto first = "pending/" + op.id.item + "/";
  bool others = false;
  step_.scan(first, first, [&](std::string_view, std::string_view) {
    others = true;
    return false;
  });
  step_.put(first + number_key(when) + "/" + number_key(op.stamp_count) + "/" + op.id.site + "/" +
                op.id.epoch + "/" + number_key(op.id.n),
            record.key());
  verdicts_.verdict(item, record);
  const auto hold_ms = options_.of_authority(op.id.item).hold_window_s * 1000;
  if (hold_ms == 0) {
    books_.close_item(item);  // all see that it was sold, before it is settled
    verdicts_.walk(item.name);
    item = books_.open_item(item.name);
  } else if (!others) {
    step_.wake_at("walk/" + op.id.item, now + hold_ms);
  }
}

// The site has refused what it asked for, since no answer came in time. If the ask comes after
// this, it finds itself withdrawn.
void SiteOps::withdraw(const Op& op, AuthorityItem& item, SaleRecord record) {
  const bool sold = record.state == "FIRM" && !record.at_risk;
  if (sold) {
    item.ledger.unsell(record.quantity);
    books_.touch(item);
  } else if (!record.state.empty() && record.state != "REFUSED") {
    return;
  }
  record.state = "WITHDRAWN";
  record.version = item.ledger.version;
  books_.put(record, true);
  if (sold) books_.sale(record);
  step_.explain(Json{{"op", op.id.sale()}, {"verdict", record.state}}.dump());
}

void SiteOps::tell(const Op& op, AuthorityItem& item, const SaleRecord& record) {
  if (op.kind != Op::Kind::ask && op.kind != Op::Kind::rights)
    return verdicts_.verdict(item, record);
  Notice told;
  told.id = record.id;
  told.quantity = record.quantity;
  told.version = record.version;
  told.available = record.available;
  if (op.kind == Op::Kind::ask) {
    const bool sold = record.state == "FIRM";
    told.kind = Notice::Kind::answer;
    told.outcome = sold ? "SELL" : "REFUSE";
    told.reason = sold ? "available" : record.state == "WITHDRAWN" ? "withdrawn" : "sold_out";
  } else {
    told.kind = Notice::Kind::rights;
    told.available = item.ledger.available();
    told.escrow = item.ledger.escrow.gift(authority_holder, record.id.holder());
  }
  books_.notice(told);
  step_.explain(told.json().dump());
}

}  // namespace bascule::oversell
