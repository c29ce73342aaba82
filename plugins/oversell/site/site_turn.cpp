#include "oversell/site/site_turn.hpp"

#include <vector>

namespace bascule::oversell {

void SiteTurn::run() {
  if (input_.origin() == options_.bridge_id && input_.epoch() != books_.epoch()) adopt_epoch();
  switch (input_.kind()) {
    case plugin::Input::Kind::message:
      return message();
    case plugin::Input::Kind::wake:
      if (input_.topic().starts_with("ask/")) {
        books_.fall_silent();
        devices_.decide_waiting(std::string(input_.topic()));
      }
      return;
    case plugin::Input::Kind::link:
      if (input_.payload() == "down") devices_.decide_all_waiting();
      return;
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
  books_.adopt(input_.epoch());
  if (restored) {
    step_.log(plugin::Level::warning, "another epoch of the journal: no rights until asked for");
    tell_again();
    forget_waiting();
  }
  std::vector<std::string> items;
  step_.scan("item/", "item/", [&](std::string_view key, std::string_view) {
    items.emplace_back(key.substr(5));
    return true;
  });
  for (const auto& name : items) {
    auto item = books_.open_item(name);
    books_.claim(item);
    books_.close_item(item);
  }
}

void SiteTurn::tell_again() {
  std::vector<std::string> ops;
  step_.scan("op/", "op/", [&](std::string_view, std::string_view value) {
    ops.emplace_back(value);
    return true;
  });
  for (const auto& value : ops) {
    const auto own = OwnOp::of(parse_object(value));
    if (own.seen == 0 || !own.final) books_.send(own.op);
  }
}

// Who waited when the copy was made was answered since, or has gone; nobody knows which. What the
// authority has sold them stays sold: to withdraw it would free a seat that somebody may hold.
void SiteTurn::forget_waiting() {
  for (const auto& key : devices_.stop_waiting()) step_.erase(key);
}

}  // namespace bascule::oversell
