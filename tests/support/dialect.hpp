// The two versions of MQTT as a scripted broker speaks them.
#pragma once

#include "support/link_probe.hpp"
#include "support/scripted_broker.hpp"

namespace bascule::test {

inline const Subscription all_in{"in/#", true};

// What differs between the two versions of MQTT, as a broker sends it.
struct Dialect {
  Protocol protocol;
  std::string welcome, granted, no_properties;
};
inline const Dialect dialects[] = {
    {Protocol::v5, bytes({0x20, 3, 0, 0, 0}), bytes({0x90, 4, 0, 1, 0, 1}), bytes({0})},
    {Protocol::v3_1_1, bytes({0x20, 2, 0, 0}), bytes({0x90, 3, 0, 1, 1}), ""},
};
inline const Dialect& v5 = dialects[0];

inline LinkSettings settings_for(const ScriptedBroker& broker, const Dialect& dialect = v5) {
  auto settings = link_settings(Client::native, broker.url(), "client");
  settings.protocol = dialect.protocol;
  return settings;
}

inline std::string packet(int head, const std::string& body) {
  return bytes({head, static_cast<int>(body.size())}) + body;
}

inline std::string publish(const Dialect& dialect, int packet_id, const std::string& payload,
                           const std::string& topic = "in/a") {
  return packet(0x32, text(topic) + bytes({packet_id >> 8, packet_id & 255}) +
                          dialect.no_properties + payload);
}

inline void bring_up(const Peer& peer, const Dialect& dialect) {
  peer.read_packet();
  peer.send(dialect.welcome);
  peer.read_packet();
  peer.send(dialect.granted);
}

}  // namespace bascule::test
