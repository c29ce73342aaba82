#include "config/link/costs.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/link/profile.hpp"
#include "text/units.hpp"
#include "text/words.hpp"

namespace bascule {
namespace {

using Costs = std::vector<std::pair<std::string, std::string>>;

std::string number(double value) { return std::to_string(std::llround(value)); }

void add_limits(const LinkSettings& link, Costs& costs) {
  if (link.max_qos < Qos::exactly_once) {
    costs.emplace_back("max_qos: 1",
                       "what is published at QoS 2 crosses at 1, and may arrive twice; on MQTT 5 "
                       "receivers know repeats by the stamp");
  }
  if (!link.retain) {
    costs.emplace_back("retain: off",
                       "who subscribes later gets no last value; what was retained crosses as a "
                       "plain message");
  }
  if (const auto most = link.publish_max_payload_bytes; most > 0) {
    costs.emplace_back("max_payload: " + size_text(most), "larger messages are quarantined");
  }
  if (const auto levels = link.topic_limits.levels; levels > 0) {
    costs.emplace_back("topic.levels: " + std::to_string(levels),
                       "messages on deeper topics are quarantined");
  }
  if (const auto bytes = link.topic_limits.bytes; bytes > 0) {
    costs.emplace_back("topic.bytes: " + std::to_string(bytes),
                       "messages on longer topics are quarantined");
  }
  if (const auto at_once = link.subscription_limits.at_once; at_once > 0) {
    costs.emplace_back("subscriptions.at_once: " + std::to_string(at_once),
                       "each SUBSCRIBE has so many filters; it costs a round trip each");
  }
  if (const auto total = link.subscription_limits.total; total > 0) {
    costs.emplace_back("subscriptions.total: " + std::to_string(total),
                       "more routes than that have to share a wildcard");
  }
}

void add_rates(const LinkSettings& link, Costs& costs) {
  constexpr double backlog = 100'000;
  if (const double rate = link.rate.messages_per_s; rate > 0) {
    costs.emplace_back("rate.messages: " + number(rate) + "/s",
                       "a backlog of 100,000 messages takes " + span_text(backlog / rate));
  }
  if (const double rate = link.rate.bytes_per_s; rate > 0) {
    constexpr double gibi = 1024.0 * 1024 * 1024;
    costs.emplace_back("rate.bytes: " + size_text(static_cast<std::uint64_t>(rate)) + "/s",
                       "a backlog of 1 GiB takes " + span_text(gibi / rate));
  }
}

void add_session(const LinkSettings& link, Costs& costs) {
  const LinkSettings usual;
  if (link.protocol == Protocol::v3_1_1) {
    costs.emplace_back("protocol: 3.1.1",
                       "no stamps and no user properties: receivers cannot know repeats");
  }
  if (!link.stamp) {
    costs.emplace_back("stamp: off",
                       "receivers cannot know repeats, nor bridges what has gone in a circle, and "
                       "policies at the other end not whose message it is");
  }
  if (link.session_expiry < usual.session_expiry) {
    costs.emplace_back("session_expiry: " + duration_text(link.session_expiry),
                       "after a longer outage, what this broker had queued for the bridge is gone");
  }
  if (link.window < usual.window) {
    costs.emplace_back("window: " + std::to_string(link.window),
                       "so many publishes are on their way at once; on a long line that is a rate");
  }
  if (link.retained == AfterGap::trust) {
    costs.emplace_back("retained: trust",
                       "a value that this broker retains and that changed at QoS 0 during an "
                       "outage, or was cleared, stays old on the other side");
  }
}

void add_own(const LinkSettings& link, Costs& costs) {
  const OwnTopics& own = link.own_topics;
  const auto off = [&costs](const char* what, bool on, const char* text) {
    if (!on) costs.emplace_back(std::string("own_topics.") + what + ": off", text);
  };
  off("state", own.state.on, "nobody sees at this broker whether the bridge is online");
  off("bookmark", own.bookmark.on && link.retain,
      "a broker that loses what it had accepted goes unnoticed: that is not sent again");
  off("events", own.events.on, "losses and alarms are not told at this broker");
  off("summary", own.summary.on, "the fleet page has no row of this bridge");
  off("will", own.will, "this broker does not say when the bridge is gone");
  if (own.bookmark.on && link.retain && own.bookmark_every.count() > 0) {
    costs.emplace_back("own_topics.bookmark.every: " + duration_text(own.bookmark_every),
                       "after the broker has lost something, up to so much more is sent twice");
  }
}

Costs all_of(const LinkSettings& link) {
  Costs costs;
  add_session(link, costs);
  add_limits(link, costs);
  add_rates(link, costs);
  add_own(link, costs);
  return costs;
}

}  // namespace

std::vector<Cost> costs_of(const LinkSettings& link, const std::string& id) {
  LinkSettings by_profile;
  apply(link.profile, id, by_profile);
  const Costs profile = all_of(by_profile);
  std::vector<Cost> costs;
  for (auto& one : all_of(link)) {
    const bool set = std::ranges::find(profile, one) != profile.end();
    costs.push_back({std::move(one.first), std::move(one.second), set});
  }
  return costs;
}

}  // namespace bascule
