#include "oversell/authority/authority_turn.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
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

// Whose name it is: versions of one journal of one hub compare, those of another do not. The
// heartbeat begins with the first input, as do configured items; those that the file names later
// begin with the next.
void AuthorityTurn::learn() {
  const auto stored = step_.get("self");
  if (stored) self_ = parse_object(*stored);
  Hub hub{text_or(self_, "hub", ""), text_or(self_, "generation", "")};
  const Hub own{options_.bridge_id, std::string(input_.bridge_epoch())};
  const bool other = hub != own;
  if (other) hub = own;
  books_.set_hub(hub);
  const bool more = text_or(self_, "items", "") != options_.items_digest;
  self_["hub"] = hub.id;
  self_["generation"] = hub.epoch;
  self_["items"] = options_.items_digest;
  if (!stored) wake_alive(input_.wall_ms());
  if (stored && was_set_back()) set_back();
  if (!stored || other || more) {
    step_.put("self", self_.dump());
    begin_round(other ? "announce" : "open");
  }
}

void AuthorityTurn::wake_alive(std::int64_t at_ms) {
  self_["alive"] = at_ms;
  self_["noted"] = {input_.boot(), input_.boottime_ms(), input_.wall_ms()};
  step_.put("self", self_.dump());
  step_.wake_at("alive", at_ms);
}

// Since the heartbeat was noted. Inputs of two lanes may be seen long after each other, so that an
// earlier time alone says nothing; but within one boot both clocks go on together.
bool AuthorityTurn::was_set_back() const {
  constexpr std::int64_t tolerance_ms = 60'000;
  const auto noted = self_.value("noted", std::vector<std::int64_t>{});
  if (noted.size() != 3 || input_.boot() < noted[0]) return false;
  const auto passed_ms = input_.boot() == noted[0] ? input_.boottime_ms() - noted[1] : 0;
  return input_.wall_ms() < noted[2] + passed_ms - tolerance_ms;
}

// The wall clock ran ahead when times to wake were noted: they lie further off than they ever were
// meant to.
void AuthorityTurn::set_back() {
  const auto now = input_.wall_ms();
  step_.log(plugin::Level::warning,
            "the clock ran ahead and was set back: the next heartbeat was noted for " +
                std::to_string((self_.at("alive").get<std::int64_t>() - now) / 1000) +
                " s from now; it goes on at once");
  wake_alive(now);
  Verdicts(options_, step_, input_, books_).wake_anew();
}

// All items are announced anew, for the sites compare versions of one journal only; then those that
// are configured and not there yet begin. In portions: there may be many.
void AuthorityTurn::begin_round(std::string_view stage) {
  if (const auto round = step_.get("round")) {
    const auto json = parse_object(*round);
    if (text(json, "stage") == "announce" && stage == "open") return;
  }
  go_round(std::string(stage), "");
}

void AuthorityTurn::go_on() {
  const auto round = step_.get("round");
  if (!round) return;
  const auto json = parse_object(*round);
  go_round(text(json, "stage"), text(json, "from"));
}

// `from`: the first name that is not done.
void AuthorityTurn::go_round(std::string stage, std::string from) {
  std::vector<std::string> names;
  std::optional<std::string> next;
  const auto take = [&](std::string name) {
    if (names.size() < portion) {
      names.push_back(std::move(name));
    } else {
      next = std::move(name);
    }
    return !next;
  };
  if (stage == "announce") {
    step_.scan("item/", "item/" + from, [&](std::string_view key, std::string_view) {
      return take(std::string(key.substr(5)));
    });
    if (!next) {
      stage = "open";
      from.clear();
    }
  }
  if (stage == "open" && !next) {
    for (auto one = options_.authority_items.lower_bound(from);
         one != options_.authority_items.end(); ++one) {
      if (!one->second.capacity || step_.get("item/" + one->first)) continue;
      if (!take(one->first)) break;
    }
  }
  for (const auto& name : names) {
    auto item = books_.open_item(name);
    books_.touch(item);
    books_.close_item(item);
  }
  if (!next) return step_.erase("round");
  step_.put("round", Json{{"stage", stage}, {"from", *next}}.dump());
  step_.wake_at("round", input_.wall_ms());
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
  if (name == "round") return go_on();
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
  output.payload = Heartbeat{books_.hub(), input_.wall_ms(), input_.clock_trusted()}.json().dump();
  output.qos = 0;
  output.expiry_s = options_.heartbeat_s;
  step_.emit(output);
  wake_alive(input_.wall_ms() + options_.heartbeat_s * 1000);
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
