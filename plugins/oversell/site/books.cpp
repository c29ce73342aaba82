#include "oversell/site/books.hpp"

#include <utility>
#include <vector>

namespace bascule::oversell {

namespace {

// Epochs come and go with the years; an item that names an older one than these was not heard of
// for as long.
constexpr std::size_t contacts_per_hub = 16;

// A stamp further ahead of a clock that is kept right is of one that was not. Less may be an input
// that has waited.
constexpr std::int64_t ahead_ms = 3'600'000;

}  // namespace

void SiteBooks::adopt(std::string_view epoch) {
  epoch_ = epoch;
  step_.put("self", Json{{"epoch", epoch_}}.dump());
}

Contact SiteBooks::contact(const OpenItem& item) const {
  const auto stored = step_.get("hub/" + item.state.hub().path());
  return stored ? Contact::of(parse_object(*stored)) : Contact();
}

void SiteBooks::fall_silent(const OpenItem& item) {
  auto contact = this->contact(item);
  contact.silent = true;
  step_.put("hub/" + item.state.hub().path(), contact.json().dump());
}

// What was sent before something that has come already proves nothing more.
void SiteBooks::heard(const Hub& hub, std::int64_t sent_ms, bool trusted) {
  const auto key = "hub/" + hub.path();
  const auto now = Moment::of(input_);
  Contact contact;
  contact.at = oversell::contact(now, sent_ms, trusted);
  const auto stored = step_.get(key);
  if (stored) {
    const auto before = Contact::of(parse_object(*stored)).at;
    const auto age = before ? age_ms(*before, now) : std::nullopt;
    const auto fresh = age_ms(*contact.at, now);
    if (age && fresh && *age < *fresh) contact.at = before;
  } else {
    forget_oldest_contact(hub.id);
  }
  step_.put(key, contact.json().dump());
}

void SiteBooks::forget_oldest_contact(const std::string& hub) {
  const auto prefix = "hub/" + hub + "/";
  std::pair<std::int64_t, std::string> oldest;
  std::size_t count = 0;
  step_.scan(prefix, prefix, [&](std::string_view key, std::string_view value) {
    const auto at = Contact::of(parse_object(value)).at;
    const std::pair<std::int64_t, std::string> one{at ? at->wall_ms : 0, key};
    if (count++ == 0 || one < oldest) oldest = one;
    return true;
  });
  if (count >= contacts_per_hub) step_.erase(oldest.second);
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
  op.hub = item.state.hub().id;
  op.quantity = quantity;
  op.trusted = input_.clock_trusted();
  const auto wall_ms = input_.wall_ms();
  if (op.trusted && item.state.stamp_ms > wall_ms + ahead_ms) {
    step_.log(plugin::Level::warning,
              "item " + item.name + ": the clock ran ahead; times of sales go by it again");
    item.state.stamp_ms = 0;
  }
  item.state.stamp(op, wall_ms);
  return op;
}

OwnOp SiteBooks::keep(OpenItem& item, const Op& op, std::int64_t net, std::int64_t open) {
  OwnOp own;
  own.op = op;
  own.net = net;
  own.open = open;
  item.state.local += net;
  item.state.local_open += open;
  store(own);
  return own;
}

bool SiteBooks::mark(OpenItem& item, OwnOp& own, const Hub& hub, std::int64_t version) {
  const auto own_hub = item.state.hub();
  if (own.seen != 0 && (own.seen_by == hub || own.seen_by == own_hub)) return false;
  if (own.seen != 0) step_.erase(own.seen_key());
  own.seen = version;
  own.seen_by = hub;
  if (hub == own_hub && version <= item.state.snapshot->version) {
    count(item, own);
    return true;
  }
  step_.put(own.seen_key(), "");
  // Perhaps the word of one that is no more: the one that the item has now may not know.
  if (hub != own_hub) send(own.op);
  return false;
}

void SiteBooks::count_seen(OpenItem& item) {
  const auto prefix = "seen/" + item.name + "/" + item.state.hub().path() + "/";
  const auto until = prefix + number_key(item.state.snapshot->version + 1);
  std::vector<std::string> seen;
  step_.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    if (key >= until) return false;
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
}

void SiteBooks::change_hub(OpenItem& item) {
  const auto hub = item.state.hub();
  std::vector<std::string> all;
  const auto prefix = "op/" + item.name + "/";
  step_.scan(prefix, prefix, [&](std::string_view, std::string_view value) {
    all.emplace_back(value);
    return true;
  });
  for (const auto& value : all) {
    auto own = OwnOp::of(parse_object(value));
    if (own.seen != 0 && own.seen_by == hub) continue;
    if (own.seen != 0 && !own.counted) step_.erase(own.seen_key());
    if (own.counted) {
      item.state.local += own.net;
      item.state.local_open += own.open;
      if (own.net > 0) item.state.counted -= own.net;
      own.counted = false;
    }
    if (own.reversed) {
      count(item, own);
      store(own);
      continue;
    }
    own.seen = 0;
    own.seen_by = {};
    own.op.hub = hub.id;
    own.op.settled = own.op.kind == Op::Kind::sale && own.final && !own.op.by_quota;
    store(own);
    send(own.op);
  }
}

void SiteBooks::store(const OwnOp& own) {
  if (own.counted && own.final) return step_.erase(own.key());
  step_.put(own.key(), own.json().dump());
}

void SiteBooks::count(OpenItem& item, OwnOp& own) {
  item.state.local -= own.net;
  item.state.local_open -= own.open;
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
  const auto heard_at = contact(item).at;
  Json json{{"item", item.name},
            {"capacity", item.state.snapshot->capacity},
            {"available", item.state.available()},
            {"as_of_ms", heard_at ? heard_at->wall_ms : 0}};
  if (item.state.has_quota()) json["rights"] = item.state.escrow.rights(holder());
  tell_here(options_.topics.availability.fill({{"item", item.name}}), json, true);
}

// The first journal of a site gets its allotment by this; another one only what it asks for. An
// authority whose journal is another one learns by it what was given and used.
void SiteBooks::claim(OpenItem& item) {
  const auto whose = epoch_ + " " + item.state.hub().path();
  if (epoch_.empty() || !item.state.has_quota() || item.state.claimed == whose) return;
  item.state.claimed = whose;
  auto op = new_op(Op::Kind::rights, item, next_id(item), 0);
  op.row = item.state.escrow.row(holder());
  op.row.merge(item.state.escrow.gift(authority_holder, holder()));
  send(op);
}

}  // namespace bascule::oversell
