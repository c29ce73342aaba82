// While a link is connected to another address of its broker than the first: when to go back. It
// looks from time to time, in a quiet moment, whether the first can be reached, as far as TCP, TLS
// and WebSocket go, so that a dead one costs no outage. One that can be reached and does not let us
// in is left alone for longer each time. Time is an argument; on the loop's thread only.
#pragma once

#include <chrono>
#include <optional>

#include "link/link.hpp"
#include "link/native/transport/credentials.hpp"
#include "link/native/transport/transport.hpp"
#include "link/url.hpp"

namespace bascule {

class WayBack {
 public:
  using Time = std::chrono::steady_clock::time_point;

  WayBack(Loop& loop, const LinkSettings& settings, const Url& first)
      : loop_(loop), settings_(settings), first_(first) {}

  // A connection is up; it has ended.
  void up(bool at_first, Time now);
  void down();

  // To be called several times a second while up. True, once: it is time to go back.
  bool due(bool quiet, Credentials& credentials, Time now);

 private:
  static constexpr int rounds_min = 5;   // of reconnect_max, until it looks
  static constexpr int rounds_max = 60;  // after it went back in vain, again and again

  enum class Found : std::uint8_t { nothing, reached, dead };

  void look(Credentials& credentials);
  std::chrono::milliseconds wait() const { return settings_.reconnect_max * rounds_; }

  Loop& loop_;
  const LinkSettings& settings_;
  const Url& first_;
  std::optional<Time> next_;  // to look; empty: we are at the first
  int rounds_ = rounds_min;
  bool went_ = false;  // back, and have not arrived yet
  Found found_ = Found::nothing;
  std::optional<Transport> probe_;
};

}  // namespace bascule
