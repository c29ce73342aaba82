// What the bridge itself says to the far broker, outside of any lane: its state, the bookmark, the
// bookmark's fence. It goes ahead of all lanes, as soon as the window lets it, and is said again by
// whoever wants it said when the connection ends first.
//
// A broker that closes the connection over them, three times in a row with nothing else on its way,
// gets none for an hour: that costs the bookmark, not the link. If the broker closes without them
// just as well, while nothing of a lane is on its way, they were not to blame. One that it refuses,
// and closes the connection soon after, twice in a row, is left out by itself for an hour
// (mosquitto 2.0.11 does both where an access list denies a topic). Time is an argument, in ms of
// boot time. Lives on a link's loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "link/link.hpp"

namespace bascule {

class OwnMessages {
 public:
  static constexpr std::uint64_t tag = 0;  // of all of them; the tag of a lane's message is above

  explicit OwnMessages(Link& link) : link_(link) {}

  void add(std::string topic, std::string payload, bool retain);
  // Publishes the oldest, `room` of them at the most, and while they may go: `may_go` is asked for
  // each that does, with the bytes of its topic and payload. Only while the link is up.
  using MayGo = std::function<bool(std::size_t bytes)>;
  void send(std::size_t room, const Limits& limits, const MayGo& may_go);
  // The one that was sent first has its outcome. A refusal is logged, at most once an hour a topic.
  void settled(const Outcome& outcome, std::int64_t now_ms);
  // The broker closed the connection over them, as it seems. `prefix` is that of their topics, for
  // the log.
  void suspect(const std::string& prefix, std::int64_t now_ms);

  void connected(std::int64_t now_ms);
  // What was not sent never is. `over_lanes`: the broker closed while messages of lanes were on
  // their way, or had refused some.
  void disconnected(bool over_lanes, std::int64_t now_ms);

  bool given_up(std::int64_t now_ms) const;
  // Whether this broker gets none of them, or none on this topic.
  bool left_out(const std::string& topic, std::int64_t now_ms) const;
  std::size_t in_flight() const { return in_flight_.size(); }
  bool waits() const { return !unsent_.empty(); }
  bool idle() const { return in_flight_.empty() && unsent_.empty(); }

 private:
  struct Unsent {
    std::string topic, payload;
    bool retain = false;
  };

  Link& link_;
  std::deque<Unsent> unsent_;
  std::deque<std::string> in_flight_;   // their topics
  int closures_ = 0;                    // in a row
  std::int64_t given_up_since_ms_ = 0;  // 0: they are not
  std::int64_t up_ms_ = 0;              // when the connection began
  bool left_out_ = false;               // of this connection, as the next
  std::set<std::string> refused_;       // topics
  struct Refused {
    int closures = 0;                   // in a row
    std::int64_t left_out_from_ms = 0;  // 0: it is not
    std::int64_t told_ms = 0;           // 0: not yet
  };
  std::map<std::string, Refused> refusals_;  // by topic
};

}  // namespace bascule
