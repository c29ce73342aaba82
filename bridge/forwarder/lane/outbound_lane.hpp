// One lane on its way out: what is in flight, what became of it, and whether it may send now. What
// the far broker refuses for now goes again (LaneRetry); what it refuses because of its topic is
// held by the journal, and goes when it may (HeldTopics). Lives on a link's loop thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "forwarder/lane/held_topics.hpp"
#include "forwarder/lane/lane_reader.hpp"
#include "forwarder/lane/lane_retry.hpp"
#include "forwarder/lane/rate.hpp"
#include "link/link.hpp"

namespace bascule {

// A message that was taken out of its lane.
struct SetAside {
  // It was; or it is on its way at this moment; or the lane waits for none.
  enum class What : std::uint8_t { done, under_way, nothing } what = What::nothing;
  std::uint64_t sequence = 0;
  std::string topic;
  std::string reason;  // what the broker said
};

class OutboundLane {
 public:
  explicit OutboundLane(const LanePosition& position);

  // Goes on from here; what is in flight stays so. Of what is claimed, or of all that waits: what
  // is half done is finished first, also where older messages have not gone yet.
  enum class Scope : std::uint8_t { claimed, all };
  void begin(const LanePosition& position, Scope scope, Journal& journal, Loop& loop,
             std::function<void()> ready);
  // Nothing is sent until the next begin().
  void end();

  // The next message that may go now, or nullptr; with `claimed_only`, of those that are with the
  // broker at QoS 2 already. If it has to wait, `wait_ms` is lowered to when to ask again. Messages
  // past their time are given up on the way, those of a held topic are held.
  const LaneItem* front(std::int64_t now_ms, std::int64_t& wait_ms, bool claimed_only);
  // While it is paused only what is with the broker at QoS 2 already goes on.
  void pause(bool paused) { paused_ = paused; }
  bool front_is_held() const { return front_ == Source::held; }
  // Nothing may be sent behind the front before its outcome, or be on its way before it, either.
  bool front_is_last() const { return front_ == Source::held && held_.front_is_last(); }
  bool front_is_alone() const { return front_ == Source::held && held_.front_is_alone(); }
  // Before the next front(), one of these:
  void sent();                                 // the front has gone
  void claim(std::uint16_t packet_id);         // it is to go at QoS 2, once the claim is durable
  void quarantine(const std::string& reason);  // it can never go
  void hold(const std::string& reason, std::int64_t now_ms);  // not to its topic

  // It is sent again: it had its fate before.
  bool replays(std::uint64_t sequence) const { return history(sequence); }

  // The packet id under which a message is with the broker, or is to be.
  std::optional<Claim> claimed(std::uint64_t sequence) const { return claims_.find(sequence); }
  bool has_claims() const { return !claims_.empty(); }
  // Claims that are not durable yet. Nothing may overtake them but another claim.
  bool claims_wait() const { return !unsent_.empty(); }
  // The oldest of them is durable; nullptr: the lane has ended meanwhile.
  const LaneItem* take_unsent();
  // All of them, unsent, are out of flight. Returns how many they were.
  std::size_t withdraw();
  // Claims of messages that were given up, as of begin(): the broker may still have their ids.
  std::vector<Claim> orphans() const;

  // The broker has received it (PUBREC).
  void received(std::uint64_t sequence);

  // What became of a sequence in flight, or of a claim. A refused one can never cross, or not now,
  // or not to its topic. A lost one ends the lane as end() does: nothing newer may go before it.
  // `maximum`: that the broker takes.
  void accepted(std::uint64_t sequence, Qos maximum, std::int64_t now_ms);
  void refused(std::uint64_t sequence, const std::string& reason, std::int64_t now_ms);
  void put_back(std::uint64_t sequence, const std::string& reason, std::int64_t now_ms);
  void hold(std::uint64_t sequence, const std::string& reason, std::int64_t now_ms);
  void lost(std::uint64_t sequence);

  // The first of those that are refused for now is quarantined instead, and the lane goes on.
  SetAside set_aside();

  // The topic of one that is in flight.
  std::string topic_of(std::uint64_t sequence);
  // Its topic is held, and it was tried: nobody else is to blame if the broker closes over it.
  bool is_trial(std::uint64_t sequence) const { return held_.in_flight(sequence) != nullptr; }
  // No more topics can be held.
  bool holds_enough() const { return held_.full(); }

  // What has happened since the last call, if anything. What is held and quarantined by it has to
  // be durable before the bookmark may pass it: take_keeping() says how many messages that are, and
  // kept() is to be told when they are.
  std::optional<Progress> take_progress();
  std::size_t take_keeping() { return std::exchange(untold_, 0); }
  void kept(std::size_t messages);

