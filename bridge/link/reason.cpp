#include "link/reason.hpp"

#include <array>
#include <cstdio>

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

const char* name(int code) {
  switch (code) {
    case 0x00:
      return "success";
    case 0x04:
      return "disconnect with will";
    case 0x10:
      return "no matching subscribers";
    case 0x80:
      return "unspecified error";
    case 0x81:
      return "malformed packet";
    case 0x82:
      return "protocol error";
    case 0x83:
      return "an error of the broker's own";
    case 0x84:
      return "the protocol version is not supported";
    case 0x85:
      return "the client id is not allowed";
    case 0x86:
      return "wrong user name or password";
    case 0x87:
      return "not authorized";
    case 0x88:
      return "the server is not available";
    case 0x89:
      return "the server is busy";
    case 0x8a:
      return "banned";
    case 0x8b:
      return "the server is shutting down";
    case 0x8c:
      return "bad authentication method";
    case 0x8d:
      return "keep alive timeout";
    case 0x8e:
      return "session taken over";
    case 0x8f:
      return "topic filter invalid";
    case 0x90:
      return "topic name invalid";
    case 0x93:
      return "receive maximum exceeded";
    case 0x94:
      return "topic alias invalid";
    case 0x95:
      return "packet too large";
    case 0x96:
      return "message rate too high";
    case 0x97:
      return "quota exceeded";
    case 0x98:
      return "ended by an administrator";
    case 0x99:
      return "payload format invalid";
    case 0x9a:
      return "retained messages are not supported";
    case 0x9b:
      return "this QoS is not supported";
    case 0x9c:
      return "use another server";
    case 0x9d:
      return "the server has moved";
    case 0x9e:
      return "shared subscriptions are not supported";
    case 0x9f:
      return "too many connections";
    case 0xa0:
      return "maximum connect time exceeded";
    case 0xa1:
      return "subscription identifiers are not supported";
    case 0xa2:
      return "wildcard subscriptions are not supported";
    default:
      return "reason";
  }
}

}  // namespace

std::string describe_reason(int code) {
  if (code == session_taken_over) return name(code);
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%s (0x%02x)", name(code), static_cast<unsigned>(code));
  return text.data();
}

bool about_a_packet(int code) {
  switch (code) {
    case 0x80:  // unspecified
    case 0x81:  // malformed
    case 0x82:  // protocol error
    case 0x83:  // an error of its own
    case 0x87:  // not authorized
    case 0x90:  // topic name
    case 0x94:  // topic alias
    case 0x95:  // too large
    case 0x99:  // payload format
    case 0x9a:  // retain
    case 0x9b:  // QoS
      return true;
    default:
      return false;
  }
}

ConnectResult describe_refusal(int code, Protocol version) {
  if (code == unsupported_version_v3 || code == unsupported_version_v5) {
    return {Kind::not_spoken, "the broker does not speak this version of MQTT", {}};
  }
  const bool old_code = version != Protocol::v5 || code < 0x80;
  const auto why = old_code && code > 0 && code <= 5 ? v3_refusals[code] : describe_reason(code);
  return {Kind::refused, "the broker refused: " + why, {}};
}

}  // namespace bascule
