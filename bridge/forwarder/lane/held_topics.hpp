// The topics of one lane that the far broker refuses. Their messages are held by the journal, out
// of the lane's order; here is which topics these are, and when they are tried again: the oldest
// message alone, at intervals that grow. Once it is accepted, the others follow in order, and what
// comes to that topic meanwhile goes behind them.
//
// Where the broker closes the connection over a topic, its message is tried with nothing else on
// its way, and far more seldom.
//
// Time is an argument, in ms of boot time; lives on a link's loop thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forwarder/lane/lane_reader.hpp"
#include "journal/store/table/message/held_table.hpp"

namespace bascule {

class HeldTopics {
 public:
  // As the journal has them. `first` are topics of which a message is half done at QoS 2: they go
  // on at once. What is in flight stays so.
  void begin(const std::vector<HeldTopic>& held, const std::set<std::string>& first,
             std::int64_t now_ms);
  // Nothing is sent until the next begin().
  void end();

  bool holds(std::string_view topic) const { return topics_.contains(topic); }
  // No more topics can be held: the lane has to wait instead.
  bool full() const { return topics_.size() >= topics_max; }

  // One more message is held. True if its topic was not until now.
  bool hold(const std::string& topic, const std::string& reason, std::int64_t now_ms);

  // What is wanted from the journal, once it knows all that is held: messages of a topic, from a
  // sequence on. The answer goes to loaded(); none: nothing of the topic is held from there on.
  struct Load {
    std::string topic;
    std::uint64_t from = 0;
  };
  std::vector<Load> take_loads() { return std::exchange(loads_, {}); }
  void loaded(const std::string& topic, std::vector<LaneItem> items);

  // The next message to send, or nullptr; `wait_ms` is lowered to when there may be one.
  const LaneItem* front(std::int64_t now_ms, std::int64_t& wait_ms);
  // Nothing may be sent behind it before its outcome: mosquitto 2.0.11 with max_queued_messages 0
  // answers a publish that it refuses, and closes the connection over the next. And nothing may be
  // on its way before it, either, where the broker says no by closing.
  bool front_is_last() const;
  bool front_is_alone() const;
  const LaneItem& take();  // the front; it lives until its outcome

  // Of a message that take() gave; nullptr: it is none of those.
  const LaneItem* in_flight(std::uint64_t sequence) const;
  std::size_t in_flight() const { return in_flight_.size(); }

  struct Released {
    std::string topic;
    std::uint64_t messages = 0;  // that crossed since the topic was accepted again
  };
  // Outcomes. The message is held no longer: it was accepted, or can never cross. Says so if its
  // topic is not held any more, either.
  std::optional<Released> resolved(std::uint64_t sequence, bool accepted, std::int64_t now_ms);
  void refused(std::uint64_t sequence, const std::string& reason, std::int64_t now_ms);
  // Nobody knows; the journal has it.
  void lost(std::uint64_t sequence);

  static constexpr std::size_t topics_max = 10'000;
  static constexpr std::int64_t delay_ms_min = 1'000;
  static constexpr std::int64_t delay_ms_max = 60'000;
  static constexpr std::int64_t close_delay_ms_min = 5'000;
  static constexpr std::int64_t close_delay_ms_max = 600'000;

 private:
  // waiting for its time; trying its oldest message; open: the broker took one.
  enum class State : std::uint8_t { waiting, trying, open };
  struct Topic {
    std::string reason;
    State state = State::waiting;
    std::int64_t try_at_ms = 0;
    std::int64_t delay_ms = 0;
    std::uint64_t messages = 0;  // held, those in flight included
    std::uint64_t in_flight = 0;
    std::uint64_t crossed = 0;  // since it was opened
    std::uint64_t from = 0;     // the next sequence to load
    std::uint64_t trial = 0;    // what is on its way to try it
    bool loading = false;
    bool held_since = false;  // something was, since the journal was asked last
    bool at_end = false;      // nothing more to load
    bool ready = false;       // in ready_
    std::deque<LaneItem> items;

    bool closes() const;
  };
  using Topics = std::map<std::string, Topic, std::less<>>;
  struct InFlight {
    LaneItem item;
    std::string topic;
  };

  void wait(const std::string& name, Topic& topic, std::int64_t try_at_ms);
  void back_off(const std::string& name, Topic& topic, std::int64_t now_ms);
  void want(const std::string& name, Topic& topic);
  void make_ready(const std::string& name, Topic& topic);
  void start_trying(std::int64_t now_ms);
  void try_others(bool closers, std::int64_t now_ms);
  Topics::iterator land(std::uint64_t sequence);
  void forget(Topics::iterator topic);

  Topics topics_;
  std::set<std::pair<std::int64_t, std::string>> due_;  // of those that wait, by time
  std::deque<std::string> ready_;                       // whose items may go, each in turn
  std::map<std::uint64_t, InFlight> in_flight_;         // by sequence
  std::vector<Load> loads_;
  std::size_t trying_ = 0;
  std::int64_t others_tried_ms_ = 0;
  bool begun_ = false;
};

}  // namespace bascule
