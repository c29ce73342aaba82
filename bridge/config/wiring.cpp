#include "config/wiring.hpp"

#include <algorithm>
#include <string>

#include "config/policies.hpp"
#include "message/topic.hpp"
#include "route/pattern.hpp"
#include "text/wording.hpp"

namespace bascule {
namespace {

// One route to the policy: what it takes from the broker, and what comes to the policy.
struct Feed {
  const Route& route;
  std::string from, to;
  bool same_topic;
  std::vector<std::string> exclude;
};

std::vector<Feed> feeds_of(const BridgeConfig& config, const PolicyConfig& policy) {
  std::vector<Feed> feeds;
  for (const Route& route : config.routes) {
    if (route.policy != policy.name) continue;
    const Template target(route.to, route.from, config.id);
    const std::string from = to_filter(route.from, config.id);
    Feed feed{route, from, target.same_topic() ? from : target.filter(), target.same_topic(), {}};
    for (const std::string& one : route.exclude) feed.exclude.push_back(to_filter(one, config.id));
    feeds.push_back(std::move(feed));
  }
  return feeds;
}

// What the feed brings of the topics that are published on `published` is, in part, `taken`.
bool brings(const Feed& feed, const std::string& published, const std::string& taken) {
  const std::string common = meet(feed.from, published);
  if (common.empty()) return false;
  const bool excluded = std::ranges::any_of(
      feed.exclude, [&](const std::string& one) { return covers(one, common); });
  return !excluded && overlap(feed.same_topic ? common : feed.to, taken);
}

std::string named(const PolicyTopic& topic, const PolicyConfig& policy) {
  return in_quotes(topic.option.path(policy.options));
}

// Why messages in this lane may be lost, or overtake one another; empty: they may not.
std::string losing(const LaneSettings& lane) {
  if (lane.keep == Keep::latest) return "keeps only the latest of each topic";
  if (lane.ttl_ms) return "lets messages expire";
  if (lane.when_full && *lane.when_full != WhenFull::pause) return "drops messages when it is full";
  return {};
}

class Wiring {
 public:
  Wiring(const BridgeConfig& config, const PolicyConfig& policy, Problems& problems)
      : config_(config), policy_(policy), problems_(problems), feeds_(feeds_of(config, policy)) {}

  void need(const PolicyTopic& topic) const {
    for (const Feed& feed : feeds_) {
      if (feed.route.direction == topic.direction && brings(feed, feed.from, topic.filter)) return;
    }
    problems_.add(position_of(policy_, topic.option.pointer),
                  named(topic, policy_) + ": no route brings " + in_quotes(topic.filter) +
                      " to this policy; add one with direction: " +
                      std::string(to_string(topic.direction)) + " and policy: " + policy_.name);
  }

  void cases() const {
    const std::string filter = policy_.cases + "/+/decide";
    for (const Feed& feed : feeds_) {
      if (brings(feed, feed.from, filter)) return;
    }
    problems_.add(policy_.cases_at, "\"cases\": no route brings " + in_quotes(filter) +
                                        " to this policy, so that nobody can decide one over MQTT");
  }

  // Every route is of use.
  void uses(const std::vector<PolicyTopic>& takes) const {
    for (const Feed& feed : feeds_) {
      const bool used = std::ranges::any_of(takes, [&](const PolicyTopic& topic) {
        return topic.direction == feed.route.direction && brings(feed, feed.from, topic.filter);
      });
      const bool decides =
          !policy_.cases.empty() && brings(feed, feed.from, policy_.cases + "/+/decide");
      if (used || decides) continue;
      problems_.add(policy_.at, "the policy " + in_quotes(policy_.name) +
                                    " takes nothing of what the route " +
                                    in_quotes(feed.route.name) + " brings " +
                                    std::string(to_string(feed.route.direction)) + ": " +
                                    in_quotes(feed.to) + taken(feed, takes));
    }
  }

  void comes_back(const PolicyTopic& sent, const std::vector<PolicyTopic>& takes) const {
    for (const Feed& feed : feeds_) {
      if (feed.route.direction == sent.direction) continue;
      for (const PolicyTopic& topic : takes) {
        if (topic.direction != feed.route.direction) continue;
        if (!brings(feed, sent.filter, topic.filter)) continue;
        return problems_.add(position_of(policy_, sent.option.pointer),
                             named(sent, policy_) + " is a topic that the route " +
                                 in_quotes(feed.route.name) + " brings back to this policy, as " +
                                 named(topic, policy_) + "; give them topics of their own");
      }
    }
  }

  void lane(const PolicyTopic& sent) const {
    const std::string& name = sent.lane.empty() ? policy_.lane : sent.lane;
    for (const LaneSettings& lane : config_.lanes) {
      const std::string why = lane.name == name ? losing(lane) : "";
      if (why.empty()) continue;
      return problems_.add(position_of(policy_, sent.option.pointer),
                           named(sent, policy_) + " goes through the lane " + in_quotes(name) +
                               ", which " + why + "; all of it has to arrive, in order");
    }
  }

 private:
  std::string taken(const Feed& feed, const std::vector<PolicyTopic>& takes) const {
    std::string text;
    for (const PolicyTopic& topic : takes) {
      if (topic.direction != feed.route.direction) continue;
      text += (text.empty() ? "; it takes " : ", ") + in_quotes(topic.filter);
    }
    return text.empty() ? "; it takes nothing in this direction" : text;
  }

  const BridgeConfig& config_;
  const PolicyConfig& policy_;
  Problems& problems_;
  std::vector<Feed> feeds_;
};

}  // namespace

void check_wiring(const BridgeConfig& config, const PolicyConfig& policy,
                  const std::vector<PolicyTopic>& topics, Problems& problems) {
  const Wiring wiring(config, policy, problems);
  if (!policy.cases.empty()) wiring.cases();
  if (topics.empty()) return;
  std::vector<PolicyTopic> takes, sends;
  for (const PolicyTopic& topic : topics) {
    (topic.kind == PolicyTopic::Kind::takes ? takes : sends).push_back(topic);
  }
  for (const PolicyTopic& topic : takes) {
    if (topic.needed) wiring.need(topic);
  }
  wiring.uses(takes);
  bool lane_told = false;
  for (const PolicyTopic& topic : sends) {
    wiring.comes_back(topic, takes);
    const auto before = problems.count();
    if (topic.needed && !lane_told) wiring.lane(topic);
    lane_told = lane_told || problems.count() > before;
  }
}

}  // namespace bascule
