#include "route/route.hpp"

#include <algorithm>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "message/topic.hpp"

namespace bascule {
struct RouteTable::Compiled {
  Compiled(const Route& rule, std::size_t index, std::string_view bridge_id)
      : route(index),
        filter(to_filter(rule.from, bridge_id)),
        qos(rule.qos.value_or(Qos::exactly_once)),
        target(rule.to, rule.from, bridge_id) {
    for (const auto& exclude : rule.exclude) excludes.push_back(to_filter(exclude, bridge_id));
  }

  bool leaves_out(std::string_view topic) const {
    return std::any_of(excludes.begin(), excludes.end(),
                       [topic](const auto& exclude) { return matches(exclude, topic); });
  }

  std::size_t route;
  std::string filter;
  Qos qos;
  std::vector<std::string> excludes;
  Template target;
};

RouteTable::RouteTable(const std::vector<Route>& rules, Direction direction,
                       std::string_view bridge_id) {
  std::unordered_set<std::string> known;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].direction != direction) continue;
    try {
      rules_.emplace_back(rules[i], i, bridge_id);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument("route '" + rules[i].name + "': " + error.what());
    }
    const std::string& filter = rules_.back().filter;
    filters_.add(filter, static_cast<std::uint32_t>(rules_.size() - 1));
    if (known.insert(filter).second) subscriptions_.push_back(filter);
  }
}

RouteTable::~RouteTable() = default;
RouteTable::RouteTable(RouteTable&&) noexcept = default;
RouteTable& RouteTable::operator=(RouteTable&&) noexcept = default;

bool RouteTable::match(std::string_view topic, RouteMatch& out) const {
  thread_local FilterTree::Numbers found;
  filters_.matching(topic, found);
  for (const std::uint32_t number : found) {
    const Compiled& rule = rules_[number];
    if (rule.leaves_out(topic)) continue;
    out.route = rule.route;
    rule.target.render(topic, out.topic);
    out.names_system = rule.target.names_system();
    return true;
  }
  return false;
}

const std::vector<std::string>& RouteTable::subscriptions() const { return subscriptions_; }

Qos RouteTable::qos_of(const std::string& subscription) const {
  Qos qos = Qos::at_least_once;
  FilterTree::Numbers served;
  filters_.overlapping(subscription, served);
  for (const std::uint32_t number : served) qos = std::max(qos, rules_[number].qos);
  return qos;
}

}  // namespace bascule
