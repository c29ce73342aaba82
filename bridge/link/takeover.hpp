// Two bridges with one client id take the session from each other for ever. MQTT 5 has a word for
// that, which brokers do not always say (mosquitto 2.0.11 just closes). Where it is missing,
// closures of connections on which nothing was under way are evidence; others may be over what was
// sent. Time is an argument; one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "link/reason.hpp"

namespace bascule {

class Takeovers {
 public:
  explicit Takeovers(std::string client_id) : client_id_(std::move(client_id)) {}

  // The broker or the network ended a connection after `life`: for `why`, the broker with `code`
  // (0: it gave none). `quiet`: it was up, and nothing that was sent waited for an answer. What to
  // tell the operator, if it looks like a takeover.
  std::optional<std::string> ended(std::uint8_t code, const std::string& why,
                                   std::chrono::steady_clock::duration life, bool quiet) {
    if (code == reason::session_taken_over) {
      return "session taken over: another client uses client id " + client_id_;
    }
    if (life >= short_life) short_lives_ = 0;
    if (code != 0 || life >= short_life || !quiet || ++short_lives_ < suspicious) {
      return std::nullopt;
    }
    return why + " soon after it was made, and while nothing was under way, " +
           std::to_string(short_lives_) + " times: does another client use client id " +
           client_id_ + "?";
  }

 private:
  static constexpr std::chrono::seconds short_life{10};
  static constexpr int suspicious = 3;

  std::string client_id_;
  int short_lives_ = 0;  // quiet ones, since the last longer one
};

}  // namespace bascule
