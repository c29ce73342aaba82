#include "oversell/site/news.hpp"

#include <vector>

namespace bascule::oversell {

void News::alive() {
  const auto json = parse_object(input_.payload());
  books_.heard(integer(json, "sent_ms"), flag(json, "trusted"));
}

void News::snapshot() {
  const auto fresh = Snapshot::of(parse_object(input_.payload()));
  auto item = books_.open_item(fresh.item);
  auto& state = item.state;
  const bool other = state.snapshot && state.snapshot->generation != fresh.generation;
  if (state.snapshot && !other && fresh.version < state.snapshot->version) return;
  state.snapshot = fresh;
  books_.heard(fresh.sent_ms, fresh.trusted);

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
    books_.count(item, own);
    books_.store(own);
    step_.erase(key);
  }
  const auto& settings = options_.of_site(item.name);
  state.demand.note(Moment::of(input_), fresh.sales - state.counted, settings.watch_s);
  books_.claim(item);
  books_.close_item(item);
  books_.show(item);
}

void News::notice() {
  const auto told = Notice::of(parse_object(input_.payload()));
  if (told.id.site != options_.bridge_id) throw std::runtime_error("a notice for another site");
  books_.heard(told.sent_ms, told.trusted);
  auto item = books_.open_item(told.id.item);
  item.state.escrow.merge(told.escrow);
  if (told.kind == Notice::Kind::answer) answer(item, told);
  if (told.kind == Notice::Kind::verdict) verdict(item, told);
  books_.close_item(item);
  if (told.kind == Notice::Kind::rights) books_.show(item);
}

// The snapshots from this version on have the op. What is shown changes, if the last one has.
void News::count_from(OpenItem& item, OwnOp& own, std::int64_t version) {
  if (own.seen != 0) return;
  own.seen = version;
  if (!item.state.snapshot || version > item.state.snapshot->version) {
    return step_.put(own.seen_key(), "");
  }
  books_.count(item, own);
  books_.show(item);
}

// Nobody waits for a late answer: the site has decided, and told the authority so. If both have
// sold, it is one sale, which the authority has counted since.
void News::late_answer(OpenItem& item, const Notice& told) {
  const auto stored = step_.get("op/" + told.id.path());
  if (!stored || told.outcome != "SELL") return;
  auto own = OwnOp::of(parse_object(*stored));
  count_from(item, own, told.version);
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
    books_.keep(item, op, asked.quantity, false, told.version);
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
    count_from(item, own, told.version);
    const bool news = told.final && !own.final;
    own.final = own.final || told.final;
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
  }
}

}  // namespace bascule::oversell