  // What is wanted of the held ones, after what take_progress() gave was told; the answers go to
  // loaded().
  std::vector<HeldTopics::Load> take_loads() { return held_.take_loads(); }
  void loaded(const std::string& topic, const std::vector<Journal::Portion>& portions);

  // Topics that are refused, or accepted again, since the last call. And that messages have
  // overtaken one that was refused for now, once all that was on its way has its outcome.
  struct TopicChange {
    std::string topic;
    std::string reason;           // empty: it is accepted again
    std::uint64_t messages = 0;   // that crossed then
    std::uint64_t reordered = 0;  // that have overtaken
  };
  std::vector<TopicChange> take_topic_changes() {
    if (in_flight_.empty() && retry_.untold() > 0) {
      LaneRetry::Reordered of = retry_.take_reordered();
      topic_changes_.push_back({std::move(of.topic), std::move(of.reason), 0, of.messages});
    }
    return std::exchange(topic_changes_, {});
  }

  const LaneSettings& settings() const { return settings_; }
  LaneId id() const { return id_; }
  const std::string& name() const { return name_; }
  std::size_t in_flight() const { return in_flight_.size() + held_.in_flight(); }
  std::uint64_t bytes_in_flight() const { return bytes_in_flight_; }
  const LaneRetry& retry() const { return retry_; }

  // The highest sequence up to which the far broker has accepted all that it shall have, or the
  // journal holds it out of the lane's order: its bookmark. As of the last take_progress().
  std::uint64_t bookmark() const { return through_; }

 private:
  enum class Source : std::uint8_t { retry, reader, held };
  struct Keeping {
    std::uint64_t sequence = 0;
    std::size_t bytes = 0;
  };

  const LaneItem* front_in_order(std::int64_t now_ms, std::int64_t& wait_ms);
  const LaneItem* front_held(std::int64_t now_ms, std::int64_t& wait_ms);
  LaneItem take_front();  // not of those that are held
  const LaneItem& take_held();
  std::int64_t wait_to_send_ms(const LaneItem& item, std::int64_t now_ms);
  void keep_held(const LaneItem& item, const std::string& reason, std::int64_t now_ms);
  void keep(std::uint64_t sequence, std::size_t bytes);
  // Of a held message, which is held no longer.
  void release(std::uint64_t sequence, Fate fate, std::int64_t now_ms);
  std::deque<LaneItem>::iterator place(std::uint64_t sequence);
  std::optional<LaneItem> take(std::uint64_t sequence);
  void resolve(const Record& record, Fate fate, bool confirmed = true);
  void end_claim(std::uint64_t sequence);
  void put_in_flight(LaneItem item);
  void quarantine(const Record& record, const std::string& reason);
  bool history(std::uint64_t sequence) const {
    return sequence <= cursor_ || done_.contains(sequence);
  }
  SequenceSet left_out() const;
  void follow_reader();
  void advance();
  bool expired(const LaneItem& item, std::int64_t now_ms) const;

  LaneId id_;
  std::string name_;
  LaneSettings settings_;
  RateLimit rate_;
  Direction direction_ = Direction::up;
  std::shared_ptr<LaneReader> reader_;
  Scope scope_ = Scope::all;
  LaneRetry retry_;
  HeldTopics held_;
  Source front_ = Source::reader;  // where front() found one
  bool held_next_ = false;         // their turn
  bool paused_ = false;
  std::deque<LaneItem> in_flight_;  // by sequence, ascending; without those that are held
  std::uint64_t bytes_in_flight_ = 0;
  // What had its fate at begin(): all up to the cursor, and these.
  std::uint64_t cursor_ = 0;
  SequenceSet done_;
  Claims claims_;
  std::set<std::uint64_t> held_claims_;  // of held messages, as of begin()
  std::deque<std::uint64_t> unsent_;     // claimed, by the order of claiming
  std::uint64_t replay_next_ = 0;        // at begin()
  std::uint64_t replay_last_ = 0;        // 0: not replaying
  SequenceSet replay_skips_;
  std::uint64_t passed_ = 0;  // by the reader, but for what was lost
  std::uint64_t through_ = 0;
  std::deque<Keeping> keeping_;  // held or quarantined, and not durably so, by the order of that
  std::size_t untold_ = 0;       // how many of them take_keeping() has not given
  std::uint64_t keeping_bytes_ = 0;
  std::vector<TopicChange> topic_changes_;
  Progress progress_;
};

}  // namespace bascule
