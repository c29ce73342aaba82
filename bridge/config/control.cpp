#include "config/control.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "config/secrets.hpp"
#include "config/values.hpp"
#include "text/address.hpp"

namespace bascule {
namespace {

using Place = std::pair<std::string, std::uint16_t>;

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

// ADDRESS:PORT, with brackets around one that has colons.
Place listening_place(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::string address = text.substr(0, colon);
  const bool brackets = address.starts_with('[') && address.ends_with(']');
  if (brackets) address = address.substr(1, address.size() - 2);
  if (address == "localhost") address = "127.0.0.1";
  if (colon == text.npos || !is_address(address) ||
      (address.find(':') != address.npos) != brackets) {
    throw std::invalid_argument("must be ADDRESS:PORT, as 127.0.0.1:8642 or [::1]:8642, not " +
                                in_quotes(text));
  }
  return {address, static_cast<std::uint16_t>(parse_whole(text.substr(colon + 1), 1, 65'535))};
}

std::string host_and_port(const std::string& text) {
  const std::string host = plain_text(text);
  if (host.find_first_of("/@ ") == host.npos) return host;
  throw std::invalid_argument(
      "has names with their port as a browser shows them, as "
      "box.example.net:8642, not " +
      in_quotes(text));
}

void read_tls(Section& control, HttpSettings& settings) {
  if (!control.has("tls")) return;
  Section certificate = control.section("tls");
  certificate.need("cert_file", settings.cert_file, readable_file);
  certificate.need("key_file", settings.key_file, readable_file);
  warn_of_secret(certificate, "key_file", settings.key_file);
  certificate.finish();
}

void read_http(Section& control, HttpSettings& settings) {
  if (!control.has("token_file")) {
    control.complain("http",
                     "\"http\" needs \"token_file\": who may look, and who may change; a line of "
                     "it is: look NAME TOKEN, and a token comes from: openssl rand -hex 24");
  }
  control.read("token_file", settings.token_file, readable_file);
  warn_of_secret(control, "token_file", settings.token_file);
  warn_of_credential(control, "token_file", settings.token_file);
  read_tls(control, settings);
  control.read_list("hosts", settings.hosts, host_and_port);
  if (settings.hosts.empty() && is_any_address(settings.address)) {
    control.complain("http",
                     "\"http\" at every address needs \"hosts\": by which names and ports "
                     "it is reached, as box.example.net:8642");
  }
  if (!is_loopback(settings.address) && settings.cert_file.empty()) {
    control.warn("http",
                 "\"http\" is open to a network without TLS: whoever is on the line can read "
                 "tokens and messages; name a certificate with \"tls\", or listen at 127.0.0.1");
  }
}

}  // namespace

void read_control(Section& file, ControlSettings& settings) {
  Section control = file.section("control");
  control.read("socket", settings.socket, socket_path);
  Place place;
  if (control.read("http", place, listening_place)) {
    settings.http.emplace();
    std::tie(settings.http->address, settings.http->port) = place;
    read_http(control, *settings.http);
  } else {
    for (const char* key : {"token_file", "tls", "hosts"}) {
      control.refuse(key, in_quotes(key) + " has no effect without \"http\": where to listen");
    }
  }
  control.finish();
}

}  // namespace bascule
