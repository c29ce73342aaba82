#include "link/url.hpp"

#include <sys/un.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace bascule {

namespace {

constexpr std::uint16_t ports[] = {1883, 8883, 80, 443, 0};  // by Scheme
constexpr std::size_t socket_path_max = sizeof(sockaddr_un::sun_path) - 1;

// What is wrong, or nothing.
using Fault = std::string;

std::optional<Url::Scheme> find_scheme(std::string_view name) {
  const auto found = std::ranges::find(url_schemes, name);
  if (found == url_schemes.end()) return std::nullopt;
  return static_cast<Url::Scheme>(found - url_schemes.begin());
}

bool host_character(unsigned char c) {
  return std::isalnum(c) || c == '.' || c == '-' || c == '_' || c >= 0x80;
}

Fault read_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error == std::errc{} && end == text.data() + text.size() && port != 0) return "";
  return "must end in a port from 1 to 65535, as in mqtt://host:1883";
}

// "host", "host:port", "[v6]" or "[v6]:port", into a Url or a ProxyUrl.
template <class Any>
Fault read_authority(std::string_view text, Any& url) {
  const bool bracket = text.starts_with('[');
  const auto end = bracket ? text.find(']') : text.find(':');
  if (bracket && end == text.npos) return "has a [ without a ]";
  url.host = bracket ? text.substr(1, end - 1) : text.substr(0, end);
  auto rest = end == text.npos ? std::string_view{} : text.substr(end + (bracket ? 1 : 0));
  if (!bracket && std::ranges::count(rest, ':') > 1) {
    return "must have an IPv6 address in brackets, as in mqtt://[::1]:1883";
  }
  const bool valid = std::ranges::all_of(url.host, [&](unsigned char c) {
    return host_character(c) || (bracket && (c == ':' || c == '%'));
  });
  if (url.host.empty() || !valid) return "must name a host, as in mqtt://localhost:1883";
  if (rest.empty()) return "";
  if (rest.front() != ':') return "must have a : and a port after the ]";
  return read_port(rest.substr(1), url.port);
}

Fault read_socket_path(std::string_view text, Url& url) {
  if (!text.starts_with('/') || text.size() < 2) {
    return "must hold an absolute path, as in mqtt+unix:///run/mqtt.sock";
  }
  if (text.size() > socket_path_max) {
    return "is too long for a socket; use " + std::to_string(socket_path_max) + " bytes at most";
  }
  url.path = text;
  return "";
}

bool has_blank(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c <= ' ' || c == 0x7f; });
}

Fault read_url(std::string_view text, Url& url) {
  if (has_blank(text)) return "must be without spaces and control characters";
  const auto colon = text.find("://");
  if (colon == text.npos) return "must begin with a scheme, as in mqtt://localhost:1883";
  const auto scheme = find_scheme(text.substr(0, colon));
  if (!scheme) return "must begin with mqtt, mqtts, ws, wss or mqtt+unix";
  url.scheme = *scheme;
  url.port = ports[static_cast<std::size_t>(*scheme)];
  const auto rest = text.substr(colon + 3);
  if (*scheme == Url::Scheme::unix_socket) return read_socket_path(rest, url);
  if (rest.find('@') != rest.npos) {
    return "must not hold a user or a password; use username and password_file";
  }
  const auto slash = rest.find_first_of("/?#");
  if (slash != rest.npos) url.path = rest.substr(slash);
  if (url.path == "/" && !url.websocket()) url.path.clear();
  if (!url.path.empty() && !url.websocket()) {
    return "must end after the host and the port; only ws and wss take a path";
  }
  return read_authority(rest.substr(0, slash), url);
}

Fault read_proxy(std::string_view text, ProxyUrl& url) {
  if (has_blank(text)) return "must be without spaces and control characters";
  const auto colon = text.find("://");
  const std::string_view scheme = text.substr(0, colon);
  if (colon == text.npos || (scheme != "http" && scheme != "socks5")) {
    return "must begin with http:// or socks5://, as in http://proxy:3128";
  }
  url.scheme = scheme == "http" ? ProxyUrl::Scheme::http : ProxyUrl::Scheme::socks5;
  url.port = url.scheme == ProxyUrl::Scheme::http ? 3128 : 1080;
  auto rest = text.substr(colon + 3);
  if (const auto at = rest.rfind('@'); at != rest.npos) {
    url.user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    if (url.user.find(':') != std::string::npos) {
      return "must not hold a password; use proxy_password_file";
    }
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('/') != rest.npos) return "must end after the host and the port";
  return read_authority(rest, url);
}

template <class Any, class Read>
std::optional<Any> parse(std::string_view text, std::string* why, const Read& read) {
  Any url;
  Fault fault = read(text, url);
  if (fault.empty()) return url;
  if (why) *why = std::move(fault);
  return std::nullopt;
}

}  // namespace

std::string url_text(const Url& url) {
  const std::string scheme = std::string(to_string(url.scheme)) + "://";
  if (url.scheme == Url::Scheme::unix_socket) return scheme + url.path;
  const bool v6 = url.host.find(':') != url.host.npos;
  std::string text = scheme + (v6 ? '[' + url.host + ']' : url.host);
  if (url.port != ports[static_cast<std::size_t>(url.scheme)]) {
    text += ':' + std::to_string(url.port);
  }
  return text + url.path;
}

std::optional<Url> parse_url(std::string_view text, std::string* why) {
  return parse<Url>(text, why, read_url);
}

std::optional<ProxyUrl> parse_proxy(std::string_view text, std::string* why) {
  return parse<ProxyUrl>(text, why, read_proxy);
}

}  // namespace bascule
