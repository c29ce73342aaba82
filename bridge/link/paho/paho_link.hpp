// The link through Eclipse Paho, for whoever asks for it: one URL of mqtt, mqtts, ws or wss, MQTT 5
// and 3.1.1.
//
// Paho acknowledges a message when its callback returns. So on_deliveries is called with one
// delivery at a time, and the thread that reads from all brokers of the process then waits until
// the delivery is acknowledged or the link is dropped, paused for want of a journal, or stopped.
// Meanwhile publish() on any Paho link waits too. So acknowledge() must never depend on a thread
// that publishes, and must come even when nothing else is delivered.
//
// Publishes in flight when a connection ends: if the broker kept the session, Paho sends them
// again in order before anything new, and their outcome follows on_up. If it did not, all of them
// are lost before on_up; some of the last may still reach the broker then, ahead of their repeats.
//
// Nothing crosses at QoS 2, in either direction: over MQTT 3.1.1 Paho was seen to lose most of what
// it had answered with PUBREC when the process was killed.
#pragma once

#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <random>

#include "link/backoff.hpp"
#include "link/link.hpp"
#include "link/paho/paho_client.hpp"
#include "link/protocol_choice.hpp"
#include "link/status_board.hpp"
#include "link/subscriber.hpp"
#include "link/takeover.hpp"
#include "link/url.hpp"

namespace bascule {

class PahoLink final : public Link {
 public:
  PahoLink(LinkSettings settings, Url url);
  ~PahoLink() override;

  void start(LinkHandlers handlers, std::vector<Subscription> subscriptions,
             std::vector<std::string> unwanted) override;
  void want(std::vector<Subscription> subscriptions) override;
  void identify(const std::string& filter, std::uint32_t identifier) override;
  void unsubscribe(std::vector<std::string> filters) override;
  void take_back(const std::string& filter) override;
  void stop(std::chrono::milliseconds deadline) override;
  void publish(std::span<const Outgoing> messages) override;
  void release(std::uint16_t) override {}  // nothing goes out at QoS 2
  void acknowledge(std::uint64_t tag) override;
  void drop(const std::string& reason) override;
  void hold(const std::string& reason) override;
  bool waits_for_each() const override { return true; }  // its callback does
  void go_on() override;
  void pause(const std::string& reason) override;
  void resume() override;
  LinkStatus status() const override;
  Loop& loop() override { return port_->loop; }

 private:
  // idle: waiting for the time to connect, or paused or stopped. closing: waiting for the end of a
  // connection that we end.
  enum class Phase : std::uint8_t { idle, connecting, subscribing, up, closing };
  using Clock = std::chrono::steady_clock;

  void connect();
  void retry();
  PahoClient& client(Protocol version);
  void on_connect(std::uint64_t attempt, const ConnectResult& result);
  void on_subscribed(std::uint64_t attempt, const std::string& filter, int code);
  void on_unsubscribed(std::uint64_t attempt, const std::string& filter);
  void ask();
  void on_ended(std::uint64_t attempt, const std::string& reason, std::uint8_t code = 0);
  void on_outcomes();
  void attempt_failed(const std::string& error);
  void go_up();
  void close(const std::string& reason);
  void watch();
  void begin_stop(std::chrono::milliseconds deadline);
  void finish_stop();

  const LinkSettings settings_;
  const Url url_;
  std::shared_ptr<PahoPort> port_ = std::make_shared<PahoPort>(settings_.name);
  LinkHandlers handlers_;
  std::vector<Subscription> subscriptions_;
  std::optional<std::vector<Subscription>> wanted_next_;  // of want()
  std::vector<std::string> unwanted_;
  SubscribeDoubts doubts_;  // there are none: whether the broker closed it, Paho does not say
  Subscriber subscriber_{subscriptions_, doubts_};

  // Of the loop's thread from here on.
  Phase phase_ = Phase::idle;
  bool paused_ = false;
  bool held_ = false;  // nothing can be taken in, so there is no connection
  bool stopping_ = false;
  std::uint64_t attempt_ = 0;  // the current one; what is said of others is old
  std::map<Protocol, std::unique_ptr<PahoClient>> clients_;
  std::string shown_;                     // as a password, the last time
  PahoClient* client_ = nullptr;          // of the current attempt
  PahoClient* session_client_ = nullptr;  // that Paho's unacknowledged publishes are with
  ProtocolChoice protocol_{settings_.protocol, settings_.spoken};
  Backoff backoff_{settings_.reconnect_min, settings_.reconnect_max};
  std::minstd_rand random_{std::random_device{}()};
  Limits limits_;
  Clock::time_point phase_since_;
  std::string close_reason_;
  bool was_up_ = false;  // on_up was called, on_down not yet
  Takeovers takeovers_{settings_.client_id};
  Loop::Timer retry_timer_;
  Loop::Timer watch_timer_;
  Loop::Timer close_timer_;
  Loop::Timer stop_timer_;
  std::vector<Outcome> outcomes_;
  std::promise<void> stopped_;
  bool stop_done_ = false;

  StatusBoard status_{settings_.name, settings_.url};
  std::mutex drop_mutex_;
  std::string drop_reason_;
  bool stop_called_ = false;
};

}  // namespace bascule
