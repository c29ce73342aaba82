#include "doctor/remedy.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include "text/wording.hpp"

namespace bascule {
namespace {

struct Cause {
  std::string_view part;  // of the sentence
  std::string_view remedy;
};

constexpr std::string_view try_later = "; try again later";

// The first that fits counts: what is special stands before what is general.
constexpr Cause causes[] = {
    {"is not for the host name",
     "; set tls.server_name to a name that the certificate has, or give the broker one for this "
     "name"},
    {"unknown CA (see tls.ca_file)", "; name who has signed it as tls.ca_file"},
    {"the certificate has expired", "; renew it there, or set the clock"},
    {"the certificate is not yet valid", "; set the clock"},
    {"that tls.alpn offers", "; name what the service takes in tls.alpn"},
    {"tls.alpn names none", "; name what the service takes in tls.alpn"},
    {"wants a client certificate", ""},
    {"unrecognized name", "; set tls.server_name to the name that the service has"},
    {"does it speak TLS on this port?",
     "; name its port for TLS in url, often 8883, or begin that with mqtt:// if it has none, or "
     "name in tls.server_name the name that it has"},
    {"this looks like a TLS port", ""},
    {"does it want TLS on this port", ""},
    {"TLS: the broker says", "; see that it knows tls.cert_file, or who has signed that"},
    {"name the user in proxy", ""},
    {"as proxy_password_file", ""},
    {"it refuses the user name and password",
     "; check the user in 'proxy', and proxy_password_file"},
    {"does it speak HTTP on this port?", "; correct scheme and port of 'proxy'"},
    {"does it speak SOCKS 5 on this port?", "; correct scheme and port of 'proxy'"},
    {"HTTP proxies do", "; correct scheme and port of 'proxy'"},
    {"SOCKS 5 proxies do", "; correct scheme and port of 'proxy'"},
    {"to CONNECT", "; let the proxy reach the broker's port"},
    {"its rules do not allow", "; let the proxy reach the broker's port"},
    {"not find its address", "; see that the broker runs there, and that the proxy knows the name"},
    {"the proxy ", "; see that the proxy runs there, and that no firewall is between"},
    {"bind_address", "; name an address that 'ip address' shows, or remove bind_address"},
    {"is the path in the url right?", ""},
    {"WebSocket", "; name port and path of the broker's listener for WebSockets in url"},
    {"client id is not allowed",
     "; let this client id in, too, or skip what the doctor says of it"},
    {"is not valid before", "; set this machine's clock, or the broker's"},
    {"bad authentication method", "; correct auth.method"},
    {"server is busy", try_later},
    {"server is not available", try_later},
    {"shutting down", try_later},
    {"quota exceeded", try_later},
    {"rate too high", try_later},
    {"too many connections", "; end others, or let it take more"},
    {"does not speak this version of MQTT", "; take 'protocol' away, or change it"},
};

// Such a sentence begins with the key whose file is wrong, and says how.
constexpr std::string_view keys[] = {"tls.", "token.", "auth.", "password_file",
                                     "proxy_password_file"};

}  // namespace

std::string remedy(std::string_view why, const LinkSettings& link, const std::string& otherwise) {
  if (std::ranges::any_of(keys, [&](std::string_view key) { return why.starts_with(key); })) {
    return "";
  }
  if (why.find("the token has expired") != why.npos) {
    return link.token.kind == TokenKind::none
               ? "; write a new one into " +
                     std::string(link.auth.method.empty() ? "password_file" : "auth.data_file")
               : "; set this machine's clock: a token is made at each connect, for token.lasts";
  }
  const auto known = std::ranges::find_if(
      causes, [&](const Cause& cause) { return why.find(cause.part) != why.npos; });
  return known == std::end(causes) ? otherwise : std::string(known->remedy);
}

std::string proofs_of(const LinkSettings& link) {
  std::vector<std::string> names{"username"};
  if (!link.auth.method.empty()) {
    names = {"auth.method", "auth.data_file"};
  } else if (link.token.kind == TokenKind::azure_sas) {
    names.insert(names.end(), {"token.key_file", "token.resource"});
  } else if (link.token.kind == TokenKind::jwt) {
    names.insert(names.end(), {"token.key_file", "token.claims"});
  } else if (link.tls.cert_file.empty() || !link.username.empty()) {
    names.emplace_back("password_file");
  }
  if (!link.tls.cert_file.empty()) names.emplace_back("tls.cert_file");
  return comma_list(names);
}

}  // namespace bascule
