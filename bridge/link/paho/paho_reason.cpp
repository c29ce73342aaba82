#include "link/paho/paho_reason.hpp"

#include "link/reason.hpp"

namespace bascule {

using Kind = ConnectResult::Kind;

ConnectResult describe_failure(int code, int reason, const std::string& text, Protocol version) {
  const int answer = code > 0 ? code : reason;
  if (answer > 0) return describe_refusal(answer, version);
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
