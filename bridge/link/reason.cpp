#include "link/reason.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace bascule {

namespace {

using Kind = ConnectResult::Kind;

struct Reason {
  int code;
  const char* name;
  bool about_a_packet = false;  // that the broker was sent
};

constexpr Reason reasons[] = {
    {0x00, "success"},
    {0x04, "disconnect with will"},
    {0x10, "no matching subscribers"},
    {0x11, "no subscription existed"},
    {0x80, "unspecified error", true},
    {0x81, "malformed packet", true},
    {0x82, "protocol error", true},
    {0x83, "an error of the broker's own", true},
    {0x84, "the protocol version is not supported"},
    {0x85, "the client id is not allowed"},
    {0x86, "wrong user name or password"},
    {0x87, "not authorized", true},
    {0x88, "the server is not available"},
    {0x89, "the server is busy"},
    {0x8a, "banned"},
    {0x8b, "the server is shutting down"},
    {0x8c, "bad authentication method"},
    {0x8d, "keep alive timeout"},
    {0x8e, "session taken over"},
    {0x8f, "topic filter invalid"},
    {0x90, "topic name invalid", true},
    {0x91, "the packet id is in use"},
    {0x92, "the packet id was not found"},
    {0x93, "receive maximum exceeded"},
    {0x94, "topic alias invalid", true},
    {0x95, "packet too large", true},
    {0x96, "message rate too high"},
    {0x97, "quota exceeded"},
    {0x98, "ended by an administrator"},
    {0x99, "payload format invalid", true},
    {0x9a, "retained messages are not supported", true},
    {0x9b, "this QoS is not supported", true},
    {0x9c, "use another server"},
    {0x9d, "the server has moved"},
    {0x9e, "shared subscriptions are not supported"},
    {0x9f, "too many connections"},
    {0xa0, "maximum connect time exceeded"},
    {0xa1, "subscription identifiers are not supported"},
    {0xa2, "wildcard subscriptions are not supported"},
};

// What the return codes of MQTT 3.1.1 are called in MQTT 5.
constexpr int of_v3[] = {0x00, 0x84, 0x85, 0x88, 0x86, 0x87};

const Reason* find(int code) {
  const auto found = std::ranges::find(reasons, code, &Reason::code);
  return found == std::end(reasons) ? nullptr : found;
}

}  // namespace

std::string describe_reason(int code) {
  const Reason* const known = find(code);
  if (known != nullptr && code == reason::session_taken_over) return known->name;
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%s (0x%02x)", known ? known->name : "reason",
                static_cast<unsigned>(code));
  return text.data();
}

std::string with_details(std::string why, std::string_view text, std::string_view reference) {
  if (!text.empty()) why += ": " + std::string(text);
  if (!reference.empty()) why += "; the server to use: " + std::string(reference);
  return why;
}

bool about_a_packet(int code) {
  const Reason* const known = find(code);
  return known != nullptr && known->about_a_packet;
}

ConnectResult describe_refusal(int code, Protocol version) {
  const bool old = (version != Protocol::v5 || !reason::refuses(code)) && code > 0 &&
                   code < static_cast<int>(std::size(of_v3));
  const int modern = old ? of_v3[code] : code;
  ConnectResult result;
  result.code = static_cast<std::uint8_t>(modern);
  if (modern == reason::unsupported_version) {
    result.kind = Kind::not_spoken;
    result.error = "the broker does not speak this version of MQTT";
  } else {
    result.kind = Kind::refused;
    result.error = "the broker refused: " + (old ? find(modern)->name : describe_reason(code));
  }
  return result;
}

}  // namespace bascule
