// One bank of the crossing: the link to one broker with the stages that stand at it. What the
// broker delivers goes into the journal in one direction; what the journal holds for it goes out in
// the other.
//
// Made and destroyed on the main thread; in between everything happens on the threads of the link
// and the journal.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crossing/credentials_watch.hpp"
#include "crossing/exchange.hpp"
#include "crossing/filter_farewell.hpp"
#include "crossing/intake.hpp"
#include "crossing/parting.hpp"
#include "crossing/repeat_news.hpp"
#include "crossing/retained_comparison.hpp"
#include "crossing/subscriptions.hpp"
#include "events.hpp"
#include "forwarder/forwarder.hpp"
#include "forwarder/refusal_news.hpp"
#include "journal/journal.hpp"
#include "link/link.hpp"
#include "link/own_topic_names.hpp"
#include "route/route.hpp"

namespace bascule {

// Who the bridge is to others.
struct BridgeIdentity {
  std::string id;
  std::string stamp_key = {};  // proves its stamps and those of others; empty: none
};

// A link that stays connected while the stages around it are made anew, with what they have to know
// of it.
struct KeptLink {
  std::shared_ptr<Link> link;
  LinkSettings settings;
  std::vector<Route> routes;
  Forwarder::Standing forwarder;
  RetainedComparison::Standing retained;
  CredentialsWatch credentials;
};

class Crossing {
 public:
  // `in` is the direction of what this broker delivers: up at the site, down at the centre.
  // `kept`: the link that was there before, by hand_over(); null: it makes one.
  Crossing(const BridgeIdentity& bridge, LinkSettings settings, Direction in,
           const std::vector<Route>& routes, Journal& journal, Events& events,
           const KeptLink* kept = nullptr);
  // Ends it on its link's thread, where some of it lives, also while the link goes on.
  struct End {
    void operator()(Crossing* crossing) const;
  };

  // Before start(): told whether the line is fit for policies, which it is while it is up, what
  // the broker had for us has arrived, and it is not slow. On the link's loop thread.
  std::function<void(bool fit)> on_line;
  // Likewise: something that went to this broker is lost, so what the other one retains of it
  // has to go again.
  std::function<void()> on_losses;
  // Likewise: what the broker had for us has come; and a word that somebody said() to us here.
  std::function<void()> on_settled;
  std::function<void(const std::string& word)> on_word;
  // As Intake's.
  void admit(std::function<bool(const Message&)> admits) { intake_.admits = std::move(admits); }
  void expect_copies(Intake::Copies copies) { intake_.expect_copies(std::move(copies)); }
  // Says a word at this broker to who is subscribed for what goes out in a direction, while the
  // link is up. And: forwards nothing any more, and takes nothing in. Any thread.
  void say(Direction direction, const std::string& word);
  // The payload that says it.
  static std::string spoken(const std::string& word);
  void halt(const std::string& why) {
    tell([this, why] {
      forwarder_.end_sending();
      link_->hold(why);
    });
  }
  // Any thread.
  void compare_retained() {
    link_->loop().post([this] { comparison_.again(); });
  }

  // By command: nothing crosses by this link, and it is disconnected, until resume(). What is in
  // flight is waited for before, five seconds at the most: parted() says how many were left then,
  // and nothing before. What is left is sent again, as after a line that was cut. Any thread.
  void pause() { parting_.pause(); }
  void resume() { parting_.resume(); }
  std::optional<std::uint64_t> parted() const { return parting_.parted(); }
  // Of the lanes that go to this broker, only this one, which stops sending. Any thread.
  void pause_lane(LaneId lane, bool paused) {
    link_->loop().post([this, lane, paused] { forwarder_.pause_lane(lane, paused); });
  }
  // Notices changed files of credentials: where they can be used, the link connects anew once
  // nothing is on its way. So it does before its token ends. One thread at a time, each second or
  // so.
  void look();
  // Before start(): it is paused, and is to be started, by this, once it is resumed.
  void start_paused(std::function<void()> start) { parting_.start_paused(std::move(start)); }
  // Another crossing works in its place.
  bool represented() const { return stand_in_ != nullptr; }

  void start();
  // Sends nothing new, waits for what is in flight, says offline, disconnects.
  void stop();
  // In place of stop(): sends nothing new, waits for what is in flight, and lets the link rest,
  // connected, for another crossing. Nothing: that cannot be, and it is to be stopped.
  std::optional<KeptLink> hand_over();

