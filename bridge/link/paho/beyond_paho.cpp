#include "link/paho/beyond_paho.hpp"

#include "link/key/pkcs11_uri.hpp"

namespace bascule {

std::string beyond_paho(const LinkSettings& settings) {
  const std::string remedy = "; use client: native";
  if (settings.url.starts_with("mqtt+unix:")) {
    return "url: the Paho client does not use Unix sockets" + remedy;
  }
  if (!settings.other_urls.empty()) return "url: the Paho client takes only one" + remedy;
  if (!settings.bind_address.empty()) {
    return "bind_address: the Paho client cannot choose the address that it connects from" + remedy;
  }
  if (!settings.proxy.url.empty()) return "proxy: the Paho client goes through none" + remedy;
  if (!settings.auth.method.empty()) {
    return "auth: the Paho client knows no enhanced authentication" + remedy;
  }
  if (!settings.tls.server_name.empty()) {
    return "tls.server_name: the Paho client knows no name but that of the URL" + remedy;
  }
  if (names_token(settings.tls.key_file)) {
    return "tls.key_file: the Paho client takes keys from files alone, not from a token" + remedy;
  }
  return "";
}

}  // namespace bascule
