// The packets that a client sends, appended to a buffer in wire encoding. Texts must be valid and
// 65,535 bytes at the most; where they come from the settings, std::length_error says which is not.
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "link/codec/packet.hpp"
#include "link/link.hpp"

namespace bascule {

struct ConnectPacket {
  Protocol version = Protocol::v5;
  bool keep_session = true;  // clean start, or clean session, is 0
  std::string client_id;
  std::string username;  // empty: none
  std::optional<std::string> password;
  std::uint16_t keep_alive_s = 30;
  std::optional<Will> will;
  // MQTT 5 only.
  std::uint32_t session_expiry_s = 0;
  std::uint16_t receive_maximum = 65'535;
  std::uint32_t maximum_packet_bytes = 0;  // 0: none is announced
  std::string auth_method;                 // of enhanced authentication; empty: none
  std::string auth_data;                   // bytes
};

void append_connect(std::string& out, const ConnectPacket& packet);

// The size that append_publish would add.
std::size_t publish_bytes(Protocol version, const Message& message);

// `packet_id` is not used with QoS 0. `duplicate`: the DUP flag.
void append_publish(std::string& out, Protocol version, const Message& message,
                    std::uint16_t packet_id, bool duplicate = false);

// PUBACK, PUBREC, PUBREL or PUBCOMP, which are alike. Success.
void append_answer(std::string& out, PacketType type, std::uint16_t packet_id);

// MQTT 5: with its identifier.
void append_subscribe(std::string& out, Protocol version, std::uint16_t packet_id,
                      const Subscription& subscription);

void append_unsubscribe(std::string& out, Protocol version, std::uint16_t packet_id,
                        std::span<const std::string> filters);

// MQTT 5 only.
void append_auth(std::string& out, std::uint8_t reason, std::string_view method,
                 std::string_view data);

void append_pingreq(std::string& out);
void append_disconnect(std::string& out);

}  // namespace bascule
