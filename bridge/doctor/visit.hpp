// One connection to a broker as the bridge makes it, under a client id of its own, so that a bridge
// that runs is not thrown out. Its methods are for the main thread, and wait.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "link/link.hpp"

namespace bascule {

class Visit {
 public:
  // Below it mosquitto retains what it says of itself.
  static constexpr const char* about_mosquitto = "$SYS/broker/";

  struct Heard {
    std::string topic, payload;
    bool retained = false;
  };

  // `own`: the prefix of the bridge's own topics there. `keep_session`: the broker keeps one when
  // it ends; else a kept one ends with it.
  Visit(const LinkSettings& link, std::string own, bool keep_session,
        std::vector<Subscription> subscriptions);
  ~Visit();
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  static std::string client_id(const LinkSettings& link) { return link.client_id + "-doctor"; }

  // Nothing: it does not come up, and error() says why.
  std::optional<Limits> wait_up();
  std::string error() const;

  // At QoS 1, if the link may. Nothing: no answer came.
  std::optional<Outcome> publish(const std::string& topic, const std::string& payload, bool retain);
  // The first that was heard with this payload; waits for it, if need be.
  std::optional<Heard> wait_heard(const std::string& payload, std::chrono::milliseconds patience);
  // What was retained on topics that begin so, of what has come; by topic.
  std::map<std::string, std::string> retained(const std::string& prefix) const;
  std::vector<SubscriptionStatus> subscriptions() const { return link_->status().subscriptions; }

 private:
  void deliver(std::span<const Delivery> deliveries);

  const std::string own_;
  const Qos qos_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Limits> limits_;
  std::vector<Heard> heard_;  // of the bridge's own topics, and of mosquitto's
  std::vector<Outcome> outcomes_;
  std::uint64_t tags_ = 0;
  std::unique_ptr<Link> link_;  // the last to be made and the first to go
};

}  // namespace bascule
