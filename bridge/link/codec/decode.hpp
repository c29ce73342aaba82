// The packets that a broker sends to a client, taken apart. Each function reads the body of a
// whole Frame and returns nothing, or false, if the packet breaks the rules of its version: fields
// cut short or left over, properties that do not belong there or stand twice, texts that are not
// UTF-8. Views point into the body. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "link/link.hpp"

namespace bascule {

struct ConnAck {
  std::uint8_t reason = 0;  // 0: welcome
  Limits limits;
  std::optional<std::uint16_t> keep_alive_s;  // the server's, which overrides ours
  std::string_view reason_text;
  std::string_view server_reference;
};

// PUBACK, PUBREC, PUBREL and PUBCOMP, which are alike.
struct Answer {
  std::uint16_t packet_id = 0;
  std::uint8_t reason = 0;
  std::string_view reason_text;
};

struct SubAck {
  std::uint16_t packet_id = 0;
  std::uint8_t reason = 0;  // the granted QoS, or 0x80 and above
  std::string_view reason_text;
};

struct UnsubAck {
  std::uint16_t packet_id = 0;
  std::string reasons;  // one for each filter, as bytes; MQTT 3.1.1: none, all are done with
};

struct Farewell {
  std::uint8_t reason = 0;
  std::string_view reason_text;
  std::string_view server_reference;
};

// What it has for us to answer is not looked at: our authentication is one step.
struct Auth {
  std::uint8_t reason = 0;
  std::string_view method;  // empty: it does not say
  std::string_view reason_text;
};

std::optional<ConnAck> decode_connack(std::string_view body, Protocol version);
std::optional<Answer> decode_answer(std::string_view body, Protocol version);
std::optional<SubAck> decode_suback(std::string_view body, Protocol version);  // of one filter
std::optional<UnsubAck> decode_unsuback(std::string_view body, Protocol version);
std::optional<Farewell> decode_disconnect(std::string_view body);  // MQTT 5 only
std::optional<Auth> decode_auth(std::string_view body);            // likewise

// Fills all of `delivery` but the tag. Only the frame of the packet is judged here, not what the
// application put in: an illegal topic or property is for the one who takes the message, who can
// set it aside, whereas a connection that ends over it would get it again and again. Subscription
// identifiers, which belong to the connection, are taken out, and what follows moves up.
bool decode_publish(std::uint8_t flags, std::span<char> body, Protocol version, Delivery& delivery);

}  // namespace bascule
