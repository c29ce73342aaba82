// How a crossing leaves its broker for a while: by command, until it is resumed, or to come back at
// once with a connection that is made anew. Nothing new is sent, what is in flight is waited for,
// five seconds at the most, and the link disconnects in an orderly way.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "forwarder/forwarder.hpp"
#include "link/link.hpp"

namespace bascule {

class Parting {
 public:
  Parting(Link& link, Forwarder& forwarder, std::string state_topic)
      : link_(link), forwarder_(forwarder), state_topic_(std::move(state_topic)) {}

  // See Crossing. Any thread.
  void pause();
  void resume();
  bool paused() const { return paused_; }
  std::optional<std::uint64_t> parted() const {
    const std::int64_t left = left_in_flight_;
    return left < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(left));
  }
  // Before anything starts.
  void start_paused(std::function<void()> start) {
    paused_ = true;
    left_in_flight_ = 0;
    start_later_ = std::move(start);
  }

  // Makes the connection anew; nothing while it is paused, since the next one is a new one. And:
  // the connection has ended, with that reason; whether it was for this. Loop thread.
  void renew();
  bool ended(const std::string& reason);
  // Makes it anew before the token ends that it was made with: token/token.hpp. Each second or so,
  // on the loop thread.
  void look_at_token(const LinkSettings& settings);
  // It has begun, and its end is not there yet. Loop thread.
  bool under_way() const { return renews_ || timer_ != nullptr; }

 private:
  void part();
  void connect_anew();

  Link& link_;
  Forwarder& forwarder_;
  const std::string state_topic_;
  std::atomic<bool> paused_ = false;
  std::atomic<std::int64_t> left_in_flight_ = -1;  // when it was paused; -1: it is not, or not yet
  std::function<void()> start_later_;              // with who resumes
  std::int64_t part_by_ms_ = 0;                    // boot time; loop thread, as the next two
  bool renews_ = false;
  Loop::Timer timer_;
};

}  // namespace bascule
