#include "config/links.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "config/secrets.hpp"
#include "config/values.hpp"
#include "link/url.hpp"
#include "message/topic.hpp"
#include "text/address.hpp"

namespace bascule {
namespace {

using namespace std::chrono_literals;
constexpr auto day = 24h;

auto client_id(const std::string& id) {
  return [&id](const std::string& text) {
    constexpr std::string_view placeholder = "{bridge.id}";
    std::string expanded = plain_text(text);
    for (std::size_t at; (at = expanded.find(placeholder)) != std::string::npos;) {
      expanded.replace(at, placeholder.size(), id);
    }
    if (expanded.find_first_of("{}") == std::string::npos) return expanded;
    throw std::invalid_argument("can hold {bridge.id}, but no other braces");
  };
}

// What other programs call the same thing.
constexpr std::pair<std::string_view, std::string_view> other_schemes[] = {
    {"tcp", "mqtt"}, {"ssl", "mqtts"}, {"tls", "mqtts"},
    {"http", "ws"},  {"https", "wss"}, {"unix", "mqtt+unix"}};

void check_scheme(std::string_view url) {
  const std::size_t colon = url.find("://");
  const std::string_view scheme = url.substr(0, colon);
  if (colon == url.npos || std::ranges::find(url_schemes, scheme) != url_schemes.end()) return;
  const auto other =
      std::ranges::find(other_schemes, scheme, [](const auto& names) { return names.first; });
  const std::string hint = other != std::end(other_schemes)
                               ? "did you mean " + in_quotes(other->second) + '?'
                               : suggestion(scheme, {url_schemes.begin(), url_schemes.end()});
  throw std::invalid_argument("cannot begin with " + in_quotes(scheme) + "; " + hint);
}

Url broker_url(const std::string& text) {
  check_scheme(plain_text(text));
  std::string why;
  if (auto url = parse_url(text, &why)) return *std::move(url);
  throw std::invalid_argument(why);
}

void warn_of_password(Section& link, const std::string& path) {
  warn_of_secret(link, "password_file", path);
  warn_of_credential(link, "password_file", path);
  std::ifstream file(path, std::ios::binary);
  std::string text(4096, '\0');  // longer than any broker takes
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  text.erase(text.find_last_not_of("\r\n") + 1);
  if (text.starts_with("\xEF\xBB\xBF")) {
    link.warn("password_file",
              "the file of \"password_file\" begins with a byte order mark, which is sent as part "
              "of the password; save it as UTF-8 without one");
  } else if (text.starts_with(' ') || text.ends_with(' ') || text.ends_with('\t')) {
    link.warn("password_file",
              "the file of \"password_file\" begins or ends with a blank, which is sent as part "
              "of the password");
  }
}

// `url` is empty here and below where it is not one.
void read_tls(Section& link, const std::optional<Url>& url, TlsSettings& settings) {
  const bool unused = link.has("tls") && url && !url->tls();
  Section tls = link.section("tls");
  if (unused) {
    tls.complain("\"tls\" has no effect on a " + std::string(to_string(url->scheme)) +
                 " URL; use mqtts or wss, or remove this key");
    return;
  }
  tls.read("ca_file", settings.ca_file, readable_file);
  tls.read("cert_file", settings.cert_file, readable_file);
  tls.read("key_file", settings.key_file, readable_file);
  warn_of_secret(tls, "key_file", settings.key_file);
  warn_of_credential(tls, "ca_file", settings.ca_file);
  warn_of_credential(tls, "cert_file", settings.cert_file);
  warn_of_credential(tls, "key_file", settings.key_file);
  tls.read("insecure", settings.insecure, boolean);
  if (settings.insecure) {
    tls.warn("insecure",
             "with \"insecure\" any certificate is taken: whoever is on the line can read what "
             "crosses, the password too; name the broker's authority with \"ca_file\"");
  }
  if (tls.has("cert_file") && !tls.has("key_file")) {
    tls.complain("cert_file", "\"cert_file\" needs \"key_file\" beside it");
  }
  if (tls.has("key_file") && !tls.has("cert_file")) {
    tls.complain("key_file", "\"key_file\" needs \"cert_file\" beside it");
  }
  tls.finish();
}

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

std::optional<Url> read_url(Section& link, LinkSettings& settings) {
  std::optional<Url> url;
  link.need("url", settings.url, [&url](const std::string& text) {
    url = broker_url(text);
    return text;
  });
  return url;
}

std::optional<Url> read_link(Section& link, const std::string& id, LinkSettings& settings) {
  const std::optional<Url> url = read_url(link, settings);
  link.read("client", settings.client, one_of(client_words));
  if (settings.client == Client::native && url && url->websocket()) {
    link.complain("client", "\"client\" cannot be \"native\" for a " +
                                std::string(to_string(url->scheme)) + " URL; use auto or paho");
  }
  settings.client_id = "bascule-" + id + '-' + settings.name;
  link.read("client_id", settings.client_id, client_id(id));
  link.read("username", settings.username, plain_text);
  link.refuse("password",
              "a password does not belong in this file; put it in a file of its own "
              "and name that with \"password_file\"");
  link.read("password_file", settings.password_file, readable_file);
  warn_of_password(link, settings.password_file);
  read_tls(link, url, settings.tls);
  link.read("protocol", settings.protocol, one_of(protocol_words));
  link.read("keep_alive", settings.keep_alive, duration(1s, 18h));
  link.read("session_expiry", settings.session_expiry, duration(1s, 49'710 * day));
  read_reconnect(link, settings);
  link.read("window", settings.window, whole(1, 65'535));
  link.read("retained", settings.retained, one_of(after_gap_words));
  link.read("broker", settings.broker, one_of(broker_words));
  link.read("slow_after", settings.slow_after, duration(1ms, day));
  link.read("settle", settings.settle, duration(0ms, day));
  link.read("settle_topic", settings.settle_topic, plain_text);
  if (!settings.settle_topic.empty() && !valid_topic(settings.settle_topic)) {
    link.complain("settle_topic", "\"settle_topic\" must be a topic without + and #");
  } else if (!settings.settle_topic.empty() && settings.settle.count() == 0) {
    link.complain("settle_topic",
                  "\"settle_topic\" ends the wait of \"settle\", which is 0; say how long that is "
                  "at most, as in settle: 10m");
  }
  link.finish();
  return url;
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

}  // namespace

void read_links(Section& file, const std::string& id, BridgeConfig& config) {
  config.site.name = "site";
  config.central.name = "central";
  config.site.max_payload_bytes = config.journal.max_payload_bytes;
  config.central.max_payload_bytes = config.journal.max_payload_bytes;
  Section site = file.section("site");
  const std::optional<Url> site_url = read_link(site, id, config.site);
  Section central = file.section("central");
  // With an empty list of routes it is there for the fleet alone.
  config.hub = !file.has("central") && (file.has("policies") || file.is_empty_list("routes"));
  if (config.hub) {
    if (config.site.protocol == Protocol::v3_1_1) {
      site.complain("protocol",
                    "a bridge without \"central\" needs MQTT 5: on 3.1.1 what its policies send "
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
  const std::optional<Url> central_url = read_link(central, id, config.central);
  if (site_url && site_url == central_url && config.site.client_id == config.central.client_id) {
    central.complain(central.has("client_id") ? "client_id" : "url",
                     "\"site\" and \"central\" have the same broker and the same client_id, so "
                     "that each would end the other's connection; change one");
  } else if (site_url && central_url && same_address(*site_url, *central_url)) {
    central.warn("url",
                 "\"central\" has the address of \"site\": on one broker what a route sends may "
                 "be what another one takes, and goes round; two virtual hosts of a broker are "
                 "well");
  }
}

}  // namespace bascule
