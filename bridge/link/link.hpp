// A link: the connection to one broker. It keeps itself connected for ever, hands deliveries in,
// sends publishes out, and acknowledges a delivery only when it is told to.
//
// Threads. Each link owns a Loop (loop.hpp): one thread on which its timers and all handlers but
// on_deliveries run, and on which publish() must be called. on_deliveries runs on the thread that
// reads from the broker: for the native link the loop's, for the Paho link one that all Paho
// clients of the process share.
// acknowledge() and drop() may be called from any thread, but never from on_deliveries' own stack
// for the Paho link to wait on: see paho_link.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "link/loop.hpp"
#include "link/settings.hpp"
#include "message/message.hpp"
#include "text/words.hpp"

namespace bascule {

struct Subscription {
  std::string filter;
  bool no_local = true;  // MQTT 5: what we publish here does not come back
  // MQTT 5: retained messages come at each connect, and not only when the subscription is new.
  // MQTT 3.1.1 always does that.
  bool always_retained = false;
  Qos qos = Qos::at_least_once;  // messages come at this one at the most
  // MQTT 5: comes back with each message that it brings; 0: none.
  std::uint32_t identifier = 0;
  // MQTT 5: with the retain flag that they were published with. Without, as always with MQTT 3.1.1,
  // only what a subscription brings has it.
  bool retain_as_published = true;

