#include "oversell/site/news.hpp"

namespace bascule::oversell {

void News::alive() {
  const auto told = Heartbeat::of(parse_object(input_.payload()));
  books_.heard(told.from, told.sent_ms, told.trusted);
}

void News::snapshot() {
  const auto fresh = Snapshot::of(parse_object(input_.payload()));
  auto item = books_.open_item(fresh.item);
  auto& state = item.state;
  books_.heard(fresh.from, fresh.sent_ms, fresh.trusted);
  const bool other = state.snapshot && state.snapshot->from != fresh.from;
  if (state.snapshot && !other && fresh.version < state.snapshot->version) return;
  if (other) note_change(*state.snapshot, fresh);
  if (other && fresh.sales < state.snapshot->sales) state.demand = {};
  state.snapshot = fresh;
  books_.claim(item);
  if (other) books_.change_hub(item);
  books_.count_seen(item);
  const auto& settings = options_.of_site(item.name);
  state.demand.note(Moment::of(input_), fresh.sales - state.counted, settings.watch_s);
  books_.close_item(item);
  books_.show(item);
}

void News::note_change(const Snapshot& was, const Snapshot& now) {
  if (was.from.id == now.from.id) {
    return step_.log(plugin::Level::info, "item " + now.item + ": hub " + now.from.id +
                                              " has another journal; what it may not know is "
                                              "told again");
  }
  step_.log(plugin::Level::warning, "item " + now.item + ": hub " + now.from.id +
                                        " announces what hub " + was.from.id +
                                        " announced; only one may have it");
}

void News::notice() {
  const auto told = Notice::of(parse_object(input_.payload()));
  if (told.id.site != options_.bridge_id) throw std::runtime_error("a notice for another site");
  books_.heard(told.from, told.sent_ms, told.trusted);
  auto item = books_.open_item(told.id.item);
  item.state.escrow.merge(told.escrow);
  if (told.kind == Notice::Kind::answer) answer(item, told);
  if (told.kind == Notice::Kind::verdict) verdict(item, told);
  books_.close_item(item);
  if (told.kind == Notice::Kind::rights) books_.show(item);
}

// Nobody waits for a late answer: the site has decided, and told the authority so. If both have
// sold, it is one sale, which the authority has counted since.
void News::late_answer(OpenItem& item, const Notice& told) {
  const auto stored = step_.get("op/" + told.id.path());
  if (!stored || told.outcome != "SELL") return;
  auto own = OwnOp::of(parse_object(*stored));
  if (books_.mark(item, own, told.from, told.version)) books_.show(item);
  books_.store(own);
}

void News::answer(OpenItem& item, const Notice& told) {
  const auto key = "ask/" + told.id.path();
  const auto stored = step_.get(key);
  if (!stored) return late_answer(item, told);
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
    auto op = books_.new_op(Op::Kind::sale, item, told.id, asked.quantity);
    op.settled = true;
    auto own = books_.keep(item, op, asked.quantity, asked.quantity);
    own.final = true;
    books_.mark(item, own, told.from, told.version);
    books_.store(own);
    reply["sale"] = told.id.sale();
    books_.show(item);
  } else if (state.has_quota() && asked.quantity <= state.escrow.rights(books_.holder())) {
    reply["reason"] = name(Reason::quota);
    reply["basis"] = "quota";
    devices_.sell(item, asked, told.id, {true, Reason::quota, 0}, reply);
  }
  step_.explain(reply.dump());
  asked.answer(step_, reply);
}

// Of a sale or a fact of this site. What is final is also told here: staff looks for a seat, the
// door learns which badge is no more.
void News::verdict(OpenItem& item, const Notice& told) {
  const auto stored = step_.get("op/" + told.id.path());
  const bool overridden = told.reason == "override";
  if (stored) {
    auto own = OwnOp::of(parse_object(*stored));
    if (books_.mark(item, own, told.from, told.version)) books_.show(item);
    const bool news = told.final && !own.final;
    own.final = own.final || told.final;
    own.reversed = own.reversed || (news && told.outcome == "REVERSE");
    books_.store(own);
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
    books_.tell_here(options_.topics.staff.fill(names), json, false);
    json.erase("alert");
  }
  if (told.outcome == "REVERSE" || overridden) {
    json["badge"] = overridden ? "restored" : "revoked";
    books_.tell_here(options_.topics.badge.fill(names), json, false);
    if (!told.answer_to.is_null()) answer_again(told);
  }
}

// Who was told SELL learns at the same place that it is no more, or is again.
void News::answer_again(const Notice& told) {
  const auto asked = Request::of(told.answer_to);
  auto reply = asked.reply();
  reply["result"] = told.outcome;
  reply["reason"] = told.outcome == "REVERSE" ? "oversold" : told.reason;
  reply["basis"] = "authority";
  reply["as_of_ms"] = told.sent_ms;
  reply["sale"] = told.id.sale();
  asked.answer(step_, reply);
}

}  // namespace bascule::oversell
