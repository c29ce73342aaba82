#include "oversell/site/books.hpp"

namespace bascule::oversell {

void SiteBooks::read_self() {
  const auto stored = step_.get("self");
  if (!stored) return;
  const auto self = parse_object(*stored);
  epoch_ = text(self, "epoch");
  silent_ = flag(self, "silent");
  if (self.contains("contact")) contact_ = Moment::of(self.at("contact"));
}

void SiteBooks::adopt(std::string_view epoch) {
  epoch_ = epoch;
  write_self();
}

void SiteBooks::fall_silent() {
  silent_ = true;
  write_self();
}

void SiteBooks::write_self() {
  Json self{{"epoch", epoch_}, {"silent", silent_}};
  if (contact_) self["contact"] = contact_->json();
  step_.put("self", self.dump());
}

// The authority is there, and what it has told so far is current.
void SiteBooks::heard(std::int64_t sent_ms, bool trusted) {
  contact_ = oversell::contact(Moment::of(input_), sent_ms, trusted);
  silent_ = false;
  write_self();
}

OpenItem SiteBooks::open_item(const std::string& name) const {
  const auto stored = step_.get("item/" + name);
  return {name, stored ? SiteItem::of(parse_object(*stored)) : SiteItem()};
}

void SiteBooks::close_item(const OpenItem& item) {
  step_.put("item/" + item.name, item.state.json().dump());
}

OpId SiteBooks::next_id(OpenItem& item) {
  return {item.name, options_.bridge_id, epoch_, ++item.state.n};
}

Op SiteBooks::new_op(Op::Kind kind, OpenItem& item, const OpId& id, std::int64_t quantity) {
  Op op;
  op.kind = kind;
  op.id = id;
  op.quantity = quantity;
  op.trusted = input_.clock_trusted();
  item.state.stamp(op, input_.wall_ms());
  return op;
}

void SiteBooks::keep(OpenItem& item, const Op& op, std::int64_t net, bool by_rights,
                     std::int64_t seen) {
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

void SiteBooks::store(const OwnOp& own) {
  if (own.counted && own.final) return step_.erase(own.key());
  step_.put(own.key(), own.json().dump());
}

void SiteBooks::count(OpenItem& item, OwnOp& own) {
  item.state.local -= own.net;
  if (!own.by_rights) item.state.local_open -= own.net;
  if (own.net > 0) item.state.counted += own.net;
  own.counted = true;
}

void SiteBooks::send(const Op& op) {
  plugin::Output output;
  output.direction = plugin::Direction::up;
  output.topic = options_.topics.ops.fill({{"site", options_.bridge_id}});
  output.payload = op.json().dump();
  output.content_type = "application/json";
  step_.emit(output);
}

void SiteBooks::tell_here(std::string topic, const Json& json, bool retain) {
  plugin::Output output;
  output.direction = plugin::Direction::down;
  output.topic = std::move(topic);
  output.payload = json.dump();
  output.retain = retain;
  output.content_type = "application/json";
  step_.emit(output);
}

// To the tills and menu boards: what the snapshot says, less what was sold here since.
void SiteBooks::show(const OpenItem& item) {
  if (!item.state.snapshot) return;
  Json json{{"item", item.name},
            {"capacity", item.state.snapshot->capacity},
            {"available", item.state.available()},
            {"as_of_ms", contact_ ? contact_->wall_ms : 0}};
  if (item.state.has_quota()) json["rights"] = item.state.escrow.rights(holder());
  tell_here(options_.topics.availability.fill({{"item", item.name}}), json, true);
}

// The first journal of a site gets its allotment by this; another one only what it asks for.
void SiteBooks::claim(OpenItem& item) {
  if (epoch_.empty() || !item.state.has_quota() || item.state.claimed == epoch_) return;
  item.state.claimed = epoch_;
  auto op = new_op(Op::Kind::rights, item, next_id(item), 0);
  op.row = item.state.escrow.row(holder());
  send(op);
}

}  // namespace bascule::oversell
