#include "config/link/network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "config/secrets.hpp"
#include "config/values.hpp"

namespace bascule {
namespace {

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

std::string proxy_url(const std::string& text) {
  std::string why;
  if (parse_proxy(plain_text(text), &why)) return text;
  throw std::invalid_argument(why);
}

std::string numeric_address(const std::string& text) {
  in6_addr unused{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, text.c_str(), &unused) == 1) return text;
  }
  throw std::invalid_argument("must be an address of this machine in numbers, not " +
                              in_quotes(text));
}

// A file, or a key that stays in its token: RFC 7512.
std::string key_location(const std::string& text) {
  return text.starts_with("pkcs11:") ? plain_text(text) : readable_file(text);
}

// When the first is dead, the next one gets the password and all that crosses.
void check_alike(Section& link, const std::vector<Url>& urls) {
  const auto with_tls = std::ranges::count_if(urls, &Url::tls);
  if (with_tls == 0 || with_tls == std::ssize(urls)) return;
  link.complain("url",
                "\"url\" names addresses with TLS and without: when the first is dead, all would "
                "cross in the clear; use mqtts or wss for each");
}

// Ports that mean the one or the other nearly everywhere.
void check_ports(Section& link, const std::vector<Url>& urls) {
  for (const Url& url : urls) {
    const bool usual_tls = url.port == 8883 || url.port == 443;
    const bool usual_plain = url.port == 1883 || url.port == 80;
    if (url.scheme == Url::Scheme::unix_socket || (url.tls() ? !usual_plain : !usual_tls)) continue;
    const bool ws = url.websocket();
    link.warn("url", "\"url\" has port " + std::to_string(url.port) + ", at which brokers speak " +
                         (url.tls() ? "without TLS; if so, it begins with "
                                    : "TLS; if so, it begins with ") +
                         (url.tls() ? (ws ? "ws://" : "mqtt://") : (ws ? "wss://" : "mqtts://")));
  }
}

std::vector<Url> read_urls(Section& link, LinkSettings& settings) {
  std::vector<Url> urls;
  std::vector<std::string> texts;
  const auto reader = [&urls](const std::string& text) {
    const Url url = broker_url(text);
    if (std::ranges::find(urls, url) != urls.end()) {
      throw std::invalid_argument("names the same address twice");
    }
    urls.push_back(url);
    return text;
  };
  if (!link.is_list("url")) {
    link.need("url", settings.url, reader);
    check_ports(link, urls);
    return urls;
  }
  link.read_list("url", texts, reader);
  if (texts.empty()) {
    if (link.is_empty_list("url")) link.complain("url", "\"url\" must name an address at least");
    return {};
  }
  settings.url = texts.front();
  settings.other_urls.assign(texts.begin() + 1, texts.end());
  check_alike(link, urls);
  check_ports(link, urls);
  return urls;
}

void check_key(Section& tls, const TlsSettings& settings) {
  if (tls.has("cert_file") && !tls.has("key_file")) {
    tls.complain("cert_file", "\"cert_file\" needs \"key_file\" beside it");
  }
  if (tls.has("key_file") && !tls.has("cert_file")) {
    tls.complain("key_file", "\"key_file\" needs \"cert_file\" beside it");
  }
  if (tls.has("key_password_file") && !tls.has("key_file")) {
    tls.complain("key_password_file", "\"key_password_file\" needs \"key_file\" beside it");
  }
  if (!settings.key_file.starts_with("pkcs11:")) {
    warn_of_secret(tls, "key_file", settings.key_file);
    warn_of_credential(tls, "key_file", settings.key_file);
  }
}

void read_tls(Section& link, const std::vector<Url>& urls, TlsSettings& settings) {
  const bool unused = link.has("tls") && !urls.empty() && std::ranges::none_of(urls, &Url::tls);
  Section tls = link.section("tls");
  if (unused) {
    tls.complain("\"tls\" has no effect on a " + std::string(to_string(urls.front().scheme)) +
                 " URL; use mqtts or wss, or remove this key");
    return;
  }
  tls.read("ca_file", settings.ca_file, readable_file);
  tls.read("cert_file", settings.cert_file, readable_file);
  tls.read("key_file", settings.key_file, key_location);
  tls.read("key_password_file", settings.key_password_file, readable_file);
  tls.read("server_name", settings.server_name, plain_text);
  tls.read_some("alpn", settings.alpn, plain_text);
  tls.read("insecure", settings.insecure, boolean);
  for (const auto& [key, path] :
       {std::pair{"ca_file", &settings.ca_file}, std::pair{"cert_file", &settings.cert_file},
        std::pair{"key_password_file", &settings.key_password_file}}) {
    warn_of_credential(tls, key, *path);
  }
  warn_of_secret(tls, "key_password_file", settings.key_password_file);
  check_key(tls, settings);
  if (settings.insecure) {
    tls.warn("insecure",
             "with \"insecure\" any certificate is taken: whoever is on the line can read what "
             "crosses, the password too; name the broker's authority with \"ca_file\"");
  }
  tls.finish();
}

void read_proxy(Section& link, const std::vector<Url>& urls, ProxySettings& settings) {
  link.read("proxy", settings.url, proxy_url);
  link.read("proxy_password_file", settings.password_file, readable_file);
  warn_of_secret(link, "proxy_password_file", settings.password_file);
  warn_of_credential(link, "proxy_password_file", settings.password_file);
  const auto proxy = parse_proxy(settings.url);
  if (link.has("proxy_password_file") && (!proxy || proxy->user.empty())) {
    link.complain("proxy_password_file",
                  "\"proxy_password_file\" needs \"proxy\" with a user, as in "
                  "http://USER@proxy:3128");
  }
  if (proxy && !proxy->user.empty() && !link.has("proxy_password_file")) {
    link.warn("proxy",
              "\"proxy\" names a user, and \"proxy_password_file\" is missing: no password is "
              "shown to the proxy");
  }
  const bool socket = std::ranges::any_of(
      urls, [](const Url& url) { return url.scheme == Url::Scheme::unix_socket; });
  for (const char* const key : {"proxy", "bind_address"}) {
    if (socket && link.has(key)) {
      link.complain(key, in_quotes(key) + " has no effect on a Unix socket; remove this key");
    }
  }
}

}  // namespace

std::vector<Url> read_network(Section& link, LinkSettings& settings) {
  std::vector<Url> urls = read_urls(link, settings);
  link.read("bind_address", settings.bind_address, numeric_address);
  read_proxy(link, urls, settings.proxy);
  read_tls(link, urls, settings.tls);
  return urls;
}

}  // namespace bascule
