#include "policies/oversell/world.hpp"

#include <algorithm>

namespace bascule::oversell::test {

std::int64_t at(const std::string& time) {
  const auto part = [&](std::size_t place) { return std::stoll(time.substr(place, 2)); };
  return 1'790'000'000'000 / 86'400'000 * 86'400'000 +
         ((part(0) * 60 + part(3)) * 60 + part(6)) * 1000;
}

World::World(const Json& authority, const std::vector<std::string>& names, const Json& site)
    : now_ms(at("08:59:00")), hub("hub", authority) {
  for (const auto& name : names) sites.emplace(name, Site{PolicyBox(name, site)});
  set_clocks();
  take_from_hub(hub.step({plugin::Input::Kind::link, plugin::Direction::down, "", "up"}));
  // As a bridge does: what the broker had comes first, then it is told that the line is up.
  for (auto& [name, at_site] : sites) {
    while (deliver_down(name)) {
    }
    join(name);
  }
}

void World::set_clocks() {
  hub.wall_ms = now_ms;
  hub.boottime_ms = now_ms - at("00:00:00");
  for (auto& [name, site] : sites) {
    site.box.wall_ms = now_ms;
    site.box.boottime_ms = hub.boottime_ms;
  }
}

void World::advance(std::int64_t to_ms) {
  while (true) {
    PolicyBox* next = nullptr;
    std::pair<std::int64_t, std::string> first{to_ms + 1, ""};
    const auto look = [&](PolicyBox& box) {
      for (const auto& [name, when] : box.wakes) {
        if (std::max(when, now_ms) < first.first) {
          first = {std::max(when, now_ms), name};
          next = &box;
        }
      }
    };
    look(hub);
    for (auto& [name, site] : sites) look(site.box);
    if (next == nullptr) break;
    now_ms = first.first;
    set_clocks();
    wake(*next, first.second);
    pump();
  }
  now_ms = to_ms;
  set_clocks();
}

void World::wake(PolicyBox& box, const std::string& name) {
  const auto sent = box.step({plugin::Input::Kind::wake, plugin::Direction::down, name});
  if (&box == &hub) return take_from_hub(sent);
  take_from_site(sites.at(box.id), sent);
}

void World::pump() {
  for (bool moved = true; moved;) {
    moved = false;
    for (auto& [name, site] : sites) {
      while (deliver_up(name)) moved = true;
      while (deliver_down(name)) moved = true;
    }
  }
}

bool World::deliver_up(const std::string& name) {
  auto& site = sites.at(name);
  if (!site.line_up || site.up_cursor == site.up.size()) return false;
  const auto message = site.up[site.up_cursor++];
  Given given{plugin::Input::Kind::message, plugin::Direction::up, message.topic, message.payload};
  given.origin = name;
  take_from_hub(hub.step(given));
  return true;
}

bool World::deliver_down(const std::string& name) {
  auto& site = sites.at(name);
  if (!site.line_up || site.down_cursor == site.down.size()) return false;
  const auto message = site.down[site.down_cursor++];
  Given given{plugin::Input::Kind::message, plugin::Direction::down, message.topic,
              message.payload};
  given.origin = "hub";
  take_from_site(site, site.box.step(given));
  return true;
}

void World::take_from_hub(const std::vector<Sent>& sent) {
  for (const auto& message : sent) {
    bool for_sites = false;
    for (auto& [name, site] : sites) {
      const bool takes = message.topic == "oversell/inbox/" + name ||
                         message.topic.starts_with("oversell/item/") ||
                         message.topic == "oversell/alive";
      for_sites = for_sites || takes;
      if (takes && (message.qos > 0 || site.line_up)) site.down.push_back(message);
    }
    if (!for_sites) central.push_back(message);
  }
}

void World::take_from_site(Site& site, const std::vector<Sent>& sent) {
  for (const auto& message : sent) {
    if (message.direction == plugin::Direction::up) {
      site.up.push_back(message);
    } else if (!message.correlation.empty()) {
      const auto reply = message.json();
      if (reply["result"] != "SELL" && reply["result"] != "REFUSE") {
        site.outcomes[message.correlation].push_back(reply);
        continue;
      }
      site.replies[message.correlation] = reply;
      if (reply["result"] == "SELL") site.tickets[message.correlation] = reply["quantity"];
      ++site.reply_count[message.correlation];
    } else {
      site.devices.push_back(message);
    }
  }
}

void World::cut(const std::string& name) {
  auto& site = sites.at(name);
  site.line_up = false;
  site.box.central_up = false;
  take_from_site(site,
                 site.box.step({plugin::Input::Kind::link, plugin::Direction::down, "", "down"}));
}

void World::join(const std::string& name) {
  auto& site = sites.at(name);
  site.line_up = true;
  site.box.central_up = true;
  take_from_site(site,
                 site.box.step({plugin::Input::Kind::link, plugin::Direction::down, "", "up"}));
}

void World::ask(const std::string& name, const std::string& correlation, const Json& payload,
                const std::string& item) {
  auto& site = sites.at(name);
  Given given{plugin::Input::Kind::message, plugin::Direction::up, "seats/" + item + "/request",
              payload.dump()};
  given.response_topic = "devices/till/answers";
  given.correlation = correlation;
  take_from_site(site, site.box.step(given));
}

void World::device(const std::string& name, const std::string& topic, const Json& payload) {
  auto& site = sites.at(name);
  take_from_site(site, site.box.step({plugin::Input::Kind::message, plugin::Direction::up, topic,
                                      payload.dump()}));
}

void World::centre(const std::string& topic, const Json& payload) {
  take_from_hub(
      hub.step({plugin::Input::Kind::message, plugin::Direction::up, topic, payload.dump()}));
}

void World::resolve(std::int64_t number, const Json& choice) {
  take_from_hub(hub.step({plugin::Input::Kind::resolution, plugin::Direction::down,
                          std::to_string(number), choice.dump()}));
}

Json World::ledger(const std::string& item) const {
  return Json::parse(hub.state.at("item/" + item));
}

std::vector<Json> World::told(const std::string& topic) const {
  std::vector<Json> list;
  for (const auto& message : central) {
    if (message.topic == topic) list.push_back(message.json());
  }
  return list;
}

std::vector<Json> World::told_at(const std::string& site, const std::string& topic) const {
  std::vector<Json> list;
  for (const auto& message : sites.at(site).devices) {
    if (message.topic == topic) list.push_back(message.json());
  }
  return list;
}

Json World::shown(const std::string& site, const std::string& item) const {
  const auto all = told_at(site, "seats/" + item + "/availability");
  return all.empty() ? Json() : all.back();
}

std::vector<Json> World::final_verdicts(const std::string& site) const {
  std::vector<Json> list;
  for (const auto& message : sites.at(site).down) {
    if (message.topic != "oversell/inbox/" + site) continue;
    auto json = message.json();
    if (json.at("kind") == "verdict" && json.at("final") == true) list.push_back(json);
  }
  return list;
}

}  // namespace bascule::oversell::test
