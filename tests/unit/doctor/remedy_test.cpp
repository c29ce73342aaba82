#include "doctor/remedy.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

const std::string otherwise = "; the general remedy";

std::string of(const char* why, const LinkSettings& link = {}) {
  return remedy(why, link, otherwise);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("remedy: each cause has its own, and the general one stands behind none of these") {
  const std::pair<const char*, const char*> rows[] = {
      {"TLS: the certificate is not for the host name a", "tls.server_name"},
      {"TLS: the certificate is from an unknown CA (see tls.ca_file)", "tls.ca_file"},
      {"TLS: the certificate has expired (or this machine's clock is ahead)", "renew"},
      {"TLS: the broker takes none of the protocols that tls.alpn offers: x", "tls.alpn"},
      {"TLS: the broker says: unrecognized name", "tls.server_name"},
      {"the proxy p:1: it refuses the user name and password (407)", "proxy_password_file"},
      {"the proxy p:1: cannot connect: Connection refused", "the proxy runs"},
      {"the proxy p:1: it answers 403 Forbidden to CONNECT b:8883", "reach the broker's port"},
      {"bind_address: 192.0.2.1 is not an address of this machine", "ip address"},
      {"the broker refused: quota exceeded (0x97)", "later"},
      {"the broker refused: bad authentication method (0x8c)", "auth.method"},
      {"the broker does not speak WebSocket on this port: x", "for WebSockets"},
  };
  for (const auto& [why, says] : rows) {
    CAPTURE(why);
    CHECK(contains(of(why), says));
    CHECK_FALSE(contains(of(why), "general"));
  }
}

TEST_CASE("remedy: nothing stands behind a sentence that says what to change") {
  for (const char* why :
       {"tls.key_file: /k: the key is encrypted; name its password with tls.key_password_file",
        "token.key_file: /k is no key in base64", "password_file: cannot read /p: No such file",
        "the proxy p:1: it wants a user name and password (407): name the user in proxy, as in "
        "http://USER@HOST:PORT, and proxy_password_file",
        "the proxy p:1: it refuses the user name without a password (407): name the file of one "
        "as proxy_password_file"}) {
    CAPTURE(why);
    CHECK(of(why).empty());
  }
}

TEST_CASE("remedy: what is not known, as a refusal of who we are, has the general one") {
  CHECK(of("the broker refused: wrong user name or password (0x86)") == otherwise);
  CHECK(of("cannot connect: Connection refused") == otherwise);
}

TEST_CASE("remedy: a token that has ended is made anew, or a new one is written") {
  const char* const why = "the broker refused: not authorized (0x87); the token has expired, at x";
  LinkSettings link;
  CHECK(contains(of(why, link), "password_file"));
  link.token.kind = TokenKind::jwt;
  CHECK(contains(of(why, link), "clock"));
}

TEST_CASE("remedy: the keys that say who a link is are those that it has") {
  LinkSettings link;
  CHECK(proofs_of(link) == "username, password_file");
  link.tls.cert_file = "/c";
  CHECK(proofs_of(link) == "username, tls.cert_file");
  link.token.kind = TokenKind::azure_sas;
  CHECK(proofs_of(link) == "username, token.key_file, token.resource, tls.cert_file");
  link.auth.method = "CUSTOM-JWT";
  CHECK(proofs_of(link) == "auth.method, auth.data_file, tls.cert_file");
}
