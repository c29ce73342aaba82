// The publishes of one connection on their way out: those that the broker's Receive Maximum keeps
// waiting, those of QoS 0 that are not written yet, and the handshakes of QoS 2. What becomes of
// each is noted in the link's InFlight. Time is an argument; on the loop's thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <unordered_map>

#include "link/codec/decode.hpp"
#include "link/codec/packet.hpp"
#include "link/in_flight.hpp"
#include "link/link.hpp"
#include "link/native/wire.hpp"

namespace bascule {

class Outbox {
 public:
  using Time = InFlight::Time;

  Outbox(Protocol version, InFlight& publishes, Wire& wire)
      : version_(version), publishes_(publishes), wire_(wire) {}

  // Of the broker; before anything is published.
  void limit(std::uint32_t receive_maximum, std::uint32_t packet_bytes_max) {
    receive_maximum_ = receive_maximum;
    packet_bytes_max_ = packet_bytes_max;
  }

  // In order. False: some outcomes wait already.
  bool publish(std::span<const Outgoing> messages, Time now);

  // PUBREL, if the broker has said PUBREC of this one; else false.
  bool release(std::uint16_t packet_id, Time now);

  // PUBACK, PUBREC or PUBCOMP. True: an outcome waits. An id that nobody waits for is no reason to
  // end a connection that works. Nor is one that waits for something else: what is missing will
  // come, or the connection ends for want of it.
  bool take(PacketType type, const Answer& answer, Time now);

  // All up to this position is written. True: outcomes wait.
  bool written(std::uint64_t position, Time now);

  // What has waited and need not any more.
  void send_waiting();

  std::uint64_t last_sent() const;  // the serial number of the newest that has gone out

 private:
  // A publish of QoS 2, once it is on its way. sent: PUBREC is what we wait for. received: it has
  // come, and we wait for release(). released: we wait for PUBCOMP.
  struct Handshake {
    enum class State : std::uint8_t { sent, received, released } state;
    std::uint64_t serial;
  };
  struct Waiting {
    std::uint64_t serial;
    Qos qos;
    std::uint16_t packet_id;
    std::string packet;
  };
  // A publish of QoS 0, and where it ends in what is written.
  struct Unwritten {
    std::uint64_t end;
    std::uint64_t serial;
  };

  void send(const Message& message, const Outgoing& out, std::uint64_t serial);
  void sent(Qos qos, std::uint16_t packet_id, std::uint64_t serial);
  void resume(const Outgoing& out, std::uint64_t serial);
  bool room(std::uint64_t serial) const;
  bool take_puback(const Answer& answer, Time now);
  bool take_pubrec(const Answer& answer, Time now);
  bool settle(Handshake::State state, const Answer& answer, Time now);
  void settle(std::uint64_t serial, const Answer& answer, Time now);

  const Protocol version_;
  InFlight& publishes_;
  Wire& wire_;
  std::uint32_t receive_maximum_ = 65'535;
  std::uint32_t packet_bytes_max_ = 268'435'460;
  std::deque<Waiting> waiting_;
  std::unordered_map<std::uint16_t, Handshake> handshakes_;  // by packet id
  std::deque<Unwritten> unwritten_;
};

}  // namespace bascule
