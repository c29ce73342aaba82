#include "oversell/authority/centre.hpp"

#include "oversell/ledger/request.hpp"

namespace bascule::oversell {

bool Centre::take() {
  const auto topic = input_.topic();
  const auto& topics = options_.topics;
  if (const auto asked = topics.request.match(topic)) {
    request(*asked);
  } else if (const auto sold = topics.sold.match(topic)) {
    fact(sold->at("item"), true);
  } else if (const auto returned = topics.available.match(topic)) {
    fact(returned->at("item"), false);
  } else if (const auto opened = topics.capacity.match(topic)) {
    capacity(opened->at("item"));
  } else if (const auto silent = topics.reclaim.match(topic)) {
    reclaim(silent->at("item"));
  } else {
    return false;
  }
  return true;
}

void Centre::request(const Captures& captures) {
  const auto asked = Request::of(input_, captures, options_.topics.reply);
  auto reply = asked.reply();
  bool sells = false;
  if (asked.bad) {
    reply["reason"] = "bad_request";
  } else if (asked.quantity < 1 || !books_.knows(asked.item)) {
    reply["reason"] = "no_snapshot";
  } else {
    auto item = books_.open_item(asked.item);
    sells = item.ledger.sell(asked.quantity);
    reply["reason"] = sells ? "available" : "sold_out";
    if (sells) reply["sale"] = books_.sold_here(item, asked.quantity, asked.ref).id.sale();
    reply["available"] = item.ledger.available();
    books_.close_item(item);
  }
  reply["result"] = sells ? "SELL" : "REFUSE";
  reply["basis"] = "authority";
  reply["risk"] = 0.0;
  reply["as_of_ms"] = input_.wall_ms();
  step_.explain(reply.dump());
  asked.answer(step_, reply);
}

void Centre::fact(const std::string& name, bool sold) {
  const auto count = Request::quantity_of(input_.payload());
  auto item = books_.open_item(name);
  if (sold) {
    item.ledger.note_sold(count, nullptr);
    books_.sold_here(item, count, Request::ref_of(input_.payload()));
  } else {
    item.ledger.note_returned(count, nullptr);
  }
  books_.touch(item);
  books_.close_item(item);
}

void Centre::capacity(const std::string& name) {
  const auto count = quantity(parse_object(input_.payload()), "capacity");
  if (count < 0) throw std::runtime_error("the capacity must be 0 or more");
  if (!books_.knows(name)) {
    AuthorityItem item{name, {}, false};
    item.ledger.open(count, options_.of_authority(name));
    books_.touch(item);
    return books_.close_item(item);
  }
  auto item = books_.open_item(name);
  if (item.ledger.capacity == count) return;
  const auto over = item.ledger.over;
  item.ledger.resize(count);
  if (item.ledger.over > over) {
    step_.log(plugin::Level::warning,
              "item " + name + ": the capacity fell by more than the authority has rights for; " +
                  std::to_string(item.ledger.over - over) + " may be oversold");
  }
  books_.touch(item);
  books_.close_item(item);
}

void Centre::reclaim(const std::string& name) {
  auto item = books_.open_item(name);
  const auto site = text(parse_object(input_.payload()), "site");
  const auto taken = item.ledger.reclaim(site, options_.of_authority(name).overbooking);
  step_.log(plugin::Level::warning, "item " + name + ": " + std::to_string(taken) + " rights of " +
                                        site + " reclaimed at risk");
  step_.explain(Json{{"reclaimed", taken}, {"site", site}, {"over", item.ledger.over}}.dump());
  books_.touch(item);
  books_.close_item(item);
}

}  // namespace bascule::oversell
