#include "link/paho_reason.hpp"

#include <MQTTReasonCodes.h>

namespace bascule {

namespace {

using Kind = ConnectResult::Kind;

constexpr int unsupported_version_v3 = 1;
constexpr int unsupported_version_v5 = 0x84;
constexpr int session_taken_over = 0x8e;

// The return codes of MQTT 3.1.1, table 3.1.
constexpr const char* v3_refusals[] = {"accepted",
                                       "the protocol version is not supported",
                                       "the client id is not allowed",
                                       "the server is not available",
                                       "wrong user name or password",
                                       "not authorized"};

std::string refusal(int code, Protocol version) {
  if (version != Protocol::v5 || code < 0x80) {
    if (code > 0 && code <= 5) return v3_refusals[code];
    return "code " + std::to_string(code);
  }
  if (code == 0x86) return "wrong user name or password";
  return describe_reason(code);
}

}  // namespace

std::string describe_reason(int code) {
  if (code == session_taken_over) return "session taken over";
  const char* text = MQTTReasonCode_toString(static_cast<MQTTReasonCodes>(code));
  return (text ? text : "reason") + (" (" + std::to_string(code) + ")");
}

ConnectResult describe_failure(int code, int reason, const std::string& text, Protocol version) {
  const int answer = code > 0 ? code : reason;
  if (answer == unsupported_version_v3 || answer == unsupported_version_v5) {
    return {Kind::not_spoken, "the broker does not speak this version of MQTT", {}};
  }
  if (answer > 0) return {Kind::refused, "the broker refused: " + refusal(answer, version), {}};
  // Paho says this when CONNECT was sent and the connection ended before a CONNACK.
  if (text.find("connect completion failure") != std::string::npos ||
      text.find("socket error") != std::string::npos) {
    return {Kind::not_spoken, "the broker closed the connection without an answer", {}};
  }
  if (text.find("timeout") != std::string::npos) {
    return {Kind::not_reached, "no answer within the time limit", {}};
  }
  return {Kind::not_reached, "cannot connect (is the broker running, and reachable?)", {}};
}

}  // namespace bascule
