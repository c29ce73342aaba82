#include "oversell/authority/authority_turn.hpp"

#include <algorithm>
#include <vector>

#include "oversell/authority/centre.hpp"
#include "oversell/authority/site_ops.hpp"
#include "oversell/authority/verdicts.hpp"
#include "sdk/number.hpp"

namespace bascule::oversell {

void AuthorityTurn::run() {
  learn();
  switch (input_.kind()) {
    case plugin::Input::Kind::message:
      return message();
    case plugin::Input::Kind::wake:
      return wake();
    case plugin::Input::Kind::resolution:
      return Verdicts(options_, step_, input_, books_).resolution();
    case plugin::Input::Kind::link:
      return;
  }
}

// Which journal this is: versions of one generation compare, those of another do not. The heartbeat
// begins with the first input, as do configured items; those that the file names later begin with
// the next.
void AuthorityTurn::learn() {
  std::string items;  // as the options named them when last looked
  const auto self = step_.get("self");
  if (self) {
    const auto json = parse_object(*self);
    generation_ = text(json, "generation");
    items = text_or(json, "items", "");
  }
  const bool other = input_.origin() == options_.bridge_id && input_.epoch() != generation_;
  if (other) generation_ = input_.epoch();
  books_.set_generation(generation_);
  if (self && !other && items == options_.items_digest) return;
  step_.put("self", Json{{"generation", generation_}, {"items", options_.items_digest}}.dump());
  if (!self) step_.wake_at("alive", input_.wall_ms());
  if (other) announce_again();
  for (const auto& [name, settings] : options_.authority_items) {
    if (!settings.capacity || step_.get("item/" + name)) continue;
    AuthorityItem item{name, {}, false};
    item.ledger.open(*settings.capacity, settings);
    books_.touch(item);
    books_.close_item(item);
  }
}

// The sites compare versions of one generation only.
void AuthorityTurn::announce_again() {
  std::vector<std::string> known;
  step_.scan("item/", "item/", [&](std::string_view key, std::string_view) {
    known.emplace_back(key.substr(5));
    return true;
  });
  for (const auto& name : known) {
    auto item = books_.open_item(name);
    books_.touch(item);
    books_.close_item(item);
  }
}

void AuthorityTurn::message() {
  const auto topic = input_.topic();
  const auto& topics = options_.topics;
  if (topics.ops.match(topic)) {
    return SiteOps(options_, step_, input_, books_).take(Op::of(parse_object(input_.payload())));
  }
  if (Centre(options_, step_, input_, books_).take()) return;
  throw std::runtime_error("no topic of the authority: " + std::string(topic));
}

void AuthorityTurn::wake() {
  const auto name = input_.topic();
  if (name == "alive") return heartbeat();
  if (name.starts_with("walk/")) {
    return Verdicts(options_, step_, input_, books_).walk(std::string(name.substr(5)));
  }
  if (name.starts_with("override/")) {
    Verdicts(options_, step_, input_, books_)
        .close_override(whole_number(name.substr(9)).value_or(0));
  }
}

// Tells the sites that their snapshots are current. At most once, and worth nothing when late: a
// site must not take one that has waited for a sign of life.
void AuthorityTurn::heartbeat() {
  plugin::Output output;
  output.direction = options_.towards_sites;
  output.topic = options_.topics.alive.fill({});
  output.payload = Json{{"sent_ms", input_.wall_ms()}, {"trusted", input_.clock_trusted()}}.dump();
  output.qos = 0;
  output.expiry_s = options_.heartbeat_s;
  step_.emit(output);
  step_.wake_at("alive", input_.wall_ms() + options_.heartbeat_s * 1000);
  forget();
}

// A few of the ops whose verdict has been final for long.
void AuthorityTurn::forget() {
  const auto until = "done/" + number_key(input_.wall_ms() - options_.remember_s * 1000);
  std::vector<std::string> old;
  step_.scan("done/", "done/", [&](std::string_view key, std::string_view) {
    if (key.substr(0, until.size()) >= until || old.size() == 200) return false;
    old.emplace_back(key);
    return true;
  });
  for (const auto& key : old) {
    const auto op_key = "op/" + key.substr(until.size() + 1);
    const auto record = SaleRecord::of(parse_object(step_.get(op_key).value()));
    auto item = books_.open_item(record.id.item);
    auto& floor = item.ledger.forgotten[record.id.holder()];
    floor = std::max(floor, record.id.n);
    step_.put("item/" + item.name, item.ledger.json().dump());
    step_.erase(op_key);
    step_.erase(key);
  }
}

}  // namespace bascule::oversell
