#include "oversell/site/site_turn.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace bascule::oversell {

void SiteTurn::run() {
  if (input_.bridge_epoch() != books_.epoch()) adopt_epoch();
  devices_.watch_clock();
  switch (input_.kind()) {
    case plugin::Input::Kind::message:
      return message();
    case plugin::Input::Kind::wake:
      if (input_.topic().starts_with("ask/")) {
        devices_.time_out(std::string(input_.topic()));
      } else if (input_.topic() == "round") {
        go_on();
      }
      return;
    case plugin::Input::Kind::link:
      return input_.payload() == "down" ? devices_.decide_all_waiting() : devices_.wait_anew();
    case plugin::Input::Kind::resolution:
      return;
  }
}

void SiteTurn::message() {
  const auto topic = input_.topic();
  const auto& topics = options_.topics;
  if (devices_.take()) return;
  if (topics.snapshot.match(topic)) return news_.snapshot();
  if (topics.alive.match(topic)) return news_.alive();
  if (topics.inbox.match(topic)) return news_.notice();
  throw std::runtime_error("no topic of a site: " + std::string(topic));
}

// The journal is new, or was restored: then its rights are not this journal's, since what it sold
// after the copy was made is not known here. What was not confirmed is told again under its old
// name; the authority knows what it has. Snapshots may have come before this was known.
void SiteTurn::adopt_epoch() {
  const bool restored = !books_.epoch().empty();
  books_.adopt(input_.bridge_epoch());
  if (restored) {
    step_.log(plugin::Level::warning, "another epoch of the journal: no rights until asked for");
    forget_waiting();
  }
  go_round(restored ? "op/" : "item/", "");
}

void SiteTurn::go_on() {
  const auto round = step_.get("round");
  if (!round) return;
  const auto json = parse_object(*round);
  go_round(text(json, "stage"), text(json, "from"));
}

// First the ops that were not confirmed; then, of all items, the rights, and what is shown, which
// may be of what this journal does not know. In portions, for there may be many. `stage` is a
// prefix of keys, `from` the first key that is not done.
void SiteTurn::go_round(std::string stage, std::string from) {
  std::vector<std::pair<std::string, std::string>> part;
  std::string next;
  step_.scan(stage, std::max(stage, from), [&](std::string_view key, std::string_view value) {
    if (part.size() == portion) next = key;
    if (next.empty()) part.emplace_back(key, value);
    return next.empty();
  });
  if (stage == "op/") {
    for (const auto& [key, value] : part) tell_again(OwnOp::of(parse_object(value)));
    if (next.empty()) return go_round("item/", "");
  } else {
    for (const auto& [key, value] : part) {
      auto item = books_.open_item(key.substr(5));
      books_.claim(item);
      books_.close_item(item);
      books_.show(item);
    }
  }
  if (next.empty()) return step_.erase("round");
  step_.put("round", Json{{"stage", stage}, {"from", next}}.dump());
  step_.wake_at("round", input_.wall_ms());
}

// What this journal has made itself is on its way.
void SiteTurn::tell_again(const OwnOp& own) {
  if (own.op.id.epoch == books_.epoch()) return;
  if (own.seen == 0 || !own.final) books_.send(own.op);
}

// Who waited when the copy was made was answered since, or has gone; nobody knows which. What the
// authority has sold them stays sold: to withdraw it would free a seat that somebody may hold.
void SiteTurn::forget_waiting() {
  for (const auto& key : devices_.stop_waiting()) step_.erase(key);
}

}  // namespace bascule::oversell
