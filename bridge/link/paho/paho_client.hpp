// One Paho client: one broker, one version of MQTT. Turns Paho's callbacks into events on the
// link's loop, and holds each message's acknowledgement back until it may be sent.
//
// Threads. Paho calls back on two threads that all its clients share, and under a lock that
// publish() and subscribe() need too. So a message callback waits for acknowledge() and nothing
// else, and no lock of ours is held while calling into Paho.
//
// Paho clients crash now and then when they are destroyed while others live, so these never are: a
// link hands them to retire() instead. All that they touch is in their PahoPort, which they share.
#pragma once

#include <mqtt/async_client.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "link/connect_result.hpp"
#include "link/in_flight.hpp"
#include "link/link.hpp"
#include "link/paho/ack_gate.hpp"
#include "link/paho/paho_trace.hpp"
#include "link/paho/relay.hpp"
#include "link/url.hpp"

namespace bascule {

// What the clients of a link share with it. The functions are set before the first connect; all
// but on_deliveries run on the loop. `attempt` is the number that connect() was given.
struct PahoPort {
  explicit PahoPort(const std::string& name) : loop("link-" + name) {}

  // Nothing more reaches the broker; Paho will find the connection ended. Any thread.
  void cut();
  void set_relay(std::unique_ptr<Relay> relay);
  // Paho has closed its end: what it wrote still goes out, within `patience`; blocks until then.
  void end_relay(std::chrono::milliseconds patience);
  void retire();  // as cut(), and for good: a connection that is made later ends at once

  AckGate gate;
  InFlight in_flight;
  std::uint64_t next_tag = 1;  // of the reading thread
  std::function<void(std::span<const Delivery>)> on_deliveries;
  std::function<void(std::uint64_t attempt, const ConnectResult&)> on_connect;
  // The granted QoS, or a reason of 0x80 and above; and that a filter is not held any more.
  std::function<void(std::uint64_t attempt, const std::string& filter, int code)> on_subscribed;
  std::function<void(std::uint64_t attempt, const std::string& filter)> on_unsubscribed;
  // `code`: of the broker's DISCONNECT; 0: it sent none.
  std::function<void(std::uint64_t attempt, const std::string& why, std::uint8_t code)> on_ended;
  std::function<void()> on_outcomes;
  Loop loop;

 private:
  std::mutex relay_mutex_;
  std::unique_ptr<Relay> relay_;
  bool retired_ = false;
};

class PahoClient final : private mqtt::callback {
 public:
  PahoClient(std::shared_ptr<PahoPort> port, const Url& url, const std::string& client_id,
             Protocol version);

  // On the loop. connect() throws mqtt::exception; on_connect comes later otherwise.
  void connect(std::uint64_t attempt, const mqtt::connect_options& options);
  void subscribe(const Subscription& subscription);
  void unsubscribe(const std::string& filter);
  // on_ended follows, unless Paho was not connected. `will`: to be said before, for the broker
  // forgets it; null: it was said.
  void disconnect(const Will* will);

  // On the loop. The outcome goes to in_flight under `serial`.
  void publish(const Message& message, std::uint64_t serial);

  static void retire(std::unique_ptr<PahoClient> client);

 private:
  struct Listener : mqtt::iaction_listener {
    using Handler = std::function<void(const mqtt::token&)>;
    Listener(Handler good, Handler bad) : succeeded(std::move(good)), failed(std::move(bad)) {}
    void on_success(const mqtt::token& token) override { succeeded(token); }
    void on_failure(const mqtt::token& token) override { failed(token); }
    Handler succeeded;
    Handler failed;
  };

  void message_arrived(mqtt::const_message_ptr message) override;
  void connection_lost(const std::string& cause) override;
  void deliver(const mqtt::message& message);
  void connected(const mqtt::token& token);
  void not_connected(const mqtt::token& token);
  bool take_over_socket();
  void trace(bool on);
  void subscribed(const mqtt::token& token, bool failed);
  void unsubscribed(const mqtt::token& token);
  void settle(const mqtt::token& token, bool failed);
  void settle(std::uint64_t serial, Outcome::Kind kind, std::uint8_t reason);
  void report_ended(const std::string& why, std::uint8_t code = 0);

  std::shared_ptr<PahoPort> port_;
  std::string host_;
  Protocol version_;
  std::atomic<std::uint64_t> attempt_ = 0;
  std::uint64_t connected_ = 0;  // the last attempt that succeeded; of the reading thread
  std::string properties_;       // of the message being delivered; of the reading thread
  std::mutex trace_mutex_;
  std::optional<PahoTrace> trace_;  // until the answer to a connect has come
  // Of the broker's DISCONNECT, if it sent one; of the reading thread.
  std::optional<std::uint8_t> farewell_;
  Listener on_connect_;
  Listener on_subscribe_;
  Listener on_unsubscribe_;
  Listener on_publish_;
  Listener on_disconnect_;
  mqtt::async_client client_;
};

}  // namespace bascule
