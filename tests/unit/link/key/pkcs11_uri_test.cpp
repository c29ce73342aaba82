#include "link/key/pkcs11_uri.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

namespace bascule::test {

TEST_CASE("pkcs11 URI: names a token and a key on it, and perhaps the module") {
  CHECK(names_token("pkcs11:object=a"));
  CHECK_FALSE(names_token("/etc/bascule/pkcs11:key"));
  Pkcs11Uri uri = parse_pkcs11_uri(
      "pkcs11:token=Our%20site;serial=7;object=bridge;id=%01%ff;type=private"
      "?module-path=/usr/lib/softhsm/libsofthsm2.so");
  CHECK(uri.token == "Our site");
  CHECK(uri.serial == "7");
  CHECK(uri.object == "bridge");
  CHECK(uri.id == "\x01\xff");
  CHECK(uri.module == "/usr/lib/softhsm/libsofthsm2.so");
  CHECK(parse_pkcs11_uri("pkcs11:object=a").module == "p11-kit-proxy.so");
}

TEST_CASE("pkcs11 URI: what is wrong with it is said, and a PIN never stands in it") {
  const std::pair<std::string, std::string> wrongs[] = {
      {"pkcs11:token=site", "must name the key"},
      {"pkcs11:", "must name the key"},
      {"pkcs11:object", "NAME=VALUE"},
      {"pkcs11:object=a%2", "% without two hexadecimal digits"},
      {"pkcs11:object=a%zz", "% without two hexadecimal digits"},
      {"pkcs11:object=a;slot=1", "has 'slot', which is not understood"},
      {"pkcs11:object=a;module-path=/x", "has 'module-path'"},
      {"pkcs11:object=a;type=cert", "has 'type'"},
      {"pkcs11:object=a?pin-value=1234", "name that as tls.key_password_file"},
  };
  for (const auto& [text, why] : wrongs) {
    CAPTURE(text);
    std::string told;
    try {
      parse_pkcs11_uri(text);
    } catch (const std::runtime_error& error) {
      told = error.what();
    }
    CHECK(told.starts_with("tls.key_file: the pkcs11 URI "));
    CHECK(told.find(why) != std::string::npos);
    CHECK(told.find("1234") == std::string::npos);
  }
}

}  // namespace bascule::test
