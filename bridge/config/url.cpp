#include "config/url.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "config/values.hpp"

namespace bascule {
namespace {

struct Scheme {
  std::string_view name;
  std::uint16_t port;
};

constexpr Scheme schemes[] = {
    {"mqtt", 1883}, {"mqtts", 8883}, {"ws", 80}, {"wss", 443}, {"mqtt+unix", 0}};

// What other programs call the same thing.
constexpr std::pair<std::string_view, std::string_view> other_names[] = {
    {"tcp", "mqtt"}, {"ssl", "mqtts"}, {"tls", "mqtts"},
    {"http", "ws"},  {"https", "wss"}, {"unix", "mqtt+unix"}};

const Scheme& find_scheme(std::string_view name) {
  std::vector<std::string_view> valid;
  for (const Scheme& scheme : schemes) {
    if (scheme.name == name) return scheme;
    valid.push_back(scheme.name);
  }
  for (const auto& [other, ours] : other_names) {
    if (name == other) {
      throw std::invalid_argument("cannot begin with " + in_quotes(other) + "; did you mean " +
                                  in_quotes(ours) + "?");
    }
  }
  throw std::invalid_argument("cannot begin with " + in_quotes(name) + "; " +
                              suggestion(name, valid));
}

std::uint16_t parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || rest != text.data() + text.size() || port == 0) {
    throw std::invalid_argument("must end in a port from 1 to 65535, as in mqtt://host:1883");
  }
  return port;
}

bool host_character(unsigned char c) {
  return std::isalnum(c) || c == '.' || c == '-' || c == '_' || c >= 0x80;
}

// "host", "host:port", "[v6]" or "[v6]:port".
void parse_authority(std::string_view text, BrokerUrl& url) {
  const bool bracket = text.starts_with('[');
  const std::size_t end = bracket ? text.find(']') : text.find(':');
  if (bracket && end == std::string_view::npos) {
    throw std::invalid_argument("has a [ without a ]");
  }
  url.host = bracket ? text.substr(1, end - 1) : text.substr(0, end);
  std::string_view rest =
      end == std::string_view::npos ? std::string_view{} : text.substr(end + (bracket ? 1 : 0));
  if (!bracket && std::count(rest.begin(), rest.end(), ':') > 1) {
    throw std::invalid_argument("must have an IPv6 address in brackets, as in mqtt://[::1]:1883");
  }
  const bool valid = std::all_of(url.host.begin(), url.host.end(), [&](unsigned char c) {
    return host_character(c) || (bracket && (c == ':' || c == '%'));
  });
  if (url.host.empty() || !valid) {
    throw std::invalid_argument("must name a host, as in mqtt://localhost:1883");
  }
  if (rest.empty()) return;
  if (rest.front() != ':') throw std::invalid_argument("must have a : and a port after the ]");
  url.port = parse_port(rest.substr(1));
}

}  // namespace

BrokerUrl parse_broker_url(const std::string& text) {
  plain_text(text);
  const std::size_t colon = text.find("://");
  if (colon == std::string::npos) {
    throw std::invalid_argument("must begin with a scheme, as in mqtt://localhost:1883");
  }
  const Scheme& scheme = find_scheme(std::string_view(text).substr(0, colon));
  BrokerUrl url{std::string(scheme.name), "", scheme.port, ""};
  const std::string rest = text.substr(colon + 3);
  if (scheme.name == "mqtt+unix") {
    if (!rest.starts_with('/')) {
      throw std::invalid_argument("must hold an absolute path, as in mqtt+unix:///run/mqtt.sock");
    }
    url.path = socket_path(rest);
    return url;
  }
  const std::size_t slash = rest.find_first_of("/?#");
  const std::string authority = rest.substr(0, slash);
  if (slash != std::string::npos) url.path = rest.substr(slash);
  if (rest.find('@') != std::string::npos) {
    throw std::invalid_argument(
        "must not hold a user or a password; use username and password_file");
  }
  if (!url.path.empty() && !scheme.name.starts_with("ws")) {
    throw std::invalid_argument(
        "must end after the host and the port; only ws and wss take a path");
  }
  parse_authority(authority, url);
  return url;
}

}  // namespace bascule
