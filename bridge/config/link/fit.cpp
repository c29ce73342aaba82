#include "config/link/fit.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "route/pattern.hpp"
#include "route/route.hpp"
#include "text/units.hpp"
#include "text/wording.hpp"

namespace bascule {
namespace {

// An outage of a weekend, say, is longer.
constexpr std::chrono::hours session_enough{24};

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

// What comes from a broker, and is with it while the bridge is away.
void check_sessions(const BridgeConfig& config, const Misfit& found) {
  for (const Direction direction : {Direction::up, Direction::down}) {
    const LinkSettings& link =
        direction == Direction::up || config.hub ? config.site : config.central;
    const auto first = std::ranges::find(config.routes, direction, &Route::direction);
    if (first == config.routes.end() || link.session_expiry >= session_enough) continue;
    found(static_cast<std::size_t>(first - config.routes.begin()), "direction",
          "with \"session_expiry: " + duration_text(link.session_expiry) + "\" of " +
              in_quotes(link.name) + " its broker drops what waits there for routes " +
              std::string(to_string(direction)) +
              " once the line is down, or the bridge away, for longer: ask for as long as an "
              "outage may last, as far as the broker grants it",
          false);
  }
}

// RabbitMQ sends a client so many before one is acknowledged (mqtt.prefetch).
void check_company(const BridgeConfig& config, const Misfit& found) {
  if (config.journal.gather_ms == 0) return;
  for (std::size_t i = 0; i < config.routes.size(); ++i) {
    const bool up = config.routes[i].direction == Direction::up;
    const LinkSettings& source = up || config.hub ? config.site : config.central;
    if (source.broker != BrokerKind::rabbitmq) continue;
    return found(i, "from",
                 "with \"gather\" a commit waits for 16 messages, and RabbitMQ has 10 on their way "
                 "at the most, unless it is told otherwise: no more than 10 come from " +
                     in_quotes(source.name) + " in each " +
                     duration_text(std::chrono::milliseconds(config.journal.gather_ms)) +
                     "; set mqtt.prefetch to 100 there, or leave out \"gather\"",
                 false);
  }
}

}  // namespace

void find_misfits(const BridgeConfig& config, const std::string& id, const Misfit& found) {
  check_topics(config, id, found);
  count_subscriptions(config, id, found);
  check_sessions(config, found);
  check_company(config, found);
}

}  // namespace bascule
