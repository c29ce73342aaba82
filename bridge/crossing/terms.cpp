#include "crossing/terms.hpp"

#include <spdlog/spdlog.h>

#include <cstddef>
#include <utility>

#include "message/own.hpp"

namespace bascule {

Spoken spoken_by(Journal& journal, const std::string& peer) {
  auto& meta = journal.opened().meta();
  if (meta.has_spoken_v5(peer)) return Spoken::v5;
  return meta.has_spoken_v3(peer) ? Spoken::v3_1_1 : Spoken::unknown;
}

LinkSettings completed(LinkSettings settings, const std::string& will_topic, Spoken spoken) {
  settings.will = Will{will_topic, std::string(state_offline), Qos::at_least_once, true};
  settings.spoken = spoken;
  return settings;
}

std::vector<Subscription> wanted(const std::string& bookmark_topic, const std::string& state_topic,
                                 const LinkSettings& settings, const RouteTable& table) {
  // The bookmark comes at QoS 1; asked for more, a broker that does not know QoS 2 says so.
  std::vector<Subscription> subscriptions{{bookmark_topic, false, true, Qos::exactly_once}};
  // Only what is retained is looked at, not what is said while the bridge is there. Where sessions
  // outlive what is retained it says nothing.
  if (!sessions_outlive_retained(settings.broker, true)) {
    subscriptions.push_back({state_topic, false, true, Qos::at_least_once, 0, false});
  }
  const std::string& settle_topic = settings.settle_topic;
  if (!settle_topic.empty()) subscriptions.push_back({settle_topic, false, true});
  for (const std::string& filter : table.subscriptions()) {
    subscriptions.push_back({filter, true, false, table.qos_of(filter)});
  }
  return subscriptions;
}

// What a broker at another address holds cannot be fetched beside the present one: it is known by
// its address alone, and may be gone.
void tell_of_former(const std::string& peer, const LinkSettings& settings) {
  const std::size_t blank = peer.rfind(' ');
  if (blank == std::string::npos || peer.substr(blank + 1) == settings.url) return;
  spdlog::warn(
      "link {}: url was {} before; what that broker holds for client id {} stays there. To fetch "
      "it, start once with that url; or let the session end there",
      settings.name, peer.substr(blank + 1), peer.substr(0, blank));
}

bool same_link(LinkSettings one, LinkSettings other) {
  for (LinkSettings* const settings : {&one, &other}) {
    const LinkSettings of_stages;
    settings->retained = of_stages.retained;
    settings->broker = of_stages.broker;
    settings->window = of_stages.window;
    settings->settle = of_stages.settle;
    settings->settle_topic = of_stages.settle_topic;
  }
  return one == other;
}

}  // namespace bascule