  bool operator==(const Subscription&) const = default;
};

// What became of a subscription, by the last word of the broker.
struct SubscriptionStatus {
  enum class State : std::uint8_t { asking, granted, refused, unanswered } state = State::asking;
  std::string filter;
  std::string why;               // in words; empty: there is nothing to say
  std::uint32_t identifier = 0;  // with which it was asked for
};

// In place of an identifier: the message came for more than one subscription at once.
inline constexpr std::uint32_t several_subscriptions = 0xffff'ffff;

// One message from the broker, or word that it has released the packet id of an earlier one at
// QoS 2 (PUBREL), which is acknowledged like a message. The message's bytes live until
// on_deliveries returns. Tags of one link rise by one from delivery to delivery, for the life of
// the process.
struct Delivery {
  Message message;
  std::uint16_t packet_id = 0;  // 0 for QoS 0
  bool duplicate = false;       // the DUP flag
  std::uint64_t tag = 0;
  bool released = false;  // no message: only packet_id and tag mean something
  // Of the subscription that brought it (MQTT 5); 0: the broker did not say.
  std::uint32_t identifier = 0;
  // Not empty: the message is too large to be handed in. It is the SHA-256 of its payload in
  // hexadecimal; `whole_bytes` is that payload's size, and `message` has the beginning of it.
  std::string_view digest;
  std::uint64_t whole_bytes = 0;
};

// The packet ids of publishes at QoS 2. They are the caller's to give, who knows which of them a
// session that goes on has in use from before; the link gives the others.
inline constexpr std::uint16_t first_claimable_id = 57'344;
inline constexpr std::size_t claimable_ids = 8'192;

// One publish. The bytes need to live only until publish() returns. `tag` is the caller's.
struct Outgoing {
  // At QoS 2: how far it had come when an earlier connection of the session ended. resent: perhaps
  // sent, so it goes with the DUP flag. received: PUBREC came, so PUBREL goes, and the message is
  // not looked at; any number of these may be in flight.
  enum class Stage : std::uint8_t { fresh, resent, received };
  Message message;
  std::uint64_t tag = 0;
  std::uint16_t packet_id = 0;  // at QoS 2: one that is not in flight
  Stage stage = Stage::fresh;
};

// What became of a publish: accepted (PUBACK, PUBCOMP; for QoS 0: handed to the network), refused
// by the broker (with the MQTT 5 reason code; 0x80 where the protocol has none), or lost: the
// connection ended and the link will not send it again. A lost one has a reason too if the broker
// closed the connection, perhaps over what it was sent: that of its DISCONNECT, or 0x80. A line
// that broke, an end of ours and a broker that shuts down or throws us out give 0, and so does the
// Paho link always, which cannot tell. At QoS 2 `received` comes before accepted: PUBREC has come,
// and the link waits for release().
struct Outcome {
  enum class Kind : std::uint8_t { accepted, refused, lost, received } kind = Kind::lost;
  std::uint8_t reason = 0;
  std::uint64_t tag = 0;
};

// What the broker said in CONNACK, with the defaults of the protocol filled in.
struct Limits {
  bool session_present = false;
  bool continued = false;  // the connection was there before: Link::take_up()
  Protocol protocol = Protocol::v5;
  std::uint32_t receive_maximum = 65'535;  // QoS 1 and 2 publishes it lets us have in flight
  std::uint32_t maximum_packet_bytes = 268'435'460;
  Qos maximum_qos = Qos::exactly_once;  // of what we publish
  bool knows_qos_2 = true;  // the broker, as far as it has said; the link may not use it
  bool retain_available = true;
  bool will_retained = false;  // the broker has a will of this connection, and will retain it
  bool identifiers_available = false;             // of subscriptions
  std::optional<std::uint32_t> session_expiry_s;  // if it is not the one that was asked for
  std::optional<std::uint16_t> keep_alive_s;      // likewise
};

struct LinkHandlers {
  std::function<void(std::span<const Delivery>)> on_deliveries;  // reading thread
  std::function<void(std::span<const Outcome>)> on_outcomes;     // loop thread
  std::function<void(const Limits&)> on_connected;  // loop thread; subscriptions come next
  // Loop thread; subscriptions are in place, but for those that on_subscription said otherwise of.
  std::function<void(const Limits&)> on_up;
  std::function<void(const std::string& reason)>
      on_down;  // loop thread; after it, every tag in
                // flight has had its outcome, or will after on_up
  // Loop thread; either may be empty. Each answer to a subscription, or its absence; that a filter
  // is not held by the broker any more.
  std::function<void(const SubscriptionStatus&)> on_subscription;
  std::function<void(const std::string& filter)> on_unsubscribed;
};

// A snapshot for people.
struct LinkStatus {
  enum class State : std::uint8_t { down, up, slow, paused } state = State::down;
  std::int64_t since_ms = 0;  // when the state was entered, ms since 1970 UTC
  std::string broker;         // the URL, without secrets
  int protocol = 0;           // 5, 4 (3.1.1), or 0 while unknown
  double rtt_ms = 0;          // of the last acknowledged publish or connect
  std::uint64_t reconnects = 0;
  std::int64_t next_try_ms = 0;     // when it connects next, ms since 1970 UTC; 0: no time is set
  std::int64_t token_until_ms = 0;  // when what it shows ends, ms since 1970 UTC; 0: no token
  std::string last_error;           // empty: none
  std::string warning;  // what is not as it should be for as long as this lasts; empty: nothing
  // By the broker, while connected, whatever the settings hold us to; with the session expiry and
  // the keep alive that count, also where they are those that were asked for.
  std::optional<Limits> granted;
  std::uint64_t unretained = 0;  // published without the retain flag that they had, since the start
  std::string held_back;         // by what, if something could go but for that; empty: nothing
  std::vector<SubscriptionStatus> subscriptions;  // those that were answered, or not in time
};

inline constexpr Word<LinkStatus::State> link_state_words[] = {
    {"down", LinkStatus::State::down},
    {"up", LinkStatus::State::up},
    {"slow", LinkStatus::State::slow},
    {"paused", LinkStatus::State::paused}};

// Why a connection ends that Link::go_on() has made anew: nothing is wrong with it.
inline constexpr std::string_view delivered_anew = "what was not acknowledged is delivered anew";

class Link {
 public:
  virtual ~Link() = default;

  // The handlers are set once, before start(). start() returns at once and connects for ever.
  // `unwanted`: filters that the session may hold from before. They are unsubscribed after the
  // wanted ones are asked for: the other way round, what comes in between would be lost.
  virtual void start(LinkHandlers handlers, std::vector<Subscription> subscriptions,
                     std::vector<std::string> unwanted) = 0;

