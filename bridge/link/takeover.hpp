// Two bridges with one client id take the session from each other for ever. MQTT 5 brokers say so;
// others just end each connection soon after it is made. Time is an argument; one thread.
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
  // (0: it gave none). What to tell the operator, if it looks like a takeover.
  std::optional<std::string> ended(std::uint8_t code, const std::string& why,
                                   std::chrono::steady_clock::duration life) {
    short_lives_ = life < short_life ? short_lives_ + 1 : 0;
    if (code == reason::session_taken_over) {
      return "session taken over: another client uses client id " + client_id_;
    }
    if (short_lives_ < suspicious) return std::nullopt;
    return why + " soon after it was made, " + std::to_string(short_lives_) +
           " times in a row: does another client use client id " + client_id_ + "?";
  }

 private:
  static constexpr std::chrono::seconds short_life{10};
  static constexpr int suspicious = 3;

  std::string client_id_;
  int short_lives_ = 0;  // connections in a row
};

}  // namespace bascule
