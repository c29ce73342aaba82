// What the authority says.
#include <vector>

#include "oversell/site/site_turn.hpp"

namespace bascule::oversell {

void SiteTurn::alive() {
  const auto json = parse_object(input_.payload());
  heard(integer(json, "sent_ms"), flag(json, "trusted"));
}

// The first journal of a site gets its allotment by this; another one only what it asks for.
void SiteTurn::claim(Item& item) {
  if (epoch_.empty() || !item.state.has_quota() || item.state.claimed == epoch_) return;
  item.state.claimed = epoch_;
  auto op = new_op(Op::Kind::rights, item, next_id(item), 0);
  op.row = item.state.escrow.row(holder());
  send(op);
}

void SiteTurn::snapshot() {
  const auto fresh = Snapshot::of(parse_object(input_.payload()));
  auto item = open_item(fresh.item);
  auto& state = item.state;
  const bool other = state.snapshot && state.snapshot->generation != fresh.generation;
  if (state.snapshot && !other && fresh.version < state.snapshot->version) return;
  state.snapshot = fresh;
  heard(fresh.sent_ms, fresh.trusted);

  // Own ops that it has are no longer to be taken off. Versions of another journal of the
  // authority mean nothing any more.
  const auto prefix = "seen/" + item.name + "/";
  const auto until = prefix + number_key(fresh.version + 1);
  std::vector<std::string> seen;
  step_.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    if (!other && key >= until) return false;
    seen.emplace_back(key);
    return true;
  });
  for (const auto& key : seen) {
    const auto own_key =
        "op/" + item.name + "/" + options_.bridge_id + "/" + key.substr(until.size() + 1);
    auto own = OwnOp::of(parse_object(step_.get(own_key).value()));
    count(item, own);
    store(own);
    step_.erase(key);
  }
  const auto& settings = options_.of_site(item.name);
  state.demand.note(Moment::of(input_), fresh.sales - state.counted, settings.watch_s);
  claim(item);
  close_item(item);
  show(item);
}

void SiteTurn::notice() {
  const auto told = Notice::of(parse_object(input_.payload()));
  if (told.id.site != options_.bridge_id) throw std::runtime_error("a notice for another site");
  heard(told.sent_ms, told.trusted);
  auto item = open_item(told.id.item);
  item.state.escrow.merge(told.escrow);
  if (told.kind == Notice::Kind::answer) answer(item, told);
  if (told.kind == Notice::Kind::verdict) verdict(item, told);
  close_item(item);
  if (told.kind == Notice::Kind::rights) show(item);
}

// Late answers find nobody who waits: the site has decided, and told the authority so.
void SiteTurn::answer(Item& item, const Notice& told) {
  const auto key = "ask/" + told.id.path();
  const auto stored = step_.get(key);
  if (!stored) return;
  step_.erase(key);
  step_.wake_at(key, 0);
  const auto asked = Request::of(parse_object(*stored).at("request"));
  auto reply = asked.reply();
  reply["basis"] = "authority";
  reply["risk"] = 0.0;
  reply["as_of_ms"] = told.sent_ms;
  reply["available"] = told.available;
  reply["result"] = told.outcome;
  reply["reason"] = told.reason;
  const auto& state = item.state;
  if (told.outcome == "SELL") {
    auto op = new_op(Op::Kind::sale, item, told.id, asked.quantity);
    keep(item, op, asked.quantity, false, told.version);
    reply["sale"] = told.id.sale();
    show(item);
  } else if (state.has_quota() && asked.quantity <= state.escrow.rights(holder())) {
    reply["reason"] = name(Reason::quota);
    reply["basis"] = "quota";
    sell(item, asked, told.id, {true, Reason::quota, 0}, reply);
  }
  step_.explain(reply.dump());
  asked.answer(step_, reply);
}

// Of a sale or a fact of this site. What is final is also told here: staff looks for a seat, the
// door learns which badge is no more.
void SiteTurn::verdict(Item& item, const Notice& told) {
  const auto stored = step_.get("op/" + told.id.path());
  const bool overridden = told.reason == "override";
  if (stored) {
    auto own = OwnOp::of(parse_object(*stored));
    if (own.seen == 0) {
      own.seen = told.version;
      if (item.state.snapshot && told.version <= item.state.snapshot->version) {
        count(item, own);
      } else {
        step_.put(own.seen_key(), "");
      }
    }
    const bool news = told.final && !own.final;
    own.final = own.final || told.final;
    store(own);
    if (!news) return;
  } else if (!overridden) {
    return;
  }
  const Captures names{{"item", item.name}, {"site", options_.bridge_id}};
  Json json{{"sale", told.id.sale()},
            {"item", item.name},
            {"quantity", told.quantity},
            {"ref", told.ref}};
  if (told.outcome == "HONOUR") {
    json["alert"] = "extra_seat";
    tell_here(options_.topics.staff.fill(names), json, false);
    json.erase("alert");
  }
  if (told.outcome == "REVERSE" || overridden) {
    json["badge"] = overridden ? "restored" : "revoked";
    tell_here(options_.topics.badge.fill(names), json, false);
  }
}

}  // namespace bascule::oversell