  // In place of those of start(), from the next connection on. Any thread.
  virtual void want(std::vector<Subscription> subscriptions) = 0;
  // A subscription that failed has no identifier until it is given another one: for when it is
  // asked for again. Only on the loop thread.
  virtual void identify(const std::string& filter, std::uint32_t identifier) = 0;
  // Filters that this connection shall not hold. Only on the loop thread.
  virtual void unsubscribe(std::vector<std::string> filters) = 0;
  // Likewise, for a broker that does so only for what this connection has subscribed to: that comes
  // first, at QoS 1. Over MQTT 3.1.1 it may bring what is retained there.
  virtual void take_back(const std::string& filter) = 0;

  // For others that take the handlers' place while the connection stays. rest(): nothing more is
  // handed in or told, and what the broker sends waits; what is acknowledged still goes out. Only
  // on the loop thread. False, and nothing has changed: it is not up, or something is on its way,
  // or this client cannot. The Paho link cannot.
  virtual bool rest() { return false; }
  // As start(), after rest(): on_connected comes with `continued`, what has not changed is not
  // asked for again, and on_up comes once the rest is answered. Where the connection has ended
  // meanwhile, or something of it was not acknowledged, another one is made. Any thread.
  virtual void take_up(LinkHandlers handlers, std::vector<Subscription> subscriptions,
                       std::vector<std::string> unwanted) {
    start(std::move(handlers), std::move(subscriptions), std::move(unwanted));
  }

  // Ends the connection in an orderly way: what is in flight gets `deadline` to be acknowledged,
  // then DISCONNECT. The broker keeps the session. Any thread but the loop's; blocks.
  virtual void stop(std::chrono::milliseconds deadline) = 0;

  // Sends in order. Only on the loop thread, only while up, and never more than the window in
  // flight: the caller counts. Each tag gets one outcome, besides `received`.
  virtual void publish(std::span<const Outgoing> messages) = 0;

  // That the broker has received the publish of QoS 2 with this packet id is durable: sends PUBREL.
  // Nothing, if it does not wait for that. Only on the loop thread.
  virtual void release(std::uint16_t packet_id) = 0;

  // Everything up to and including this delivery tag is durable: acknowledge it (PUBACK, PUBREC;
  // what was released: PUBCOMP). Any thread.
  virtual void acknowledge(std::uint64_t tag) = 0;

  // Whether nothing more is delivered before the last delivery is acknowledged.
  virtual bool waits_for_each() const { return false; }

  // What is delivered cannot be kept: ends the connection without acknowledging anything more.
  // The link connects again by itself. Any thread.
  virtual void drop(const std::string& reason) = 0;

  // What is delivered cannot be kept for now: of this connection nothing is acknowledged but what
  // was told before, and the state is paused, with this reason. The native link stays connected, so
  // that what goes out still does, and what comes is forgotten. The Paho link has to end the
  // connection, and makes another one after reconnect_max at the latest. Any thread.
  virtual void hold(const std::string& reason) = 0;
  // It can be kept again: connects anew at once, so that the broker delivers again what was not
  // acknowledged; on_down then has the reason `delivered_anew`. Nothing, unless it is on hold. Any
  // thread.
  virtual void go_on() = 0;

  // paused: disconnected, and stays so until resumed. Any thread; returns at once.
  virtual void pause(const std::string& reason) = 0;
  virtual void resume() = 0;

  // auth.data_file has changed: shows the broker what it has now, on the connection that there is;
  // the next one shows it anyway. The Paho client knows no AUTH. Any thread; returns at once.
  virtual void reauthenticate() {}

  virtual LinkStatus status() const = 0;  // any thread
  virtual Loop& loop() = 0;
};

// Chooses the client for the URL. Throws std::invalid_argument for a URL or file it cannot use,
// with one sentence that says what to do.
std::unique_ptr<Link> make_link(LinkSettings settings);

}  // namespace bascule
