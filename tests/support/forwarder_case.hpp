// A forwarder between a real journal and a scripted link, and the far broker behind the link.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "forwarder/forwarder.hpp"
#include "support/journal_case.hpp"
#include "support/scripted_link.hpp"

namespace bascule::test {

class ForwarderCase {
 public:
  explicit ForwarderCase(std::vector<LaneSettings> lanes = {}, std::uint32_t window = 1'000,
                         JournalSettings journal_settings = {})
      : window_(window), journal(std::move(lanes), std::move(journal_settings)) {
    make();
  }
  ~ForwarderCase() { end(); }

  // As the daemon does: the link ends, then the journal, then the forwarder goes.
  void end() {
    if (!forwarder) return;
    disconnect();
    link->stop({});
    journal.close();
    forwarder.reset();
    link.reset();
  }
  void set_settle(std::chrono::milliseconds settle) {
    settle_ = settle;
    restart();
  }
  void set_broker(BrokerKind broker) {
    broker_ = broker;
    restart();
  }
  void set_bookmark_delay(std::chrono::milliseconds delay) {
    bookmark_delay_ = delay;
    restart();
  }
  // As a guest: own topics, what may be retained and published, and how fast.
  void set_guest(ForwarderSettings guest) {
    guest_ = std::move(guest);
    restart();
  }
  void restart() {
    end();
    journal.open();
    make();
  }

  void connect(Limits limits = {}) {
    link->run([&] {
      forwarder->connected();
      if (retained) forwarder->heard(*retained);
      if (state) forwarder->heard_state(*state);
      forwarder->subscribed(limits);
    });
    settle();
  }
  void connect_with_session() {
    Limits limits;
    limits.session_present = true;
    connect(limits);
  }
  void disconnect() {
    link->run([&] { forwarder->disconnected(); });
  }
  // The line is cut: what of the bridge's own messages has no answer is lost with it.
  void cut() {
    std::vector<Outcome> lost;
    for (const Sent& sent : std::exchange(unanswered_, {})) {
      lost.push_back({Outcome::Kind::lost, 0, sent.tag});
    }
    link->run([&] {
      forwarder->outcomes(lost);
      forwarder->disconnected();
    });
  }
  void give(Outcome::Kind kind, std::vector<std::uint64_t> tags, std::uint8_t reason = 0) {
    std::vector<Outcome> outcomes;
    for (const std::uint64_t tag : tags) outcomes.push_back({kind, reason, tag});
    link->run([&] { forwarder->outcomes(outcomes); });
    settle();
  }
  void accept(std::vector<std::uint64_t> tags) { give(Outcome::Kind::accepted, std::move(tags)); }
  void refuse(std::vector<std::uint64_t> tags, std::uint8_t reason) {
    give(Outcome::Kind::refused, std::move(tags), reason);
  }
  void lose(std::vector<std::uint64_t> tags) { give(Outcome::Kind::lost, std::move(tags)); }

  // Until nothing happens any more of itself.
  void settle() {
    for (int round = 0; round < 4; ++round) {
      link->run([] {});
      journal.settle();
      link->run([this] { answer_own(); });
    }
  }

