#include "oversell/site/site_turn.hpp"

#include <vector>

namespace bascule::oversell {

void SiteTurn::run() {
  read_self();
  if (input_.origin() == options_.bridge_id && input_.epoch() != epoch_) adopt_epoch();
  switch (input_.kind()) {
    case plugin::Input::Kind::message:
      return message();
    case plugin::Input::Kind::wake:
      if (input_.topic().starts_with("ask/")) {
        silent_ = true;
        write_self();
        decide_waiting(std::string(input_.topic()));
      }
      return;
    case plugin::Input::Kind::link:
      if (input_.payload() == "down") decide_all_waiting();
      return;
    case plugin::Input::Kind::resolution:
      return;
  }
}

void SiteTurn::message() {
  const auto topic = input_.topic();
  const auto& topics = options_.topics;
  if (const auto found = topics.request.match(topic)) return request(*found);
  if (const auto found = topics.sold.match(topic)) return sold(found->at("item"));
  if (const auto found = topics.available.match(topic)) return available(found->at("item"));
  if (const auto found = topics.transfer.match(topic)) return transfer(found->at("item"));
  if (topics.snapshot.match(topic)) return snapshot();
  if (topics.alive.match(topic)) return alive();
  if (topics.inbox.match(topic)) return notice();
  throw std::runtime_error("no topic of a site: " + std::string(topic));
}

// The journal is new, or was restored: then its rights are not this journal's, since what it sold
// after the copy was made is not known here. What was not confirmed is told again under its old
// name; the authority knows what it has. Snapshots may have come before this was known.
void SiteTurn::adopt_epoch() {
  const bool restored = !epoch_.empty();
  epoch_ = input_.epoch();
  write_self();
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
    auto item = open_item(name);
    claim(item);
    close_item(item);
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
    if (own.seen == 0 || !own.final) send(own.op);
  }
}

// Who waited when the copy was made was answered since, or has gone; nobody knows which. What the
// authority has sold them stays sold: to withdraw it would free a seat that somebody may hold.
void SiteTurn::forget_waiting() {
  for (const auto& key : stop_waiting()) step_.erase(key);
}

void SiteTurn::read_self() {
  const auto stored = step_.get("self");
  if (!stored) return;
  const auto self = parse_object(*stored);
  epoch_ = text(self, "epoch");
  silent_ = flag(self, "silent");
  if (self.contains("contact")) contact_ = Moment::of(self.at("contact"));
}

void SiteTurn::write_self() {
  Json self{{"epoch", epoch_}, {"silent", silent_}};
  if (contact_) self["contact"] = contact_->json();
  step_.put("self", self.dump());
}

// The authority is there, and what it has told so far is current.
void SiteTurn::heard(std::int64_t sent_ms, bool trusted) {
  contact_ = contact(Moment::of(input_), sent_ms, trusted);
  silent_ = false;
  write_self();
}

SiteTurn::Item SiteTurn::open_item(const std::string& name) const {
  const auto stored = step_.get("item/" + name);
  return {name, stored ? SiteItem::of(parse_object(*stored)) : SiteItem()};
}

void SiteTurn::close_item(const Item& item) {
  step_.put("item/" + item.name, item.state.json().dump());
}

OpId SiteTurn::next_id(Item& item) {
  return {item.name, options_.bridge_id, epoch_, ++item.state.n};
}

Op SiteTurn::new_op(Op::Kind kind, Item& item, const OpId& id, std::int64_t quantity) {
  Op op;
  op.kind = kind;
  op.id = id;
  op.quantity = quantity;
  op.trusted = input_.clock_trusted();
  item.state.stamp(op, input_.wall_ms());
  return op;
}

// `seen`: the version that has it, if the authority has said so already.
void SiteTurn::keep(Item& item, const Op& op, std::int64_t net, bool by_rights, std::int64_t seen) {
  OwnOp own{op, net, by_rights, seen, false, seen != 0};
  item.state.local += net;
  if (!by_rights) item.state.local_open += net;
  if (seen != 0 && item.state.snapshot && seen <= item.state.snapshot->version) {
    count(item, own);
  } else if (seen != 0) {
    step_.put(own.seen_key(), "");
  }
  store(own);
}

void SiteTurn::store(const OwnOp& own) {
  if (own.counted && own.final) return step_.erase(own.key());
  step_.put(own.key(), own.json().dump());
}

// The snapshot has it now.
void SiteTurn::count(Item& item, OwnOp& own) {
  item.state.local -= own.net;
  if (!own.by_rights) item.state.local_open -= own.net;
  if (own.net > 0) item.state.counted += own.net;
  own.counted = true;
}

void SiteTurn::send(const Op& op) {
  plugin::Output output;
  output.direction = plugin::Direction::up;
  output.topic = options_.topics.ops.fill({{"site", options_.bridge_id}});
  output.payload = op.json().dump();
  output.content_type = "application/json";
  step_.emit(output);
}

void SiteTurn::tell_here(std::string topic, const Json& json, bool retain) {
  plugin::Output output;
  output.direction = plugin::Direction::down;
  output.topic = std::move(topic);
  output.payload = json.dump();
  output.retain = retain;
  output.content_type = "application/json";
  step_.emit(output);
}

// To the tills and menu boards: what the snapshot says, less what was sold here since.
void SiteTurn::show(const Item& item) {
  if (!item.state.snapshot) return;
  Json json{{"item", item.name},
            {"capacity", item.state.snapshot->capacity},
            {"available", item.state.available()},
            {"as_of_ms", contact_ ? contact_->wall_ms : 0}};
  if (item.state.has_quota()) json["rights"] = item.state.escrow.rights(holder());
  tell_here(options_.topics.availability.fill({{"item", item.name}}), json, true);
}

}  // namespace bascule::oversell
