#include "doctor/visit.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace bascule {
namespace {

using namespace std::chrono_literals;

constexpr auto up_within = 20s;
constexpr auto no_other_answer = 1s;  // an attempt with the other version of MQTT is made at once
constexpr auto answer_within = 10s;
constexpr std::size_t heard_max = 100;

LinkSettings visiting(LinkSettings link, bool keep_session) {
  link.client_id = Visit::client_id(link);
  link.keep_session = keep_session;
  link.will.reset();
  link.reconnect_min = 500ms;
  link.reconnect_max = 2s;
  return link;
}

}  // namespace

Visit::Visit(const LinkSettings& link, std::string own, bool keep_session,
             std::vector<Subscription> subscriptions)
    : own_(std::move(own)),
      qos_(std::min(Qos::at_least_once, link.max_qos)),
      link_(make_link(visiting(link, keep_session))) {
  LinkHandlers handlers;
  handlers.on_deliveries = [this](std::span<const Delivery> list) { deliver(list); };
  handlers.on_outcomes = [this](std::span<const Outcome> list) {
    const std::lock_guard lock(mutex_);
    outcomes_.insert(outcomes_.end(), list.begin(), list.end());
    changed_.notify_all();
  };
  handlers.on_up = [this](const Limits& limits) {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
    changed_.notify_all();
  };
  handlers.on_down = [](const std::string&) {};
  link_->start(std::move(handlers), std::move(subscriptions), {});
}

Visit::~Visit() { link_->stop(2s); }

// What comes under the routes' filters is the users', and goes to the bridge's own session as well.
void Visit::deliver(std::span<const Delivery> deliveries) {
  {
    const std::lock_guard lock(mutex_);
    for (const Delivery& one : deliveries) {
      const std::string_view topic = one.message.topic;
      const bool known = topic.starts_with(own_) || topic.starts_with(about_mosquitto);
      if (one.released || !known) continue;
      if (heard_.size() == heard_max) heard_.erase(heard_.begin());
      heard_.push_back(
          {std::string(one.message.topic), std::string(one.message.payload), one.message.retain});
    }
    changed_.notify_all();
  }
  if (!deliveries.empty()) link_->acknowledge(deliveries.back().tag);
}

std::map<std::string, std::string> Visit::retained(const std::string& prefix) const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string> found;
  for (const Heard& one : heard_) {
    if (one.retained && one.topic.starts_with(prefix)) found[one.topic] = one.payload;
  }
  return found;
}

std::string Visit::error() const {
  const std::string text = link_->status().last_error;
  return text.empty() ? "no answer within 20 s" : text;
}

std::optional<Limits> Visit::wait_up() {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + up_within;
  std::optional<Clock::time_point> failed;
  std::unique_lock lock(mutex_);
  while (!limits_ && Clock::now() < end) {
    changed_.wait_for(lock, 50ms);
    if (!failed && !link_->status().last_error.empty()) failed = Clock::now();
    if (failed && Clock::now() > *failed + no_other_answer) break;
  }
  return limits_;
}

std::optional<Outcome> Visit::publish(const std::string& topic, const std::string& payload,
                                      bool retain) {
  const std::uint64_t tag = ++tags_;
  link_->loop().post([this, topic, payload, retain, tag] {
    const auto state = link_->status().state;
    if (state == LinkStatus::State::up || state == LinkStatus::State::slow) {
      const Outgoing out{{topic, payload, {}, qos_, retain}, tag};
      return link_->publish({&out, 1});
    }
    const std::lock_guard lock(mutex_);
    outcomes_.push_back({Outcome::Kind::lost, 0, tag});
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  std::optional<Outcome> mine;
  changed_.wait_for(lock, answer_within, [&] {
    const auto found = std::ranges::find(outcomes_, tag, &Outcome::tag);
    if (found != outcomes_.end()) mine = *found;
    return mine.has_value();
  });
  return mine;
}

std::optional<Visit::Heard> Visit::wait_heard(const std::string& payload,
                                              std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  std::optional<Heard> heard;
  changed_.wait_for(lock, patience, [&] {
    const auto found = std::ranges::find(heard_, payload, &Heard::payload);
    if (found != heard_.end()) heard = *found;
    return heard.has_value();
  });
  return heard;
}

}  // namespace bascule
