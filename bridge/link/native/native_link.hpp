// The link that speaks MQTT itself: to any URL, MQTT 5 and 3.1.1.
//
// Everything happens on the loop's thread, on_deliveries too, with all that one read has brought.
// Acknowledgements are held back for as long as it takes; meanwhile the broker may send 1,000
// messages ahead, and with MQTT 3.1.1, which cannot say so, reading stops at 10,000 messages or
// 16 MiB.
//
// When a connection ends, all that is in flight is lost before on_down. The broker keeps our
// session for what it has for us; what we had for it the caller publishes again. QoS 1 gets new
// packet ids, which is as good as sending the old packets again; at QoS 2 the ids are the caller's.
//
// The URLs are addresses of one broker, or of one cluster: the first that lets us in is taken, and
// from another one it goes back to the first (targets.hpp, way_back.hpp). The session is the same
// at each of them. One that does not have it is to whoever uses the link a broker that forgot.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <random>

#include "fold.hpp"
#include "link/backoff.hpp"
#include "link/connect_settings.hpp"
#include "link/link.hpp"
#include "link/native/connection.hpp"
#include "link/native/transport/targets.hpp"
#include "link/native/way_back.hpp"
#include "link/protocol_choice.hpp"
#include "link/status_board.hpp"
#include "link/takeover.hpp"

namespace bascule {

class NativeLink final : public Link, private Connection::Owner {
 public:
  NativeLink(LinkSettings settings, std::vector<Url> urls);  // in order, one at least
  ~NativeLink() override;

  void start(LinkHandlers handlers, std::vector<Subscription> subscriptions,
             std::vector<std::string> unwanted) override;
  bool rest() override;
  void take_up(LinkHandlers handlers, std::vector<Subscription> subscriptions,
               std::vector<std::string> unwanted) override;
  void want(std::vector<Subscription> subscriptions) override;
  void identify(const std::string& filter, std::uint32_t identifier) override;
  void unsubscribe(std::vector<std::string> filters) override;
  void take_back(const std::string& filter) override;
  void stop(std::chrono::milliseconds deadline) override;
  void publish(std::span<const Outgoing> messages) override;
  void release(std::uint16_t packet_id) override;
  void acknowledge(std::uint64_t tag) override;
  void drop(const std::string& reason) override;
  void hold(const std::string& reason) override;
  void go_on() override;
  void pause(const std::string& reason) override;
  void resume() override;
  void reauthenticate() override;
  LinkStatus status() const override { return status_.read(); }
  Loop& loop() override { return loop_; }

 private:
  // idle: waiting for the time to connect, or paused or stopped. connecting: until CONNACK.
  enum class Phase : std::uint8_t { idle, connecting, subscribing, up, closing };
  using Clock = std::chrono::steady_clock;

  // Of Connection::Owner.
  void connected(const Limits& limits) override;
  void subscribed(const Limits& limits) override;
  void subscription(const SubscriptionStatus& status) override;
  void unsubscribed(const std::string& filter) override;
  void poor(const std::string& how) override { status_.error(how); }
  void without_will(const std::string& how) override;
  void refused(const std::string& how) override;
  void sent_on(std::string_view reference, bool moved) override;
  void authenticated() override;
  void deliver(std::span<const Delivery> deliveries) override;
  void settled() override;
  void round_trip(double ms) override { status_.round_trip(ms); }
  void ended(const Connection::End& end) override;

  void connect();
  void welcomed(const Limits& limits);
  void take_wanted();
  void retry(bool at_once);
  // Where it connects to, for people.
  std::string place() const {
    return targets_.at_first() ? settings_.url : url_text(targets_.target());
  }
  // With the address, if there are several. For an attempt: with what there was to say of those
  // before in this round.
  Connection::End named(Connection::End end, bool attempt) {
    if (!targets_.several()) return end;
    end.why = place() + ": " + end.why;
    if (attempt && !targets_.at_first()) end.why = round_ + "; " + end.why;
    round_ = end.why;
    return end;
  }
  void attempt_failed(const Connection::End& end);
  void end_connection(const std::string& why);
  void connection_ended(const Connection::End& end, bool ours);
  void lose_publishes(std::uint8_t reason);
  void forget_connection();
  void close(const std::string& reason);
  void watch();
  // Nothing waits for an answer, of the broker or of ours.
  bool quiet() const {
    return phase_ == Phase::up && session_.publishes.size() == 0 &&
           session_.deliveries.count() == 0;
  }
  void go_back();
  void send_acknowledgements();
  void begin_stop(std::chrono::milliseconds deadline);

  const LinkSettings settings_;
  StatusBoard status_{settings_.name, settings_.url};

  // Written by any thread.
  std::atomic<std::uint64_t> acknowledged_ = 0;  // the highest tag
  std::atomic<bool> acknowledging_ = false;      // the loop has been asked to send that
  std::atomic<bool> dropping_ = false;           // and must not, for something could not be kept
  std::atomic<bool> hold_asked_ = false;         // likewise, and the loop is about to
  std::atomic<bool> stop_called_ = false;

  // Of the loop's thread from here on.
  LinkHandlers handlers_;
  Fold refusals_;  // a broker may refuse each message, thousands of them
  std::vector<Subscription> subscriptions_;
  std::optional<std::vector<Subscription>> wanted_next_;  // of want()
  std::vector<std::string> unwanted_;
  Session session_;
  std::shared_ptr<Connection> connection_;
  Phase phase_ = Phase::idle;
  Clock::time_point up_since_;
  bool was_up_ = false;  // on_up was called, on_down not yet
  bool paused_ = false;
  bool held_ = false;     // nothing is taken in on this connection
  bool at_once_ = false;  // the next connection
  bool renewed_ = false;  // and it is that one
  bool stopping_ = false;
  bool resting_ = false;  // nobody has the handlers
  std::string close_reason_;
  Limits limits_;
  ProtocolChoice protocol_{wanted_protocol(settings_), settings_.spoken};
  Backoff backoff_{settings_.reconnect_min, settings_.reconnect_max};
  Takeovers takeovers_{settings_.client_id};
  Targets targets_;
  std::string round_;  // why the addresses that were tried in this round have failed
  WayBack way_back_{loop_, settings_, targets_.first()};
  std::minstd_rand random_{std::random_device{}()};
  std::vector<Outcome> outcomes_;
  std::promise<void> stopped_;
  Loop::Timer retry_timer_;
  Loop::Timer watch_timer_;
  Loop::Timer close_timer_;
  Loop::Timer stop_timer_;

  Loop loop_{"link-" + settings_.name};  // the last to be made and the first to go
};

}  // namespace bascule
