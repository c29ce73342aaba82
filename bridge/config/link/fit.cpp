#include "config/link/fit.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "route/pattern.hpp"
#include "route/route.hpp"
#include "text/wording.hpp"

namespace bascule {
namespace {

// What each topic that the filter matches has at least; + stands for one byte.
struct Extent {
  std::size_t levels = 0;
  std::size_t bytes = 0;
};

Extent least(std::string_view filter) {
  if (filter == "#") return {1, 1};
  if (filter.ends_with("/#")) filter.remove_suffix(2);
  return {static_cast<std::size_t>(std::ranges::count(filter, '/')) + 1, filter.size()};
}

// Empty: some of it may pass.
std::string too_long(const LinkSettings& link, std::string_view filter) {
  const Extent extent = least(filter);
  const TopicLimits& limits = link.topic_limits;
  const auto told = [&](std::size_t limit, const char* of) {
    return in_quotes(link.name) + " takes topics of " + std::to_string(limit) + ' ' + of +
           " at most, and " + in_quotes(filter) + " has more";
  };
  if (limits.levels > 0 && extent.levels > limits.levels) return told(limits.levels, "levels");
  if (limits.bytes > 0 && extent.bytes > limits.bytes) return told(limits.bytes, "bytes");
  return {};
}

void check_topics(const BridgeConfig& config, const std::string& id, const Misfit& found) {
  for (std::size_t i = 0; i < config.routes.size(); ++i) {
    const Route& route = config.routes[i];
    const bool up = route.direction == Direction::up;
    const LinkSettings& source = up || config.hub ? config.site : config.central;
    const LinkSettings& target = up ? config.central : config.site;
    if (const auto why = too_long(source, to_filter(route.from, id)); !why.empty()) {
      found(i, "from", why + ": it would refuse the subscription", true);
    }
    if (!route.policy.empty()) continue;
    const std::string to = Template(route.to, route.from, id).filter();
    if (const auto why = too_long(target, to); !why.empty()) {
      found(i, route.to.empty() ? "from" : "to", why + "; give it a shorter one with \"to\"", true);
    }
    if (route.qos_min > target.max_qos) {
      found(i, "qos",
            "\"qos\" asks for more than the \"max_qos\" of " + in_quotes(target.name) +
                ": these messages cross at QoS 1",
            false);
    }
    if (route.retain == RetainRule::set && !target.retain) {
      found(i, "retain",
            "\"retain: set\" has no effect: " + in_quotes(target.name) + " has \"retain: off\"",
            false);
    }
  }
}

// Beside those of the routes.
std::size_t own_subscriptions(const LinkSettings& link) {
  const OwnTopics& own = link.own_topics;
  return (own.bookmark.on && link.retain ? 1U : 0U) + (own.state.on ? 1U : 0U) +
         (link.settle_topic.empty() ? 0U : 1U);
}

void count_subscriptions(const BridgeConfig& config, const std::string& id, const Misfit& found) {
  for (const Direction direction : {Direction::up, Direction::down}) {
    const LinkSettings& link =
        direction == Direction::up || config.hub ? config.site : config.central;
    const std::size_t most = link.subscription_limits.total;
    const RouteTable table(config.routes, direction, id);
    const std::size_t wanted = table.subscriptions().size() + own_subscriptions(link);
    if (most == 0 || wanted <= most) continue;
    const auto first = std::ranges::find(config.routes, direction, &Route::direction);
    if (first == config.routes.end()) continue;
    found(static_cast<std::size_t>(first - config.routes.begin()), "from",
          in_quotes(link.name) + " takes " + std::to_string(most) +
              " subscriptions at most, and the routes and the bridge's own topics need " +
              std::to_string(wanted) + " there; join routes with a wildcard",
          true);
  }
}

}  // namespace

void find_misfits(const BridgeConfig& config, const std::string& id, const Misfit& found) {
  check_topics(config, id, found);
  count_subscriptions(config, id, found);
}

}  // namespace bascule
