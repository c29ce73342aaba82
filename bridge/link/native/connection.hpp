// One connection to a broker in MQTT, from the first address tried to its end: CONNECT,
// subscriptions, keep alive, and the packets of messages and acknowledgements. It never connects
// again; the link makes another one. On the loop's thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "link/codec/decode.hpp"
#include "link/codec/packet.hpp"
#include "link/connect_result.hpp"
#include "link/in_flight.hpp"
#include "link/link.hpp"
#include "link/native/keep_alive.hpp"
#include "link/native/transport.hpp"
#include "link/native/unacknowledged.hpp"
#include "link/url.hpp"

namespace bascule {

// What goes on from one connection to the next.
struct Session {
  Unacknowledged deliveries;
  InFlight publishes;
  bool plain_will = false;  // the broker does not take one that is retained, or has a QoS
};

class Connection {
 public:
  // Who is told. Must not destroy the connection before the call has returned.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void connected(const Limits& limits) = 0;  // subscriptions come next
    // The broker has answered them all; `limits` is what is known of it now.
    virtual void subscribed(const Limits& limits) = 0;
    // Something for the operator: a subscription that was refused or granted at QoS 0 only, or what
    // the broker said of a publish that it refused.
    virtual void poor(const std::string& how) = 0;
    // The broker is about to end it, for another server has to be used: by a CONNACK or DISCONNECT
    // with that server's reference. ended() follows.
    virtual void sent_on(std::string_view reference, bool moved) = 0;
    virtual void deliver(std::span<const Delivery> deliveries) = 0;
    virtual void settled() = 0;  // outcomes wait in Session::publishes
    virtual void round_trip(double ms) = 0;
    // The last call. `kind` says how an attempt failed; after connected() it means nothing. The
    // reason is that of a lost publish (link.hpp).
    virtual void ended(ConnectResult::Kind kind, const std::string& why, std::uint8_t reason) = 0;
  };

  // Begins to connect. Throws std::exception with one sentence for a file it cannot use.
  Connection(Loop& loop, const LinkSettings& settings, const Url& url, Protocol version,
             const std::vector<Subscription>& subscriptions, Session& session, Owner& owner);

  // After subscribed(). False: some outcomes wait already.
  bool publish(std::span<const Outgoing> messages);

  void acknowledge(std::uint64_t tag);
  void release(std::uint16_t packet_id);

  // DISCONNECT; ended() follows when the broker has closed, or never.
  void close();

  // Ends at once, in silence: nothing more is taken in or told, also not what has arrived already.
  void abandon();

  // To be called several times within a twentieth of the keep alive.
  void tick(KeepAlive::Time now);

 private:
  enum class Phase : std::uint8_t { connecting, subscribing, up, closing, over };
  using Clock = std::chrono::steady_clock;

  // A publish of QoS 2, once it is on its way. sent: PUBREC is what we wait for. received: it has
  // come, and we wait for release(). released: we wait for PUBCOMP.
  struct Handshake {
    enum class State : std::uint8_t { sent, received, released } state;
    std::uint64_t serial;
  };

  void opened();
  std::size_t received(std::span<char> bytes);
  void written(std::uint64_t bytes);
  void broken(const Transport::End& end);

  void take(const Frame& frame);
  void take_connack(const Frame& frame);
  void take_publish(const Frame& frame);
  void take_puback(const Frame& frame);
  void take_pubrec(const Frame& frame);
  void take_pubrel(const Frame& frame);
  void take_pubcomp(const Frame& frame);
  std::optional<Answer> take_answer(const Frame& frame);
  void settle(Handshake::State state, const Answer& answer);
  void settle(std::uint64_t serial, const Answer& answer);
  void take_suback(const Frame& frame);
  void take_pingresp();
  void take_disconnect(const Frame& frame);
  void look_for_redirect(std::uint8_t reason, std::string_view reference);
  void subscribe();
  void hand_in();
  bool busy() const;
  void hold_back();

  void send_publish(const Message& message, const Outgoing& out, std::uint64_t serial);
  void resume(const Outgoing& out, std::uint64_t serial);
  bool room(std::uint64_t serial) const;
  void send_waiting();
  void send();
  void ping(Clock::time_point now);
  void fail(ConnectResult::Kind kind, const std::string& why, std::uint8_t reason = 0);

  const LinkSettings& settings_;
  const std::vector<Subscription>& subscriptions_;
  Session& session_;
  Owner& owner_;
  const Protocol version_;
  const std::size_t packet_bytes_max_;

  Phase phase_ = Phase::connecting;
  Clock::time_point phase_since_ = Clock::now();
  std::string connect_packet_;
  Limits limits_;
  KeepAlive keep_alive_;
  std::vector<bool> subscriptions_open_;  // by packet id - 1
  std::string fault_;                     // what the broker did wrong
  std::uint8_t fault_reason_ = 0;         // of its DISCONNECT, if that may be about what we sent

  // Of one call of received().
  Clock::time_point now_;
  std::vector<Delivery> deliveries_;
  bool outcomes_wait_ = false;
  bool subscribed_now_ = false;
  bool held_ = false;

  // A publish that the broker's Receive Maximum does not let us send yet.
  struct Waiting {
    std::uint64_t serial;
    Qos qos;
    std::uint16_t packet_id;
    std::string packet;
  };
  std::deque<Waiting> waiting_;

  std::unordered_map<std::uint16_t, Handshake> handshakes_;  // of QoS 2, by packet id

  // A publish of QoS 0 in the write buffer, and where it ends there.
  struct Unwritten {
    std::uint64_t end;
    std::uint64_t serial;
  };
  std::deque<Unwritten> unwritten_;

  std::optional<Transport> transport_;  // the last to be made: it may call back
};

}  // namespace bascule
