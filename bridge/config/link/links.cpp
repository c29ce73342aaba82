#include "config/link/links.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "config/link/identity.hpp"
#include "config/link/network.hpp"
#include "config/link/profile.hpp"
#include "config/link/terms.hpp"
#include "config/values.hpp"
#include "link/paho/beyond_paho.hpp"
#include "link/url.hpp"
#include "message/topic.hpp"
#include "text/address.hpp"

namespace bascule {
namespace {

using namespace std::chrono_literals;
constexpr auto day = 24h;

void read_reconnect(Section& link, LinkSettings& settings) {
  Section reconnect = link.section("reconnect");
  reconnect.read("min", settings.reconnect_min, duration(10ms, day));
  reconnect.read("max", settings.reconnect_max, duration(10ms, day));
  if (settings.reconnect_min > settings.reconnect_max) {
    reconnect.complain(reconnect.has("min") ? "min" : "max",
                       "\"min\" (" + duration_text(settings.reconnect_min) +
                           ") must not be more than \"max\" (" +
                           duration_text(settings.reconnect_max) + ')');
  }
  reconnect.finish();
}

void read_settle(Section& link, LinkSettings& settings) {
  link.read("settle", settings.settle, duration(0ms, day));
  link.read("settle_topic", settings.settle_topic, plain_text);
  if (!settings.settle_topic.empty() && !valid_topic(settings.settle_topic)) {
    link.complain("settle_topic", "\"settle_topic\" must be a topic without + and #");
  } else if (!settings.settle_topic.empty() && settings.settle.count() == 0) {
    link.complain("settle_topic",
                  "\"settle_topic\" ends the wait of \"settle\", which is 0; say how long that is "
                  "at most, as in settle: 10m");
  }
}

// AWS wants to be told on this port that it is MQTT without a proxy, and with a certificate.
void complete(const std::vector<Url>& urls, LinkSettings& settings) {
  const bool aws = settings.profile == Profile::aws_iot && settings.tls.alpn.empty();
  const auto shared_port = [](const Url& url) {
    return url.scheme == Url::Scheme::mqtts && url.port == 443;
  };
  if (aws && std::ranges::any_of(urls, shared_port)) settings.tls.alpn = {"x-amzn-mqtt-ca"};
}

std::vector<Url> read_link(Section& link, const std::string& id, LinkSettings& settings) {
  link.read("profile", settings.profile, one_of(profile_words));
  apply(settings.profile, id, settings);
  std::vector<Url> urls = read_network(link, settings);
  link.read("client", settings.client, one_of(client_words));
  read_terms(link, id, settings);
  read_identity(link, id, settings);
  read_reconnect(link, settings);
  link.read("slow_after", settings.slow_after, duration(1ms, day));
  link.read("stamp", settings.stamp, on_off);
  read_settle(link, settings);
  complete(urls, settings);
  if (settings.client == Client::paho) {
    if (const auto what = beyond_paho(settings); !what.empty()) link.complain("client", what);
  }
  link.finish();
  return urls;
}

// One machine may have several names; which others than these, only its resolver knows.
std::string address_of(const Url& url) {
  const bool here = url.host == "localhost" || is_loopback(url.host);
  return (here ? "localhost" : url.host) + ' ' + std::to_string(url.port);
}

bool same_address(const Url& a, const Url& b) {
  const bool sockets = a.host.empty() && b.host.empty();
  return sockets ? a.path == b.path : address_of(a) == address_of(b);
}

bool any_same(const std::vector<Url>& some, const std::vector<Url>& others) {
  return std::ranges::any_of(some, [&others](const Url& one) {
    return std::ranges::any_of(others,
                               [&one](const Url& other) { return same_address(one, other); });
  });
}

}  // namespace

void read_links(Section& file, const std::string& id, BridgeConfig& config) {
  config.site.name = "site";
  config.central.name = "central";
  config.site.max_payload_bytes = config.journal.max_payload_bytes;
  config.central.max_payload_bytes = config.journal.max_payload_bytes;
  Section site = file.section("site");
  const std::vector<Url> site_urls = read_link(site, id, config.site);
  Section central = file.section("central");
  // With an empty list of routes it is there for the fleet alone.
  config.hub = !file.has("central") && (file.has("policies") || file.is_empty_list("routes"));
  if (config.hub) {
    if (config.site.protocol == Protocol::v3_1_1) {
      site.complain("protocol",
                    "a bridge without \"central\" needs MQTT 5: on 3.1.1 what its policies send "
                    "would come back to it");
    }
    if (!config.site.stamp) {
      site.complain("stamp",
                    "a bridge without \"central\" needs \"stamp: on\": else what its policies send "
                    "would come back to it");
    }
    return;
  }
  if (!file.has("central")) {
    if (file.is_map()) {
      file.complain(
          "\"central\" is missing: name the central broker, as in central: {url: "
          "\"mqtts://host\"}; without one, as at a hub, each route needs a policy; routes: [] for "
          "the fleet alone");
    }
    return;
  }
  const std::vector<Url> central_urls = read_link(central, id, config.central);
  const bool same = !site_urls.empty() && site_urls == central_urls;
  if (same && config.site.client_id == config.central.client_id) {
    central.complain(central.has("client_id") ? "client_id" : "url",
                     "\"site\" and \"central\" have the same broker and the same client_id, so "
                     "that each would end the other's connection; change one");
  } else if (any_same(site_urls, central_urls)) {
    central.warn("url",
                 "\"central\" has the address of \"site\": on one broker what a route sends may "
                 "be what another one takes, and goes round; two virtual hosts of a broker are "
                 "well");
  }
}

}  // namespace bascule
