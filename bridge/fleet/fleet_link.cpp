#include "fleet/fleet_link.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clock.hpp"
#include "text/words.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds stop_deadline{1'000};

LinkSettings listening(LinkSettings settings) {
  settings.name += " (fleet)";
  settings.client_id += "-fleet";
  settings.keep_session = false;
  settings.will.reset();
  settings.max_payload_bytes = Fleet::payload_bytes_max;
  return settings;
}

// States at QoS 1: of the others another one follows.
std::vector<Subscription> subscriptions() {
  std::vector<Subscription> subscriptions;
  for (const char* filter : Fleet::filters) {
    Subscription subscription;
    subscription.filter = filter;
    subscription.always_retained = true;
    subscription.qos = subscriptions.empty() ? Qos::at_least_once : Qos::at_most_once;
    subscriptions.push_back(std::move(subscription));
  }
  return subscriptions;
}

}  // namespace

FleetLink::FleetLink(const std::string& bridge_id, LinkSettings settings, Journal& journal)
    : fleet_(bridge_id) {
  fleet_.recall(journal.opened().sites().all());
  fleet_.on_state = [&journal](const SiteState& state) {
    journal.change_later([state](JournalCore& core) { core.change().sites().save(state); });
  };
  fleet_.on_forgotten = [&journal](const std::string& site) {
    journal.change_later([site](JournalCore& core) { core.change().sites().erase(site); });
  };
  link_ = make_link(listening(std::move(settings)));
}

void FleetLink::start() {
  LinkHandlers handlers;
  handlers.on_deliveries = [this](std::span<const Delivery> deliveries) { hear(deliveries); };
  handlers.on_outcomes = [](std::span<const Outcome>) {};
  handlers.on_connected = [](const Limits&) {};
  handlers.on_up = [](const Limits&) {};
  handlers.on_down = [](const std::string&) {};
  handlers.on_subscription = [this](const SubscriptionStatus& status) { answered(status); };
  link_->start(std::move(handlers), subscriptions(), {});
}

void FleetLink::stop() { link_->stop(stop_deadline); }

void FleetLink::hear(std::span<const Delivery> deliveries) {
  const std::int64_t wall_ms = now().wall_ms;
  for (const Delivery& delivery : deliveries) {
    if (delivery.released) continue;
    const std::lock_guard lock(mutex_);
    if (!delivery.digest.empty())
      fleet_.refuse();
    else if (fleet_.hear(delivery.message.topic, delivery.message.payload, wall_ms))
      continue;
    if (const std::uint64_t count = refused_.add(boottime_ms()); count > 0) {
      spdlog::warn(
          "fleet: {} messages are not what a bridge says about itself, the last on '{}'; see who "
          "else may publish there",
          count, delivery.message.topic);
    }
  }
  if (!deliveries.empty()) link_->acknowledge(deliveries.back().tag);
}

void FleetLink::answered(const SubscriptionStatus& status) {
  const bool granted = status.state == SubscriptionStatus::State::granted;
  const std::lock_guard lock(mutex_);
  if (granted) {
    if (denied_.starts_with(status.filter + ':')) denied_.clear();
    return;
  }
  denied_ = status.filter + ": " + (status.why.empty() ? "no answer" : status.why);
  spdlog::warn("fleet: the broker does not let this bridge hear {}; let its user subscribe it",
               denied_);
}

json FleetLink::report() const {
  const LinkStatus status = link_->status();
  const std::lock_guard lock(mutex_);
  json report = fleet_.report(now().wall_ms);
  const bool up = status.state == LinkStatus::State::up || status.state == LinkStatus::State::slow;
  const std::string& why = up ? denied_ : status.last_error;
  report["state"] = word_of(link_state_words, status.state);
  report["why"] = why.empty() ? json() : json(why);
  return report;
}

}  // namespace bascule
