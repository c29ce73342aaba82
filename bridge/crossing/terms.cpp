#include "crossing/terms.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "link/connect_settings.hpp"
#include "message/own.hpp"
#include "text/units.hpp"
#include "text/words.hpp"

namespace bascule {

Spoken spoken_by(Journal& journal, const std::string& peer) {
  auto& meta = journal.opened().meta();
  if (meta.has_spoken_v5(peer)) return Spoken::v5;
  return meta.has_spoken_v3(peer) ? Spoken::v3_1_1 : Spoken::unknown;
}

LinkSettings completed(LinkSettings settings, const OwnTopicNames& own, Spoken spoken) {
  if (own.will()) {
    settings.will = Will{own.state(), std::string(state_offline),
                         std::min(settings.max_qos, Qos::at_least_once), settings.retain};
  }
  settings.spoken = spoken;
  return settings;
}

std::vector<Subscription> wanted(const OwnTopicNames& own, Direction in,
                                 const LinkSettings& settings, const RouteTable& table) {
  // The bookmark comes at QoS 1; asked for more, a broker that does not know QoS 2 says so.
  std::vector<Subscription> subscriptions;
  if (const std::string& bookmark = own.bookmark(opposite(in)); !bookmark.empty()) {
    subscriptions.push_back({bookmark, false, true, Qos::exactly_once});
  }
  // Only what is retained is looked at, not what is said while the bridge is there. Where sessions
  // outlive what is retained it says nothing.
  if (!own.state().empty() && !sessions_outlive_retained(settings.broker, true)) {
    subscriptions.push_back({own.state(), false, true, Qos::at_least_once, 0, false});
  }
  const std::string& settle_topic = settings.settle_topic;
  if (!settle_topic.empty()) subscriptions.push_back({settle_topic, false, true});
  for (const std::string& filter : table.subscriptions()) {
    subscriptions.push_back({filter, true, false, table.qos_of(filter)});
  }
  return subscriptions;
}

Qos qos_asked(const std::vector<Route>& routes) {
  Qos asked = Qos::at_most_once;
  for (const Route& route : routes) {
    asked = std::max({asked, route.qos.value_or(Qos::exactly_once), route.qos_min});
  }
  return asked;
}

std::string granted_less(const LinkSettings& settings, const std::optional<Limits>& granted,
                         Qos asked) {
  if (!granted) return {};
  std::string text = session_shortened(settings, *granted);
  const auto add = [&](const std::string& more) { text += (text.empty() ? "" : "; ") + more; };
  const Qos wanted = std::min(settings.max_qos, asked);
  if (granted->maximum_qos < wanted && !granted->knows_qos_2) {
    const auto qos = [](Qos value) { return std::string(word_of(qos_words, value)); };
    add("the broker takes QoS " + qos(granted->maximum_qos) +
        " at most, and the routes may ask for " + qos(wanted) +
        ": what has more crosses at that ('max_qos: " + qos(granted->maximum_qos) + "' says so)");
  }
  if (settings.retain && !granted->retain_available) {
    add("the broker retains nothing: what is retained crosses as any other message ('retain: off' "
        "says so)");
  }
  const std::uint32_t own_limit = settings.publish_max_payload_bytes;
  const std::uint32_t largest =
      own_limit == 0 ? settings.max_payload_bytes : std::min(own_limit, settings.max_payload_bytes);
  if (granted->maximum_packet_bytes < largest) {
    add("the broker takes packets of " + size_text(granted->maximum_packet_bytes) +
        " at most, and messages may have " + size_text(largest) +
        ": what is larger is quarantined (journal.max_payload, or max_payload of the link, says "
        "so)");
  }
  return text;
}

std::string subscribes_too_much(const LinkSettings& settings, std::size_t wanted) {
  const std::uint32_t most = settings.subscription_limits.total;
  if (most == 0 || wanted <= most) return {};
  return std::to_string(wanted) + " filters are to be subscribed, and this service takes " +
         std::to_string(most) + ": the rest brings nothing; take one filter for several";
}

std::string rate_text(const LinkRate& rate) {
  const bool both = rate.messages_per_s > 0 && rate.bytes_per_s > 0;
  std::string text = "its rate of ";
  if (rate.messages_per_s > 0) text += fmt::format("{:g} messages/s", rate.messages_per_s);
  if (both) text += " and ";
  if (rate.bytes_per_s > 0) text += size_text(static_cast<std::uint64_t>(rate.bytes_per_s)) + "/s";
  return text;
}

namespace {

// Of a session's two ends, "CLIENT URL", the URL, if it is one of these addresses.
std::string named_url(const std::string& peer, const LinkSettings& settings) {
  const std::size_t blank = peer.rfind(' ');
  if (blank == std::string::npos) return {};
  const std::string url = peer.substr(blank + 1);
  const bool named = url == settings.url ||
                     std::ranges::find(settings.other_urls, url) != settings.other_urls.end();
  return named ? url : std::string();
}

}  // namespace

std::string known_url(Journal& journal, Direction in, const LinkSettings& settings) {
  const std::string named = named_url(journal.opened().sessions().load(in).peer, settings);
  return named.empty() ? settings.url : named;
}

// What a broker at another address holds cannot be fetched beside the present one: it is known by
// its address alone, and may be gone.
SessionStart session_start(const std::string& peer, const LinkSettings& settings,
                           const Limits& limits) {
  const Limits counting = told(settings, limits);
  SessionStart start{.peer = peer, .present = limits.session_present};
  // MQTT 3.1.1 knows no expiry.
  if (limits.protocol == Protocol::v5) start.expiry_s = *counting.session_expiry_s;
  start.keep_alive_s = *counting.keep_alive_s;
  return start;
}

void tell_of_former(const std::string& peer, const LinkSettings& settings) {
  const std::size_t blank = peer.rfind(' ');
  if (blank == std::string::npos || !named_url(peer, settings).empty()) return;
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
    settings->stamp = of_stages.stamp;
    settings->settle = of_stages.settle;
    settings->settle_topic = of_stages.settle_topic;
    settings->publish_max_payload_bytes = of_stages.publish_max_payload_bytes;
    settings->topic_limits = of_stages.topic_limits;
    settings->rate = of_stages.rate;
    settings->own_topics.events = of_stages.own_topics.events;
    settings->own_topics.summary = of_stages.own_topics.summary;
    settings->own_topics.bookmark_every = of_stages.own_topics.bookmark_every;
  }
  return one == other;
}

}  // namespace bascule
