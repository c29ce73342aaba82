#include "policies/transform/box.hpp"

#include <algorithm>
#include <stdexcept>

namespace bascule::transform::test {

Box::Box(const Json& options) : options_(options), instance_("plant-7", options_) {}

std::vector<Sent> Box::take(const std::string& topic, const std::string& payload) {
  Message message;
  message.topic = topic;
  message.payload = payload;
  return take(std::move(message));
}

std::vector<Sent> Box::take(Message message) {
  message.origin = "plant-7";
  message.lane = "policy/readings";
  message.sequence = inputs + 1;
  message.wall_ms = wall_ms;
  message.boottime_ms = boottime_ms;
  message.boot = boot;
  bool done = attempt(message);
  if (!done && crash_after) {
    ++crashes;
    crash_after.reset();
    instance_ = bascule::test::PluginInstance("plant-7", options_);
    done = attempt(message);
  }
  crash_after.reset();
  if (!done) throw std::runtime_error(failure);
  return sent;
}

bool Box::attempt(const Message& message) {
  const Decide decide = [this](bascule_step* raw, const bascule_input& input) {
    return instance_.decide(raw, input);
  };
  return MemoryHost::step(decide, message);
}

std::string Box::made(const std::string& topic, const std::string& payload) {
  const auto all = take(topic, payload);
  if (all.size() > 1) throw std::runtime_error("more than one message");
  return all.empty() ? "" : all.front().payload;
}

std::vector<Sent> Box::pass(std::int64_t ms) {
  std::vector<Sent> all;
  const auto until = wall_ms + ms;
  while (true) {
    const auto next =
        std::min_element(wakes.begin(), wakes.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (next == wakes.end() || next->second > until) break;
    const auto [name, at] = *next;
    const auto later = std::max<std::int64_t>(at - wall_ms, 0);
    wall_ms += later;
    boottime_ms += later;
    Message wake;
    wake.kind = plugin::Input::Kind::wake;
    wake.direction = plugin::Direction::down;
    wake.topic = name;
    wake.payload = std::to_string(at);
    for (auto& one : take(std::move(wake))) all.push_back(std::move(one));
  }
  boottime_ms += until - wall_ms;
  wall_ms = until;
  return all;
}

void Box::change(const Json& options) {
  options_ = options;
  instance_ = bascule::test::PluginInstance("plant-7", options_);
}

std::uint64_t Box::counted(const std::string& what, const std::string& reason) const {
  const auto kept = state.find("counts");
  if (kept == state.end()) return 0;
  const auto counts = Json::parse(kept->second)["counts"];
  return counts.value(what, Json::object()).value(reason, std::uint64_t(0));
}

std::string problems_of(std::string_view options) {
  try {
    Box::of(options);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

std::vector<std::string> payloads(const std::vector<Sent>& sent) {
  std::vector<std::string> all;
  for (const auto& one : sent) all.push_back(one.payload);
  return all;
}

}  // namespace bascule::transform::test
