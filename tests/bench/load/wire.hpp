// The little of MQTT 3.1.1 and 5 that a load needs, apart from the bridge's own codec: what counts
// its messages must not share its mistakes. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace load {

enum class Protocol : std::uint8_t { v3_1_1 = 4, v5 = 5 };  // as in CONNECT

void append_u16(std::string& out, unsigned value);

// `session`: it is kept when the connection ends, and goes on with the next one.
void append_connect(std::string& out, Protocol protocol, std::string_view client_id, bool session,
                    unsigned receive_maximum);
void append_subscribe(std::string& out, Protocol protocol, std::string_view filter);
void append_puback(std::string& out, unsigned packet_id);

// A PUBLISH at QoS 1 as a template, of which only the packet id and the payload change.
struct PublishTemplate {
  PublishTemplate(Protocol protocol, std::string_view topic, std::size_t payload_bytes);
  std::string bytes;
  std::size_t packet_id_at = 0;
  std::size_t payload_at = 0;
};

// A PUBLISH at QoS 1, MQTT 5, that asks for an answer: the correlation data is a number.
struct RequestTemplate {
  RequestTemplate(std::string_view topic, std::string_view response_topic,
                  std::string_view payload);
  void number(unsigned packet_id, std::uint64_t number);
  std::string bytes;
  std::size_t packet_id_at = 0;
  std::size_t number_at = 0;
};

// The packet at the front of `bytes`; size 0: it has not all come yet. Throws std::runtime_error if
// it is none.
struct Packet {
  unsigned type = 0;
  unsigned flags = 0;
  std::string_view body;
  std::size_t size = 0;
};
Packet next_packet(std::string_view bytes);

// A PUBLISH taken apart; throws std::runtime_error if it is too short.
struct Publish {
  unsigned packet_id = 0;  // 0: QoS 0
  std::string_view properties;
  std::string_view payload;
};
Publish read_publish(Protocol protocol, const Packet& packet);

// In a block of properties; empty if there is none.
std::string_view user_property(std::string_view block, std::string_view name);
std::string_view correlation_data(std::string_view block);

}  // namespace load
