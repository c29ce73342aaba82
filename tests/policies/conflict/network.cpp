#include "policies/conflict/network.hpp"

#include "conflict/site/site_turn.hpp"

namespace bascule::test {

Network::Network(const Json& more, const Json& for_sites) : hub(more) {
  for (const std::string id : {"A", "B", "C"}) {
    Json json{{"role", "site"},
              {"record", "edits/{id}"},
              {"topics", {{"canonical", "records/{id}"}, {"view", "shown/{id}"}}}};
    json.merge_patch(more);
    json.merge_patch(for_sites);
    auto& site = sites[id];
    site.id = id;
    site.options = options_of(json, id);
  }
}

void Network::decide(Site& site, const Message& message) {
  const MemoryHost::DecideInCpp step = [&](plugin::Step& its_step, const plugin::Input& input) {
    conflict::decide_at_site(site.options, its_step, input);
  };
  if (!site.host.step(step, message)) {
    site.host.crash_after.reset();  // it starts again
    if (!site.host.step(step, message)) throw std::runtime_error(site.host.failure);
  }
  for (const auto& sent : site.host.sent) {
    if (sent.direction == plugin::Direction::up) {
      Message next;
      next.origin = site.id;
      next.lane = "up";
      next.sequence = ++site.sent_up;
      next.topic = sent.topic;
      next.payload = sent.payload;
      next.properties = sent.properties;
      if (const auto hlc = conflict::parse_hlc(sent.property("hlc"))) site.stamps.push_back(*hlc);
      site.up.push_back(next);
    } else if (sent.topic.starts_with("verdicts/")) {
      site.verdicts.push_back(sent.json());
    } else {
      site.shown[sent.topic] = sent.payload;
    }
  }
}

void Network::publish(const std::string& id, Message message) {
  auto& site = sites.at(id);
  message.origin = id;
  message.lane = "local";
  message.sequence = ++site.sequence;
  if (message.boottime_ms == 0) message.boottime_ms = message.wall_ms;
  decide(site, message);
}

void Network::edit(const std::string& id, const Json& fields, std::int64_t at,
                   const std::string& record, std::int64_t ahead_ms) {
  Message message;
  message.topic = "edits/" + record;
  message.payload = fields.is_null() ? "" : fields.dump();
  message.wall_ms = at + ahead_ms;
  message.trusted = ahead_ms == 0;
  message.boottime_ms = at;
  publish(id, message);
}

void Network::send_up(const std::string& id) {
  auto& site = sites.at(id);
  for (; !site.up.empty(); site.up.pop_front()) {
    auto message = site.up.front();
    message.wall_ms = now;
    try {
      hub.message(message);
    } catch (const std::runtime_error&) {
      hub.host.crash_after.reset();
      hub.message(message);
    }
    hand_down();
  }
}

void Network::hand_down() {
  for (const auto& sent : hub.host.sent) {
    Message next;
    next.direction = plugin::Direction::down;
    next.origin = "hub";
    next.lane = "down";
    next.sequence = ++hub.sequence;
    next.topic = sent.topic;
    next.payload = sent.payload;
    next.properties = sent.properties;
    for (auto& [name, other] : sites) {
      const bool for_it =
          sent.topic == "verdicts/" + name || sent.topic == "marks/" + name + "/ask";
      if (sent.topic.starts_with("records/") || for_it) {
        other.down.push_back(next);
      }
    }
  }
}

void Network::wake_hub() {
  const auto wakes = hub.host.wakes;
  for (const auto& [name, at] : wakes) {
    if (at > now) continue;
    hub.wake(name, now);
    hand_down();
  }
}

void Network::wake_site(const std::string& id) {
  auto& site = sites.at(id);
  const auto wakes = site.host.wakes;
  for (const auto& [name, at] : wakes) {
    if (at > now) continue;
    Message wake;
    wake.kind = plugin::Input::Kind::wake;
    wake.topic = name;
    wake.wall_ms = wake.boottime_ms = now;
    decide(site, wake);
  }
}

void Network::bring_down(const std::string& id) {
  auto& site = sites.at(id);
  for (; !site.down.empty(); site.down.pop_front()) {
    auto message = site.down.front();
    message.wall_ms = now;
    message.boottime_ms = now;
    decide(site, message);
  }
}

void Network::sync(const std::string& id) {
  send_up(id);
  bring_down(id);
}

void Network::sync_all() {
  for (const auto& [id, site] : sites) send_up(id);
  for (const auto& [id, site] : sites) bring_down(id);
}

std::string Network::shown(const std::string& id, const std::string& record) {
  return sites.at(id).shown["shown/" + record];
}

std::size_t Network::pending(const std::string& id) const {
  std::size_t count = 0;
  for (const auto& [key, value] : sites.at(id).host.state) count += key[0] == 'p';
  return count;
}

}  // namespace bascule::test
