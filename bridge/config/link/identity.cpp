#include "config/link/identity.hpp"

#include <chrono>
#include <fstream>
#include <string>
#include <string_view>

#include "config/secrets.hpp"
#include "config/values.hpp"
#include "link/token/token.hpp"
#include "link/url.hpp"

namespace bascule {
namespace {

using namespace std::chrono_literals;
constexpr auto day = 24h;

auto text_with(const std::string& id) {
  return [&id](const std::string& text) { return with_id(text, id); };
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

void read_claims(Section& token, const std::string& id, TokenSettings& settings) {
  Section claims = token.section("claims");
  for (const std::string& name : claims.keys()) {
    claims.read(name, settings.claims[name], text_with(id));
    if (name == "iat" || name == "exp") {
      claims.complain(name, in_quotes(name) + " is set by the bridge at each connect; remove it");
    }
  }
}

void check_token(Section& link, Section& token, const TokenSettings& settings) {
  const bool sas = settings.kind == TokenKind::azure_sas;
  if (!token.has("kind")) token.complain("\"token\" needs \"kind\": azure-sas or jwt");
  if (!token.has("key_file")) token.complain("\"token\" needs \"key_file\"");
  if (!sas && token.has("resource")) {
    token.complain("resource", "\"resource\" is for azure-sas alone; use \"claims\"");
  }
  if (sas && token.has("claims")) {
    token.complain("claims", "\"claims\" is for jwt alone; use \"resource\"");
  }
  if (link.has("password_file")) {
    link.complain("password_file",
                  "\"password_file\" cannot stand beside \"token\", which is the password");
  }
}

void read_token(Section& link, const std::string& id, TokenSettings& settings) {
  const bool there = link.has("token");
  Section token = link.section("token");
  token.read("kind", settings.kind, one_of(token_kind_words));
  token.read("key_file", settings.key_file, readable_file);
  warn_of_secret(token, "key_file", settings.key_file);
  warn_of_credential(token, "key_file", settings.key_file);
  token.read("lasts", settings.lasts, duration(1min, 365 * day));
  token.read("resource", settings.resource, text_with(id));
  read_claims(token, id, settings);
  if (there) check_token(link, token, settings);
  token.finish();
}

void read_auth(Section& link, const LinkSettings& known, AuthSettings& settings) {
  const bool there = link.has("auth");
  Section auth = link.section("auth");
  if (there) {
    auth.need("method", settings.method, plain_text);
    auth.need("data_file", settings.data_file, readable_file);
    warn_of_secret(auth, "data_file", settings.data_file);
    warn_of_credential(auth, "data_file", settings.data_file);
    if (known.protocol == Protocol::v3_1_1) {
      auth.complain("\"auth\" needs MQTT 5; on 3.1.1 use password_file or token");
    }
  }
  auth.finish();
}

// The token names the host of the first address, and no other host takes it.
void check_hosts(Section& link, const LinkSettings& settings) {
  const bool by_host =
      settings.token.kind == TokenKind::azure_sas && settings.token.resource.empty();
  const auto first = parse_url(settings.url);
  if (!by_host || !first) return;
  for (const std::string& text : settings.other_urls) {
    if (const auto other = parse_url(text); !other || other->host == first->host) continue;
    link.warn("token",
              "\"token\" is made for " + sas_resource(settings) +
                  ", after the first address of \"url\"; where another host wants another one, "
                  "say what all of them take with \"resource\"");
    return;
  }
}

// What IoT Hub wants as the user's name can be told from the rest.
void complete(LinkSettings& settings) {
  const auto url = parse_url(settings.url);
  if (settings.profile != Profile::azure_iot_hub || !settings.username.empty() || !url) return;
  settings.username = url->host + '/' + settings.client_id + "/?api-version=2021-04-12";
}

}  // namespace

void read_identity(Section& link, const std::string& id, LinkSettings& settings) {
  settings.client_id = "bascule-" + id + '-' + settings.name;
  link.read("client_id", settings.client_id, text_with(id));
  link.read("username", settings.username, plain_text);
  link.refuse("password",
              "a password does not belong in this file; put it in a file of its own "
              "and name that with \"password_file\"");
  link.read("password_file", settings.password_file, readable_file);
  warn_of_password(link, settings.password_file);
  read_token(link, id, settings.token);
  read_auth(link, settings, settings.auth);
  complete(settings);
  check_hosts(link, settings);
}

}  // namespace bascule
