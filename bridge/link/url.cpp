#include "link/url.hpp"

#include <charconv>

namespace bascule {

namespace {

struct SchemeInfo {
  std::string_view name;
  Url::Scheme scheme;
  std::uint16_t port;
};

constexpr SchemeInfo schemes[] = {{"mqtt", Url::Scheme::mqtt, 1883},
                                  {"mqtts", Url::Scheme::mqtts, 8883},
                                  {"ws", Url::Scheme::ws, 80},
                                  {"wss", Url::Scheme::wss, 443},
                                  {"mqtt+unix", Url::Scheme::unix_socket, 0}};

const SchemeInfo* find_scheme(std::string_view name) {
  for (const auto& info : schemes) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

std::nullopt_t refuse(std::string* why, std::string_view text) {
  if (why) *why = text;
  return std::nullopt;
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

// Takes the host off the front of `authority`, and leaves nothing or ":PORT".
bool take_host(std::string_view& authority, std::string& host) {
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return false;
    host = authority.substr(1, close - 1);
    authority.remove_prefix(close + 1);
  } else {
    const auto colon = authority.find(':');
    host = authority.substr(0, colon);
    authority.remove_prefix(host.size());
  }
  return !host.empty() && (authority.empty() || authority.starts_with(':'));
}

bool printable(std::string_view text) {
  for (const unsigned char c : text) {
    if (c <= ' ' || c == 0x7f) return false;
  }
  return true;
}

}  // namespace

std::optional<Url> parse_url(std::string_view text, std::string* why) {
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) return refuse(why, "it has no scheme, such as mqtt://");
  const auto* info = find_scheme(text.substr(0, colon));
  if (!info) return refuse(why, "the scheme is not mqtt, mqtts, ws, wss or mqtt+unix");
  if (!printable(text)) return refuse(why, "it has a space or control character in it");

  Url url{info->scheme, "", info->port, ""};
  auto rest = text.substr(colon + 3);
  if (url.scheme == Url::Scheme::unix_socket) {
    if (!rest.starts_with('/') || rest.size() < 2) {
      return refuse(why, "a Unix socket needs an absolute path: mqtt+unix:///run/broker.sock");
    }
    url.path = rest;
    return url;
  }

  const auto slash = rest.find('/');
  auto authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) url.path = rest.substr(slash);
  if (authority.find('@') != std::string_view::npos) {
    return refuse(why, "user names and passwords go into username and password_file");
  }
  if (!take_host(authority, url.host)) return refuse(why, "it has no host");
  if (!authority.empty() && !parse_port(authority.substr(1), url.port)) {
    return refuse(why, "the port is not a number from 1 to 65535");
  }
  const bool websocket = url.scheme == Url::Scheme::ws || url.scheme == Url::Scheme::wss;
  if (url.path == "/" && !websocket) url.path.clear();
  if (!url.path.empty() && !websocket) return refuse(why, "only ws and wss URLs have a path");
  return url;
}

}  // namespace bascule