  // Messages of lanes that were published since the last call, as sequence numbers and payloads.
  std::vector<Sent> take() {
    settle();
    std::vector<Sent> sent = link->take_sent();
    std::erase_if(sent, [](const Sent& message) { return message.tag <= clearing; });
    return sent;
  }
  std::string payloads() {
    std::string all;
    for (const Sent& message : take()) all += (all.empty() ? "" : " ") + message.payload;
    return all;
  }
  // The first that come, however many rounds of answers they need.
  std::string payloads_to_come() {
    std::string all;
    wait([&] {
      if (all.empty()) all = payloads();
      return !all.empty();
    });
    return all;
  }
  std::vector<std::uint64_t> tags() {
    std::vector<std::uint64_t> tags;
    for (const Sent& message : take()) tags.push_back(message.tag);
    return tags;
  }
  std::uint64_t tag(const std::string& lane, std::uint64_t sequence) {
    return std::uint64_t{journal->lane(Direction::up, lane)} << 48 | sequence;
  }
  void append_to(const std::string& topic, const std::string& payload, Qos qos = Qos::at_least_once,
                 const std::string& lane = "default") {
    journal.append(lane, {topic, payload, {}, qos, false});
  }
  void append(const std::string& lane, int from, int to) {
    for (int i = from; i <= to; ++i) journal.append(lane, std::to_string(i));
  }
  std::uint64_t bookmarked(const std::string& lane) const {
    return retained ? nlohmann::json::parse(*retained)["lanes"].value(lane, std::uint64_t{0}) : 0;
  }
  // Waits for a bookmark, for one that comes up to `sequence`.
  bool bookmark_comes() {
    return wait([this] { return bookmarks > 0; });
  }
  bool bookmark_reaches(const std::string& lane, std::uint64_t sequence) {
    wait([&] { return bookmarked(lane) >= sequence; });
    return bookmarked(lane) == sequence;
  }
  // Connects, and has the first so many messages of the lane cross; whether the bookmark says so.
  bool crosses_first(int count) {
    append("default", 1, count);
    connect();
    accept(tags());
    const bool reached = bookmark_reaches("default", static_cast<std::uint64_t>(count));
    settle();
    return reached;
  }
  // The connection ends, and with it what was sent of the bridge's own messages.
  void lose_own() {
    give(Outcome::Kind::lost, std::vector<std::uint64_t>(own.size(), 0), 0x80);
    own.clear();
    disconnect();
  }

 private:
  static constexpr std::uint64_t clearing = 1;  // the tag; the bridge's own messages have 0
  std::uint32_t window_;
  std::chrono::milliseconds settle_{0};
  std::chrono::milliseconds bookmark_delay_{0};
  BrokerKind broker_ = BrokerKind::automatic;
  ForwarderSettings guest_{};

 public:
  JournalCase journal;
  std::unique_ptr<ScriptedLink> link;
  std::unique_ptr<Forwarder> forwarder;

  // The far broker: accepts the bridge's own messages at once unless told otherwise.
  std::optional<std::string> retained;  // the bookmark
  std::optional<std::string> state;     // what the state topic has when the bridge connects
  bool answers_own = true;
  int bookmarks = 0;
  std::size_t cleared = 0;  // packet ids of QoS 2
  std::vector<Sent> own;    // all of them
  std::function<void(const Sent&)> on_publish;

 private:
  void make() {
    link = std::make_unique<ScriptedLink>();
    link->on_publish = [this](const Sent& sent) {
      if (sent.tag <= clearing) {
        if (sent.tag == clearing) ++cleared;
        if (sent.tag != clearing) own.push_back(sent);
        unanswered_.push_back(sent);
      } else if (on_publish) {
        on_publish(sent);
      }
    };
    ForwarderSettings settings = guest_;
    settings.bridge_id = "store-42";
    settings.window = window_;
    settings.bookmark_delay = bookmark_delay_;
    settings.settle = settle_;
    settings.broker = broker_;
    own_ = OwnTopicNames("store-42", settings.own_topics, settings.retain);
    forwarder = std::make_unique<Forwarder>(std::move(settings), *journal, *link);
  }
  bool wait(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition() && std::chrono::steady_clock::now() < deadline) settle();
    return condition();
  }
  void answer_own() {
    if (!answers_own) return;
    for (const Sent& sent : std::exchange(unanswered_, {})) {
      const Outcome outcome{Outcome::Kind::accepted, 0, sent.tag};
      forwarder->outcomes({&outcome, 1});
      if (sent.topic != own_.bookmark(Direction::up)) continue;
      if (sent.retain) {
        retained = sent.payload;
        ++bookmarks;
      }
      forwarder->heard(sent.payload);
    }
  }
  std::vector<Sent> unanswered_;
  OwnTopicNames own_{"store-42"};
};

}  // namespace bascule::test
