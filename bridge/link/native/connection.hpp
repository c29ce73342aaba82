// One connection to a broker in MQTT, from the first address tried to its end: CONNECT,
// subscriptions, keep alive, and the packets of messages and acknowledgements. It never connects
// again; the link makes another one. On the loop's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "link/codec/decode.hpp"
#include "link/codec/packet.hpp"
#include "link/connect_result.hpp"
#include "link/in_flight.hpp"
#include "link/link.hpp"
#include "link/native/authentication.hpp"
#include "link/native/inbox.hpp"
#include "link/native/keep_alive.hpp"
#include "link/native/outbox.hpp"
#include "link/native/oversized.hpp"
#include "link/native/requests.hpp"
#include "link/native/transport/credentials.hpp"
#include "link/native/transport/transport.hpp"
#include "link/native/unacknowledged.hpp"
#include "link/native/will_doubts.hpp"
#include "link/subscriber.hpp"
#include "link/url.hpp"

namespace bascule {

// What goes on from one connection to the next.
struct Session {
  Unacknowledged deliveries;
  InFlight publishes;
  WillDoubts will;
  SubscribeDoubts doubts;
  Credentials credentials;
};

class Connection {
 public:
  // How a connection, or the attempt to make one, ended.
  struct End {
    ConnectResult::Kind kind = ConnectResult::Kind::not_reached;  // of an attempt
    std::string why;
    std::uint8_t code = 0;  // of the broker's CONNACK or DISCONNECT, as in MQTT 5; 0: it gave none
    std::uint8_t lost = 0;  // the reason of what is lost with it (link.hpp)
  };

  // Who is told. Must not destroy the connection before the call has returned.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void connected(const Limits& limits) = 0;  // subscriptions come next
    // The broker has answered them all, or was given time to; `limits` is what is known of it now.
    virtual void subscribed(const Limits& limits) = 0;
    // What became of a subscription; that the broker holds one no more.
    virtual void subscription(const SubscriptionStatus& status) = 0;
    virtual void unsubscribed(const std::string& filter) = 0;
    // Something for the operator.
    virtual void poor(const std::string& how) = 0;
    // The broker does not take the will, so this connection has none; after connected().
    virtual void without_will(const std::string& how) = 0;
    // The broker refused a message, with words of its own; as often as it does.
    virtual void refused(const std::string& how) = 0;
    // The broker is about to end it, for another server has to be used: by a CONNACK or DISCONNECT
    // with that server's reference. ended() follows.
    virtual void sent_on(std::string_view reference, bool moved) = 0;
    // The broker has taken what reauthenticate() has shown.
    virtual void authenticated() = 0;
    virtual void deliver(std::span<const Delivery> deliveries) = 0;
    virtual void settled() = 0;  // outcomes wait in Session::publishes
    virtual void round_trip(double ms) = 0;
    virtual void ended(const End& end) = 0;  // the last call
  };

  // Begins to connect. Throws std::exception with one sentence for a file it cannot use.
  Connection(Loop& loop, const LinkSettings& settings, const Url& url, Protocol version,
             const std::vector<Subscription>& subscriptions,
             const std::vector<std::string>& unwanted, Session& session, Owner& owner);

  // After subscribed(). False: some outcomes wait already.
  bool publish(std::span<const Outgoing> messages);

  // While it is up: nothing more is taken in. And it goes on, with lists that have changed: that of
  // subscriptions was `before`. connected() and subscribed() come again.
  void rest() {
    resting_ = true;
    hold_back();
  }
  void go_on(const std::vector<Subscription>& before);

  void unsubscribe(std::span<const std::string> filters);
  void take_back(const std::string& filter);

  // While it is up: shows the broker the data of enhanced authentication as it is now.
  void reauthenticate() {
    authentication_.again(transport_->out());
    send();
  }

  void acknowledge(std::uint64_t tag);
  void release(std::uint16_t packet_id) {
    if (phase_ == Phase::up && outbox_->release(packet_id, Clock::now())) send();
  }

  // DISCONNECT; ended() follows when the broker has closed, or never. The broker forgets the will
  // over it: what that would have said is published before, unless it was said already.
  enum class Farewell : std::uint8_t { will, said };
  void close(Farewell farewell);

  // Ends at once, in silence: nothing more is taken in or told, also not what has arrived already.
  void abandon();

  // To be called several times within a twentieth of the keep alive.
  void tick(KeepAlive::Time now);

 private:
  enum class Phase : std::uint8_t { connecting, subscribing, up, closing, over };
  using Clock = std::chrono::steady_clock;

  void opened() {
    transport_->out() = std::exchange(connect_packet_, {});
    transport_->send();
  }
  std::size_t received(std::span<char> bytes);
  void written(std::uint64_t position);
  void broken(const Transport::End& end);

  void take(const Frame& frame);
  void take_connack(const Frame& frame);
  void take_suback(const Frame& frame);
  void take_unsuback(const Frame& frame);
  void take_answer(const Frame& frame);
  void take_pingresp();
  void take_disconnect(const Frame& frame);
  void take_auth(const Frame& frame);
  void refused(const ConnAck& ack);
  void look_for_redirect(std::uint8_t code, std::string_view reference);
  void welcomed();
  void ask(Clock::time_point now);
  void tell_subscribed(Clock::time_point now);
  std::size_t read_past(std::span<const char> bytes);
  void hand_in();
  // With so many on their way, a little more time for each is not felt. A broker that lets fewer be
  // on their way would be slowed down by it.
  bool busy() const {
    constexpr std::size_t many = 40;
    return inbox_.unacknowledged() >= many || session_.publishes.size() >= many;
  }
  void hold_back();

  void send() {
    if (transport_->out().empty()) return;
    keep_alive_.sent(Clock::now());
    transport_->send();
  }
  void ping(Clock::time_point now);
  void fail(End end);

  const LinkSettings& settings_;
  const std::vector<Subscription>& subscriptions_;
  const std::vector<std::string>& unwanted_;
  Session& session_;
  Owner& owner_;
  const Protocol version_;
  const bool plain_;  // neither TLS nor a WebSocket nor a Unix socket
  const std::size_t packet_bytes_max_;

  Phase phase_ = Phase::connecting;
  Clock::time_point phase_since_ = Clock::now();
  std::string connect_packet_;
  Authentication authentication_;
  Limits limits_;
  KeepAlive keep_alive_;
  Subscriber subscriber_;
  Requests requests_;
  Inbox inbox_;
  std::unique_ptr<Oversized> oversized_;            // that is being read past
  std::vector<std::unique_ptr<Oversized>> passed_;  // done, and to be handed in
  std::optional<End> fault_;                        // what the broker did wrong

  // Of one call of received().
  Clock::time_point now_;
  bool outcomes_wait_ = false;
  bool subscribed_now_ = false;
  bool held_ = false;
  bool resting_ = false;

  std::optional<Transport> transport_;  // after all that it may call back for
  std::optional<Outbox> outbox_;        // writes to it
};

}  // namespace bascule
