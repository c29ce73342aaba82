#include "config/link/identity.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "support/config_file.hpp"

using namespace bascule;
using namespace config_file;
using namespace std::chrono_literals;

TEST_CASE("config: a token and what it is made of") {
  const ConfigDirectory directory;
  const std::string key = directory.write("key", "x");
  const auto token = [&key](const std::string& more) {
    return load(with_site("  url: mqtt://h\n  token: {key_file: " + key + ", " + more + "}\n"))
        .site.token;
  };
  const TokenSettings sas =
      token("kind: azure-sas, lasts: 2h, resource: \"h/devices/{bridge.id}\"");
  CHECK(sas.kind == TokenKind::azure_sas);
  CHECK(sas.key_file == key);
  CHECK(sas.lasts == 2h);
  CHECK(sas.resource == "h/devices/shop");
  const TokenSettings jwt = token("kind: jwt, claims: {aud: a, sub: \"{bridge.id}\"}");
  CHECK(jwt.kind == TokenKind::jwt);
  CHECK(jwt.claims.at("sub") == "shop");
}

TEST_CASE("config: a token that cannot be one is refused") {
  const ConfigDirectory directory;
  const std::string key = directory.write("key", "x");
  const auto wrong = [](const std::string& lines) {
    return problems(with_site("  url: mqtt://h\n" + lines));
  };
  CHECK(wrong("  token: {key_file: " + key + "}\n") ==
        Lines{"3:3: \"token\" needs \"kind\": azure-sas or jwt"});
  CHECK(wrong("  token: {kind: jwt}\n") == Lines{"3:3: \"token\" needs \"key_file\""});
  const std::string jwt = "  token: {kind: jwt, key_file: " + key;
  CHECK(wrong(jwt + ", resource: x}\n").size() == 1);
  CHECK(wrong(jwt + ", claims: {exp: 1}}\n").size() == 1);
  CHECK(wrong(jwt + "}\n  password_file: " + key + '\n') ==
        Lines{"4:18: \"password_file\" cannot stand beside \"token\", which is the password"});
}

TEST_CASE("config: enhanced authentication needs MQTT 5 and the native client") {
  const ConfigDirectory directory;
  const std::string data = directory.write("data", "x");
  const std::string auth =
      "  url: mqtt://h\n  auth: {method: CUSTOM-JWT, data_file: " + data + "}\n";
  const AuthSettings settings = load(with_site(auth)).site.auth;
  CHECK(settings.method == "CUSTOM-JWT");
  CHECK(settings.data_file == data);
  CHECK(problems(with_site(auth + "  protocol: 3.1.1\n")) ==
        Lines{"3:3: \"auth\" needs MQTT 5; on 3.1.1 use password_file or token"});
  CHECK(problems(with_site(auth + "  client: paho\n")) ==
        Lines{"4:11: auth: the Paho client knows no enhanced authentication; use client: native"});
  CHECK(problems(with_site("  url: mqtt://h\n  auth: {method: X}\n")) ==
        Lines{"3:3: \"site.auth\" needs \"data_file\""});
}

TEST_CASE("config: a token that names the first of several hosts is warned of") {
  const ConfigDirectory directory;
  const std::string key = directory.write("key", "x");
  const auto warned = [&key](const std::string& urls, const std::string& more) {
    const std::string yaml =
        "  url: " + urls + "\n  token: {kind: azure-sas, key_file: " + key + more + "}\n";
    return std::ranges::any_of(load(with_site(yaml)).warnings, [](const Problem& one) {
      return one.text.find("made for a/devices/bascule-shop-site") != std::string::npos;
    });
  };
  CHECK(warned("[\"mqtts://a\", \"mqtts://b\"]", ""));
  CHECK_FALSE(warned("[\"mqtts://a\", \"mqtts://b\"]", ", resource: x/devices/y"));
  CHECK_FALSE(warned("[\"mqtts://a\", \"mqtts://a:443\"]", ""));
  CHECK_FALSE(warned("mqtts://a", ""));
}
