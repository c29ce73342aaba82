// The state of a link, as people see it: written by the link, read by any thread. Changes that an
// operator should know are logged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "link/link.hpp"

namespace bascule {

class StatusBoard {
 public:
  StatusBoard(const std::string& link_name, const std::string& broker_url);

  LinkStatus read() const;

  void enter(LinkStatus::State state);
  void speaks(Protocol version);
  void went_up();  // enters up; from the second time on, it is a reconnect
  void round_trip(double ms);
  void error(const std::string& text);
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
};

}  // namespace bascule
