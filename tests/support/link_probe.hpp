// A link under test, with what it reported. Handlers run on its threads; the test reads under the
// lock.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "link/link.hpp"
#include "support/broker.hpp"

namespace bascule::test {

struct Received {
  std::string topic, payload, properties;
  Qos qos;
  bool retain, duplicate;
  std::uint16_t packet_id;
  std::uint64_t tag;
  bool released = false;
  std::uint32_t identifier = 0;
  std::string digest;
  std::uint64_t whole_bytes = 0;
};

inline LinkSettings link_settings(Client client, const std::string& url,
                                  const std::string& client_id) {
  LinkSettings settings;
  settings.client = client;
  settings.name = "test";
  settings.url = url;
  settings.client_id = client_id;
  settings.reconnect_min = std::chrono::milliseconds(20);
  settings.reconnect_max = std::chrono::milliseconds(200);
  return settings;
}

class LinkProbe {
 public:
  explicit LinkProbe(LinkSettings settings, std::vector<Subscription> subscriptions = {},
                     bool acknowledges = true, std::vector<std::string> unwanted = {})
      : acknowledges_(acknowledges), link_(make_link(std::move(settings))) {
    link_->start(handlers(), std::move(subscriptions), std::move(unwanted));
  }
  // Takes the link of another one up that rests.
  LinkProbe(LinkProbe& other, std::vector<Subscription> subscriptions,
            std::vector<std::string> unwanted = {})
      : acknowledges_(true), link_(other.link_) {
    link_->take_up(handlers(), std::move(subscriptions), std::move(unwanted));
  }
  ~LinkProbe() { stop(); }

  LinkHandlers handlers() {
    LinkHandlers handlers;
    handlers.on_deliveries = [this](std::span<const Delivery> list) { deliver(list); };
    handlers.on_outcomes = [this](std::span<const Outcome> list) {
      const std::lock_guard lock(mutex_);
      outcomes_.insert(outcomes_.end(), list.begin(), list.end());
    };
    handlers.on_up = [this](const Limits& limits) {
      const std::lock_guard lock(mutex_);
      ups_.push_back(limits);
      up_ = true;
    };
    handlers.on_down = [this](const std::string& reason) {
      const std::lock_guard lock(mutex_);
      downs_.push_back(reason);
      outcomes_at_down_ = outcomes_.size();
      up_ = false;
    };
    handlers.on_subscription = [this](const SubscriptionStatus& status) {
      const std::lock_guard lock(mutex_);
      subscriptions_.push_back(status);
    };
    handlers.on_unsubscribed = [this](const std::string& filter) {
      const std::lock_guard lock(mutex_);
      unsubscribed_.push_back(filter);
    };
    return handlers;
  }

  void stop(std::chrono::milliseconds deadline = std::chrono::milliseconds(0)) {
    link_->stop(deadline);
  }

  Link& link() { return *link_; }
  void acknowledges(bool on) {
    const std::lock_guard lock(mutex_);
    acknowledges_ = on;
  }

  void publish(std::uint64_t tag, const std::string& topic, const std::string& payload,
               Qos qos = Qos::at_least_once, const std::string& properties = "",
               bool retain = false) {
    link_->loop().post([=, this] {
      const Outgoing out{{topic, payload, properties, qos, retain}, tag};
      link_->publish({&out, 1});
    });
  }

  template <class Member>
  auto copy(Member member) {
    const std::lock_guard lock(mutex_);
    return this->*member;
  }
  auto calls() { return copy(&LinkProbe::calls_); }  // of on_deliveries
  auto received() { return copy(&LinkProbe::received_); }
  auto outcomes() { return copy(&LinkProbe::outcomes_); }
  auto ups() { return copy(&LinkProbe::ups_); }
  auto subscriptions() { return copy(&LinkProbe::subscriptions_); }
  auto unsubscribed() { return copy(&LinkProbe::unsubscribed_); }
  auto downs() { return copy(&LinkProbe::downs_); }
  auto outcomes_at_down() { return copy(&LinkProbe::outcomes_at_down_); }
  bool up() { return copy(&LinkProbe::up_); }

  bool wait_up(std::size_t times = 1) {
    return wait_for([&] { return up() && ups().size() >= times; });
  }
  bool wait_received(std::size_t count) {
    return wait_for([&] { return received().size() >= count; });
  }
  bool wait_outcomes(std::size_t count) {
    return wait_for([&] { return outcomes().size() >= count; });
  }
  bool wait_error(const std::string& part) {
    return wait_for([&] { return link_->status().last_error.find(part) != std::string::npos; });
  }

 private:
  void deliver(std::span<const Delivery> list) {
    const std::lock_guard lock(mutex_);
    ++calls_;
    for (const auto& d : list) {
      received_.push_back({std::string(d.message.topic), std::string(d.message.payload),
                           std::string(d.message.properties), d.message.qos, d.message.retain,
                           d.duplicate, d.packet_id, d.tag, d.released, d.identifier,
                           std::string(d.digest), d.whole_bytes});
    }
    // Before anybody sees them: a test that has them may stop the link.
    if (acknowledges_) link_->acknowledge(list.back().tag);
  }

  std::mutex mutex_;
  bool acknowledges_;
  bool up_ = false;
  std::size_t calls_ = 0;
  std::vector<Received> received_;
  std::vector<Outcome> outcomes_;
  std::size_t outcomes_at_down_ = 0;
  std::vector<Limits> ups_;
  std::vector<std::string> downs_;
  std::vector<SubscriptionStatus> subscriptions_;
  std::vector<std::string> unsubscribed_;
  std::shared_ptr<Link> link_;  // others may take it up
};

}  // namespace bascule::test
