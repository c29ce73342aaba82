#include "oversell/site/devices.hpp"

#include <algorithm>
#include <cstdlib>

namespace bascule::oversell {

namespace {

// By less than this the clocks do not go apart, for who waits.
constexpr std::int64_t clock_step_ms = 100;

}  // namespace

bool Devices::take() {
  const auto topic = input_.topic();
  const auto& topics = options_.topics;
  if (const auto asked = topics.request.match(topic)) {
    request(*asked);
  } else if (const auto gone = topics.sold.match(topic)) {
    sold(gone->at("item"));
  } else if (const auto back = topics.available.match(topic)) {
    available(back->at("item"));
  } else if (const auto moved = topics.transfer.match(topic)) {
    transfer(moved->at("item"));
  } else {
    return false;
  }
  return true;
}

void Devices::request(const Captures& captures) {
  const auto asked = Request::of(input_, captures, options_.topics.reply);
  if (asked.bad) {
    auto reply = asked.reply();
    reply["result"] = "REFUSE";
    reply["reason"] = "bad_request";
    step_.explain(reply.dump());
    return asked.answer(step_, reply);
  }
  auto item = books_.open_item(asked.item);
  // An item that the authority has never told of is nothing to ask it about, nor to keep.
  if (!item.state.snapshot) return decide(item, asked, {}, false);
  if (input_.central_up() && asked.quantity >= 1 && !books_.contact(item).silent) {
    ask(item, asked);
  } else {
    decide(item, asked, {}, false);
  }
  books_.close_item(item);
}

void Devices::ask(OpenItem& item, const Request& asked) {
  const auto id = books_.next_id(item);
  books_.send(books_.new_op(Op::Kind::ask, item, id, asked.quantity));
  const auto key = "ask/" + id.path();
  step_.put(key, Json{{"request", asked.json()},
                      {"epoch", id.epoch},
                      {"n", id.n},
                      {"at", Moment::of(input_).json()}}
                     .dump());
  step_.wake_at(key, input_.wall_ms() + options_.answer_timeout_ms);
  step_.explain(Json{{"asked", id.sale()}, {"quantity", asked.quantity}}.dump());
}

void Devices::decide_waiting(const std::string& key, bool in_vain) {
  const auto stored = step_.get(key);
  if (!stored) return;
  const auto waiting = parse_object(*stored);
  const auto asked = Request::of(waiting.at("request"));
  step_.erase(key);
  auto item = books_.open_item(asked.item);
  if (in_vain) books_.fall_silent(item);
  decide(item, asked,
         {asked.item, options_.bridge_id, text(waiting, "epoch"), integer(waiting, "n")}, true);
  books_.close_item(item);
}

void Devices::decide_all_waiting() {
  for (const auto& key : stop_waiting()) decide_waiting(key, false);
}

void Devices::watch_clock() {
  const auto now = Moment::of(input_);
  if (const auto kept = step_.get("clock")) {
    const auto then = Moment::of(Json::parse(*kept));
    const bool same_boot = then.boot == now.boot;
    const auto moved = now.wall_ms - then.wall_ms - (now.boottime_ms - then.boottime_ms);
    if (same_boot && std::abs(moved) < clock_step_ms) return;
    if (!same_boot || moved < 0) wait_anew();
  }
  step_.put("clock", now.json().dump());
}

std::optional<std::int64_t> Devices::left_ms(const std::string& key) const {
  const auto stored = step_.get(key);
  const auto waiting = stored ? parse_object(*stored) : Json::object();
  if (!waiting.contains("at")) return std::nullopt;
  const auto asked = Moment::of(waiting["at"]);
  if (asked.boot != input_.boot()) return std::nullopt;
  const auto waited = input_.boottime_ms() - asked.boottime_ms;
  return std::clamp<std::int64_t>(options_.answer_timeout_ms - waited, 0,
                                  options_.answer_timeout_ms);
}

void Devices::time_out(const std::string& key) {
  const auto left = left_ms(key).value_or(0);
  if (left == 0) return decide_waiting(key, true);
  step_.wake_at(key, input_.wall_ms() + left);  // the wall clock was set ahead
}

void Devices::wait_anew() {
  for (const auto& key : stop_waiting()) {
    step_.wake_at(key, input_.wall_ms() + left_ms(key).value_or(options_.answer_timeout_ms));
  }
}

std::vector<std::string> Devices::stop_waiting() {
  std::vector<std::string> keys;
  step_.scan("ask/", "ask/", [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  });
  for (const auto& key : keys) step_.wake_at(key, 0);
  return keys;
}

Situation Devices::situation(const OpenItem& item) const {
  Situation situation;
  const auto& state = item.state;
  if (!state.snapshot) return situation;
  situation.snapshot = true;
  situation.capacity = state.snapshot->capacity;
  situation.quota = state.snapshot->quota;
  situation.available = state.has_quota() ? state.snapshot->reserve : state.snapshot->available;
  situation.local = state.has_quota() ? state.local_open : state.local;
  situation.rights = state.escrow.rights(books_.holder());
  if (const auto heard = books_.contact(item).at) {
    situation.age_ms = age_ms(*heard, Moment::of(input_));
    situation.watched = state.demand.until(*heard);
  }
  return situation;
}

// By the ladder. `id` is that of the ask that got no answer, if there was one: the sale is its, so
// that it is one sale if the authority did sell; a refusal withdraws it.
void Devices::decide(OpenItem& item, const Request& asked, const OpId& id, bool was_asked) {
  const auto& settings = options_.of_site(item.name);
  const auto now = situation(item);
  const auto decision = oversell::decide(settings.rules, now, asked.quantity);
  auto reply = asked.reply();
  reply["result"] = "REFUSE";
  reply["reason"] = name(decision.reason);
  reply["basis"] = decision.reason == Reason::quota ? "quota" : "snapshot";
  reply["risk"] = rounded(decision.risk);
  if (const auto heard = books_.contact(item).at) reply["as_of_ms"] = heard->wall_ms;
  if (now.age_ms) reply["age_s"] = *now.age_ms / 1000;
  if (!settings.sells_offline && now.snapshot) {
    reply["reason"] = "disconnected";
  } else if (decision.sell) {
    sell(item, asked, was_asked ? id : books_.next_id(item), decision, reply);
  }
  if (reply["result"] == "REFUSE" && was_asked) {
    books_.send(books_.new_op(Op::Kind::withdraw, item, id, asked.quantity));
  }
  step_.explain(reply.dump());
  asked.answer(step_, reply);
}

// Everything that the sale is goes into one step: the rights it uses, the op, the answer.
void Devices::sell(OpenItem& item, const Request& asked, const OpId& id,
                   const SaleDecision& decision, Json& reply) {
  const bool by_quota = decision.reason == Reason::quota;
  if (by_quota && !item.state.escrow.use(books_.holder(), asked.quantity)) {
    throw std::runtime_error("the rights are not what they were a moment ago");
  }
  auto op = books_.new_op(Op::Kind::sale, item, id, asked.quantity);
  op.by_quota = by_quota;
  op.risk_ppm = std::llround(decision.risk * 1e6);
  op.ref = asked.ref;
  if (!by_quota) op.answer_to = asked.address();
  if (by_quota) op.row = item.state.escrow.row(books_.holder());
  books_.keep(item, op, asked.quantity, by_quota ? 0 : asked.quantity);
  books_.send(op);
  reply["result"] = "SELL";
  reply["sale"] = id.sale();
  books_.show(item);
}

// A fact: sold without asking. It uses what rights there are.
void Devices::sold(const std::string& name) {
  const auto count = Request::quantity_of(input_.payload());
  auto item = books_.open_item(name);
  auto& state = item.state;
  if (input_.direction() == plugin::Direction::down) {
    if (!state.snapshot) return;
    state.snapshot->available -= count;
    state.snapshot->reserve -= count;
  } else {
    auto op = books_.new_op(Op::Kind::sold, item, books_.next_id(item), count);
    op.covered = state.has_quota()
                     ? std::clamp<std::int64_t>(state.escrow.rights(books_.holder()), 0, count)
                     : 0;
    state.escrow.use(books_.holder(), op.covered);
    state.uncovered += state.has_quota() ? count - op.covered : 0;
    op.row = state.escrow.row(books_.holder());
    books_.keep(item, op, count, count - op.covered);
    books_.send(op);
  }
  books_.close_item(item);
  books_.show(item);
}

// A fact: it can be sold again. With a quota it can be sold here, once what was sold without rights
// is made good.
void Devices::available(const std::string& name) {
  const auto count = Request::quantity_of(input_.payload());
  auto item = books_.open_item(name);
  auto& state = item.state;
  if (input_.direction() == plugin::Direction::down) {
    if (!state.snapshot) return;
    state.snapshot->available += count;
    state.snapshot->reserve += count;
  } else {
    auto op = books_.new_op(Op::Kind::returned, item, books_.next_id(item), count);
    if (state.has_quota()) {
      op.covered = std::min(state.uncovered, count);
      state.uncovered -= op.covered;
      state.escrow.create(books_.holder(), count - op.covered);
      op.row = state.escrow.row(books_.holder());
    }
    // What was sold without rights has drawn on the reserve, and does no more once it is made good.
    books_.keep(item, op, -count, state.has_quota() ? -op.covered : -count);
    books_.send(op);
  }
  books_.close_item(item);
  books_.show(item);
}

// {"quantity": 5} asks the authority for five more rights; -5 gives five back.
void Devices::transfer(const std::string& name) {
  const auto count = quantity(parse_object(input_.payload()), "quantity");
  auto item = books_.open_item(name);
  auto& state = item.state;
  if (!state.has_quota()) throw std::runtime_error("item " + name + " has no quota");
  if (count < 0 && !state.escrow.give(books_.holder(), authority_holder, -count)) {
    throw std::runtime_error("there are not so many rights here to give back");
  }
  auto op =
      books_.new_op(Op::Kind::rights, item, books_.next_id(item), std::max<std::int64_t>(count, 0));
  op.row = state.escrow.row(books_.holder());
  books_.send(op);
  books_.close_item(item);
  books_.show(item);
}

}  // namespace bascule::oversell
