#include "link/subscriber.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "link/reason.hpp"

namespace bascule {

namespace {

constexpr std::chrono::milliseconds soon{200};  // once whoever gives identifiers has given one

}  // namespace

void Subscriber::begin(const Limits& limits, Time now) {
  all_.assign(wanted_.size(), {});
  awaited_ = all_.size();
  changed_.clear();
  for (std::size_t i = 0; i < all_.size(); ++i) ask_anew(i, now);
  qos_max_ = limits.maximum_qos;
  protocol_ = limits.protocol;
  heard_ = now;
  without_qos_2_ = false;
}

void Subscriber::ask_anew(std::size_t index, Time now) {
  One& one = all_[index];
  one.since = now;
  if (!doubts_.left_out(wanted_[index].filter)) return;
  heard_of(one);
  fail(one, State::refused, "the broker closes the connection over it", now);
  one.since = doubts_.again(wanted_[index].filter);
}

void Subscriber::change(const std::vector<Subscription>& before, const Limits& limits, Time now) {
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < before.size(); ++i) places.try_emplace(before[i].filter, i);
  const std::vector<One> were = std::exchange(all_, std::vector<One>(wanted_.size()));
  awaited_ = all_.size();
  changed_.clear();
  heard_ = now;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const auto place = places.find(wanted_[i].filter);
    const bool known = place != places.end() && place->second < were.size();
    const One one = known ? were[place->second] : One{};
    const bool identified =
        !limits.identifiers_available || one.identifier == wanted_[i].identifier;
    Subscription as_asked = known ? before[place->second] : Subscription{};
    as_asked.identifier = wanted_[i].identifier;
    if (one.state != State::granted || one.sent || !identified || as_asked != wanted_[i]) {
      ask_anew(i, now);
      continue;
    }
    all_[i].state = State::granted;
    all_[i].asked = one.asked;
    all_[i].why = one.why;
    all_[i].identifier = wanted_[i].identifier;
    heard_of(all_[i]);
    change(all_[i]);
  }
}

std::vector<Subscriber::Ask> Subscriber::due(Time now) {
  std::vector<Ask> asks;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    One& one = all_[i];
    // A broker that answers others is given time: it takes them one after the other.
    if (one.sent && now - std::max(one.since, heard_) > patience) {
      if (one.asked == Qos::exactly_once) {
        one.qos_2_silent = without_qos_2_ = true;
        fail(one, State::unanswered, "the broker does not answer a subscribe at QoS 2", now);
        one.since = now + soon;
      } else {
        heard_of(one);
        fail(one, State::unanswered, "the broker does not answer a subscribe", now);
      }
    }
  }
  bool any_open = open(false), alone_open = open(true);
  for (std::size_t i = 0; i < all_.size(); ++i) {
    One& one = all_[i];
    if (one.sent || one.state == State::granted || one.since > now) continue;
    if (alone(i) ? any_open : alone_open) continue;
    any_open = true;
    alone_open = alone_open || alone(i);
    one.asked = std::min(
        {wanted_[i].qos, qos_max_, one.qos_2_silent ? Qos::at_least_once : Qos::exactly_once});
    one.sent = true;
    one.since = now;
    one.identifier = wanted_[i].identifier;
    asks.push_back({i, one.asked});
  }
  return asks;
}

bool Subscriber::alone(std::size_t index) const {
  return doubts_.one_by_one() || doubts_.left_out(wanted_[index].filter);
}

bool Subscriber::open(bool alone_only) const {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (all_[i].sent && (!alone_only || alone(i))) return true;
  }
  return false;
}

void Subscriber::closed(Time now) {
  std::vector<std::string> filters;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (all_[i].sent) filters.push_back(wanted_[i].filter);
  }
  doubts_.closed_over(filters, now);
}

bool Subscriber::answered(std::size_t index, std::uint8_t code, const std::string& details,
                          Time now) {
  if (index >= all_.size() || !all_[index].sent) return false;
  heard_ = now;
  One& one = all_[index];
  one.sent = false;
  heard_of(one);
  doubts_.answered(wanted_[index].filter);
  if (settled()) doubts_.settled();
  // The only sign in MQTT 3.1.1 of a broker that does not know QoS 2; some close the connection
  // when it is published to them.
  if (protocol_ != Protocol::v5 && one.asked == Qos::exactly_once &&
      code < static_cast<unsigned>(Qos::exactly_once)) {
    without_qos_2_ = true;
  }
  if (reason::refuses(code)) {
    fail(one, State::refused, describe_reason(code) + (details.empty() ? "" : ": " + details), now);
    return true;
  }
  one.state = State::granted;
  const bool less = code == 0 && one.asked != Qos::at_most_once;
  one.why = less ? "at QoS 0 only: what the broker sends there can be lost" : "";
  change(one);
  one.wait = retry_min;
  return true;
}

void Subscriber::fail(One& one, State state, std::string why, Time now) {
  one.sent = false;
  change(one);
  one.state = state;
  one.why = std::move(why);
  one.since = now + one.wait;
  one.wait = std::min<std::chrono::milliseconds>(one.wait * 2, retry_max);
}

void Subscriber::change(One& one) {
  if (!std::exchange(one.changed, true)) {
    changed_.push_back(static_cast<std::size_t>(&one - all_.data()));
  }
}

void Subscriber::heard_of(One& one) {
  if (std::exchange(one.awaited, false)) --awaited_;
}

bool Subscriber::without_qos_2() const { return without_qos_2_; }

std::vector<SubscriptionStatus> Subscriber::take_changes() {
  std::vector<SubscriptionStatus> changes;
  for (const std::size_t i : std::exchange(changed_, {})) {
    One& one = all_[i];
    one.changed = false;
    changes.push_back({one.state, wanted_[i].filter, one.why, one.identifier});
  }
  return changes;
}

}  // namespace bascule
