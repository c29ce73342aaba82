// The state of a link, as people see it: written by the link, read by any thread. Changes that an
// operator should know are logged.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "link/link.hpp"
#include "outage_news.hpp"

namespace bascule {

// At the end of the name of a link beside another one, which is up only while it asks the broker
// what it retains. The log has words of its own for it: it is no reconnect.
inline constexpr std::string_view asks_retained = " (retained)";

class StatusBoard {
 public:
  StatusBoard(const std::string& link_name, const std::string& broker_url);

  LinkStatus read() const;

  void enter(LinkStatus::State state);
  void speaks(Protocol version);
  // Enters up; from the second time on, it is a reconnect. `renewed`: nothing was wrong before.
  void went_up(bool session_present, bool renewed);
  // The connection ended, or could not be made. However often, that is one outage: OutageNews.
  void failed(const std::string& why);
  // It connects again after `wait`, unless its state changes before.
  void tries_in(std::chrono::milliseconds wait);
  void tries(const std::string& broker_url);  // it does so now
  void token(std::int64_t until_ms);          // 0: it shows none
  // By the broker; nothing: it is not connected.
  void granted(std::optional<Limits> limits);
  void round_trip(double ms);
  void error(const std::string& text);
  // It takes nothing in, as somebody else says in the log.
  void hold(const std::string& reason);
  void warning(const std::string& text);  // empty: it is over
  void subscription(const SubscriptionStatus& status);
  void forget_subscriptions();

 private:
  void enter_locked(LinkStatus::State state);

  const std::string name_;
  mutable std::mutex mutex_;
  LinkStatus status_;
  std::unordered_map<std::string, std::size_t> place_;  // in its subscriptions, by filter
  std::uint64_t ups_ = 0;
  OutageNews outage_{0};        // as the next one, of the link's thread
  std::set<std::string> told_;  // of this outage
};

}  // namespace bascule
