// What the bridge itself says to the far broker, outside of any lane: its state, the bookmark, the
// bookmark's fence. It goes ahead of all lanes, as soon as the window lets it, and is said again by
// whoever wants it said when the connection ends first. Lives on a link's loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "link/link.hpp"

namespace bascule {

class OwnMessages {
 public:
  static constexpr std::uint64_t tag = 0;  // of all of them; the tag of a lane's message is above

  explicit OwnMessages(Link& link) : link_(link) {}

  void add(std::string topic, std::string payload, bool retain);
  // Publishes the oldest, `room` of them at the most. Only while the link is up.
  void send(std::size_t room, const Limits& limits);
  // One of them has its outcome.
  void settled() { --in_flight_; }
  // The connection is over: what was not sent never is.
  void forget() { unsent_.clear(); }

  std::size_t in_flight() const { return in_flight_; }

 private:
  struct Unsent {
    std::string topic, payload;
    bool retain = false;
  };

  Link& link_;
  std::deque<Unsent> unsent_;
  std::size_t in_flight_ = 0;
};

}  // namespace bascule
