#include "link/paho/paho_options.hpp"

#include <limits>
#include <utility>

#include "link/connect_settings.hpp"
#include "link/key/private_key.hpp"
#include "link/token/token.hpp"

namespace bascule {

namespace {

// Paho acknowledges one message at a time, so a broker gains nothing from sending many ahead.
constexpr std::int32_t receive_maximum = 100;

// Room above the window: Paho counts subscribes too, and after a lost session for a moment also
// publishes that have had their outcome. At its limit Paho waits for up to a second.
constexpr std::uint32_t inflight_slack = 1'000;

mqtt::ssl_options tls_options(const TlsSettings& tls) {
  for (const auto& [path, what] :
       {std::pair{&tls.ca_file, "tls.ca_file"}, std::pair{&tls.cert_file, "tls.cert_file"}}) {
    if (!path->empty()) read_file(*path, what);
  }
  const auto& secret = tls.key_password_file;
  const std::string password = secret.empty() ? "" : read_password(secret, "tls.key_password_file");
  if (!tls.key_file.empty()) {  // else OpenSSL would ask at the terminal
    read_pem_key(tls.key_file, password, "tls.key_file",
                 "name its password with tls.key_password_file");
  }
  mqtt::ssl_options options;
  if (!tls.ca_file.empty()) options.set_trust_store(tls.ca_file);  // else the system's store
  if (!tls.cert_file.empty()) options.set_key_store(tls.cert_file);
  if (!tls.key_file.empty()) options.set_private_key(tls.key_file);
  if (!password.empty()) options.set_private_key_password(password);
  if (!tls.alpn.empty()) options.set_alpn_protos(tls.alpn);
  options.set_enable_server_cert_auth(!tls.insecure);
  options.set_verify(!tls.insecure);
  return options;
}

mqtt::properties connect_properties(const LinkSettings& settings) {
  using Code = mqtt::property;
  return {{Code::SESSION_EXPIRY_INTERVAL, static_cast<std::int32_t>(session_expiry_s(settings))},
          {Code::RECEIVE_MAXIMUM, receive_maximum}};
}

}  // namespace

std::string paho_uri(const Url& url) {
  const std::string scheme =
      url.websocket() ? (url.tls() ? "wss://" : "ws://") : (url.tls() ? "ssl://" : "tcp://");
  const bool ipv6 = url.host.find(':') != std::string::npos;
  const auto host = ipv6 ? "[" + url.host + "]" : url.host;
  return scheme + host + ":" + std::to_string(url.port) + url.path;
}

mqtt::create_options paho_create_options(int version) {
  mqtt::create_options options(version);
  options.set_send_while_disconnected(false);  // what cannot be sent is lost at once, and known
  options.set_max_buffered_messages(std::numeric_limits<int>::max());  // the window is the limit
  return options;
}

mqtt::connect_options paho_connect_options(const LinkSettings& settings, const Url& url,
                                           int version) {
  mqtt::connect_options options;
  options.set_mqtt_version(version);
  if (version == MQTTVERSION_5) {
    options.set_clean_start(!settings.keep_session);
    options.set_properties(connect_properties(settings));
  } else {
    options.set_clean_session(!settings.keep_session);
  }
  options.set_automatic_reconnect(false);
  options.set_keep_alive_interval(keep_alive_s(settings));
  options.set_connect_timeout(static_cast<int>(connect_timeout(settings).count()));
  options.set_max_inflight(static_cast<int>(settings.window + inflight_slack));
  if (!settings.username.empty()) options.set_user_name(settings.username);
  if (settings.token.kind != TokenKind::none) {
    options.set_password(make_token(settings, now().wall_ms));
  } else if (!settings.password_file.empty()) {
    options.set_password(read_password(settings.password_file));
  }
  if (const auto& will = settings.will) {
    options.set_will(mqtt::will_options(will->topic, will->payload.data(), will->payload.size(),
                                        static_cast<int>(will->qos), will->retain));
  }
  if (url.tls()) options.set_ssl(tls_options(settings.tls));
  return options;
}

}  // namespace bascule
