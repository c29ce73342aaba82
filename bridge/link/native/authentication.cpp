#include "link/native/authentication.hpp"

#include "link/codec/decode.hpp"
#include "link/reason.hpp"

namespace bascule {

void Authentication::begin(ConnectPacket& packet) {
  wanted_ = packet.version == Protocol::v5 && !settings_.auth.method.empty();
  if (!wanted_) return;
  packet.auth_method = settings_.auth.method;
  packet.auth_data = credentials_.auth_data(settings_);
  shown_ = Shown::once;
}

void Authentication::show(std::uint8_t reason, std::string& out) {
  append_auth(out, reason, settings_.auth.method, credentials_.auth_data(settings_));
}

void Authentication::again(std::string& out) {
  if (!wanted_) return;
  show(reason::reauthenticate, out);
  shown_ = Shown::once;
}

Authentication::Taken Authentication::take(std::string_view body, bool welcomed, std::string& out) {
  const auto auth = decode_auth(body);
  const std::string& method = settings_.auth.method;
  const bool ours = auth && (auth->method.empty() || auth->method == method);
  if (ours && auth->reason == 0 && welcomed) {
    shown_ = Shown::nothing;
    return {true, ""};
  }
  if (!ours || auth->reason != reason::continue_authentication) {
    return {false, "the broker sent an AUTH that breaks the rules of MQTT"};
  }
  if (shown_ == Shown::twice) {
    return {false, with_details(
                       "the broker asks for more than auth.data_file has, by the method " + method,
                       auth->reason_text, {})};
  }
  show(reason::continue_authentication, out);
  shown_ = Shown::twice;
  return {};
}

}  // namespace bascule
