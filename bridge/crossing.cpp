#include "crossing.hpp"

#include <future>
#include <utility>

#include "message/own.hpp"

namespace bascule {
namespace {

constexpr std::chrono::seconds stop_deadline{5};
constexpr std::chrono::milliseconds look_for_slowness_every{500};

LinkSettings with_will(LinkSettings settings, const std::string& topic) {
  settings.will = Will{topic, "offline", Qos::at_least_once, true};
  return settings;
}

}  // namespace

Crossing::Crossing(const std::string& bridge_id, LinkSettings settings, Direction in,
                   const std::vector<Route>& routes, Journal& journal, Events& events)
    : name_(settings.name),
      state_topic_(own_topic(bridge_id, "state")),
      session_peer_(settings.client_id + " " + settings.url),
      bookmark_topic_(Bookmark::topic(bridge_id, opposite(in))),
      in_(in),
      journal_(journal),
      events_(events),
      link_(make_link(with_will(settings, state_topic_))),
      intake_({bridge_id, in, settings.max_payload_bytes}, routes,
              RouteTable(routes, in, bridge_id), journal, *link_),
      forwarder_({bridge_id, opposite(in), settings.window}, journal, *link_) {
  // What the broker had retained has come when the bookmark has; what is retained from then on is
  // fresh.
  forwarder_.on_settled = [this] {
    intake_.expect_replayed(false);
    settled_ = true;
    watch_line();
  };
}

void Crossing::start() {
  const RouteTable& table = intake_.table();
  // The bookmark comes at QoS 1; asked for more, a broker that does not know QoS 2 says so.
  std::vector<Subscription> subscriptions{{bookmark_topic_, false, true, Qos::exactly_once}};
  for (const std::string& filter : table.subscriptions()) {
    subscriptions.push_back({filter, true, false, table.qos_of(filter)});
  }
  LinkHandlers handlers;
  handlers.on_deliveries = [this](std::span<const Delivery> deliveries) { deliver(deliveries); };
  handlers.on_outcomes = [this](std::span<const Outcome> outcomes) {
    forwarder_.outcomes(outcomes);
  };
  handlers.on_connected = [this](const Limits& limits) { connected(limits); };
  handlers.on_up = [this](const Limits& limits) { subscribed(limits); };
  handlers.on_down = [this](const std::string& reason) { disconnected(reason); };
  link_->start(std::move(handlers), std::move(subscriptions));
}

void Crossing::stop() {
  stopping_ = true;
  std::promise<void> held;
  link_->loop().post([&] {
    forwarder_.hold();
    forwarder_.publish(state_topic_, "offline", true);
    held.set_value();
  });
  held.get_future().get();
  link_->stop(stop_deadline);
}

void Crossing::deliver(std::span<const Delivery> deliveries) {
  intake_.deliver(deliveries, [this](const Message& message) {
    if (message.topic != bookmark_topic_) return;
    link_->loop().post(
        [this, payload = std::string(message.payload)] { forwarder_.heard(payload); });
  });
}

void Crossing::connected(const Limits& limits) {
  intake_.connected();
  forwarder_.connected();
  // A retained message is an old one if the subscription that brings it is new. MQTT 3.1.1 brings
  // all of them at each connect, and marks nothing else as retained.
  intake_.expect_replayed(!limits.session_present || limits.protocol != Protocol::v5);
  journal_.enter_session(in_, session_peer_, limits.session_present);
}

void Crossing::subscribed(const Limits& limits) {
  events_.link_up(name_);
  forwarder_.subscribed(limits);
  forwarder_.publish(state_topic_, "online", true);
}

// What had been queued for us was handed to the journal before this: the order holds.
void Crossing::watch_line() {
  if (!on_line) return;
  watch_.reset();
  const bool fit = settled_ && link_->status().state == LinkStatus::State::up;
  if (fit != line_fit_) {
    line_fit_ = fit;
    on_line(fit);
  }
  if (settled_) watch_ = link_->loop().after(look_for_slowness_every, [this] { watch_line(); });
}

void Crossing::disconnected(const std::string& reason) {
  forwarder_.disconnected();
  settled_ = false;
  watch_line();
  if (stopping_) return;
  events_.link_down(name_, reason);
}

}  // namespace bascule