  // Runs on the link's loop thread, without waiting for it.
  void tell(std::function<void()> task) { link_->loop().post(std::move(task)); }

  // See Forwarder. The second waits for the link's thread: not from there, nor after stop().
  void begin_anew() {
    link_->loop().post([this] { forwarder_.begin_anew(); });
  }
  SetAside set_aside(LaneId lane);
  // See Intake. Any thread.
  Append rerouted(const Message& in, std::string& bytes) const {
    return intake_.rerouted(in, bytes);
  }

  // A message of the bridge itself, past the journal, which may take nothing in. Nothing while the
  // link is down. Any thread.
  void publish(const std::string& topic, const std::string& payload, bool retain = false) {
    tell([this, topic, payload, retain] { forwarder_.publish(topic, payload, retain); });
  }

  // Until it is started another crossing may work in its place, and is told of here; null: none
  // does any more. It lives as long as this one. Any thread.
  void stand_in(const Crossing* other) { stand_in_ = other; }
  LinkStatus status() const;
  RetainedStatus retained() const { return acting().comparison_.status(); }
  // Of the lanes that go to this broker.
  std::map<std::string, LaneStatus> lanes() const { return acting().forwarder_.lanes(); }

  // What it asks the broker for. Before start().
  const std::vector<Subscription>& asks() const { return subscriptions_.wanted(); }
  // `done` once what the broker had for us before has come: see Bookmark. Any thread.
  void fence(std::function<void(bool heard)> done) {
    link_->loop().post([this, done] { forwarder_.fence(done); });
  }

 private:
  void deliver(std::span<const Delivery> deliveries);
  LinkHandlers handlers();
  void rest(std::int64_t by_ms, const std::function<void(bool)>& done);
  void write_subscriptions();
  void note_subscriptions();
  void remember();
  void answered(const SubscriptionStatus& status);
  void stray(const std::string& topic);
  void heard(const std::string& payload);
  void take_back(const std::string& filter);
  void connected(const Limits& limits);
  void note_spoken(Spoken spoken);
  void subscribed(const Limits& limits);
  void disconnected(const std::string& reason);
  void watch_line();
  void tell_granted();
  void last_said(std::int64_t by_ms, const std::function<void()>& done);
  const Crossing& acting() const {
    const Crossing* const other = stand_in_;
    return other == nullptr ? *this : *other;
  }

  std::atomic<const Crossing*> stand_in_ = nullptr;
  const LinkSettings settings_;
  const std::vector<Route> routes_;
  const bool kept_;
  std::optional<KeptLink> at_rest_;  // loop thread, as the next; then who asked for it
  Loop::Timer resting_;
  std::atomic<bool> started_ = false;
  std::string name_;
  const OwnTopicNames own_;
  std::string session_peer_;  // who is at its two ends
  const Direction in_;
  Journal& journal_;
  Events& events_;
  Subscriptions subscriptions_;
  Exchange exchange_;
  const bool fresh_subscriptions_;  // others than before; so they may bring retained messages
  const Qos qos_asked_;             // by routes, at the most
  const bool chooses_protocol_;
  Spoken spoken_;  // by this broker, as the journal knows
  const std::shared_ptr<Link> link_;
  Loop::Answers answers_;
  Intake intake_;
  const RepeatNews repeats_;
  RefusalNews refused_in_;  // what comes and can never cross; loop thread
  std::string settle_topic_;
  Forwarder forwarder_;
  RetainedComparison comparison_;
  FilterFarewell farewell_;
  std::atomic<bool> stopping_ = false;
  Parting parting_;
  CredentialsWatch credentials_;  // main thread
  mutable std::mutex mutex_;
  std::string credentials_fault_;  // guarded by mutex_
  bool keeps_retain_ = false;      // a route does, and it has not been said what comes of it
  bool settled_ = false;           // loop thread, as the next two
  bool line_fit_ = false;          // as told
  Loop::Timer watch_;
  std::string told_less_;    // of what the broker grants; loop thread
  bool on_hold_ = false;     // and for that it is down: Paho cannot hold a connection that is up
  Loop::Timer renewing_;     // until a connection that is made anew counts as lost
  Loop::Timer remembering_;  // until what has become of subscriptions is written
  std::vector<std::string> unidentified_;  // then these may be asked for again; loop thread
  std::set<std::string> taken_back_;       // on this connection; loop thread
};

}  // namespace bascule
