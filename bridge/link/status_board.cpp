#include "link/status_board.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "clock.hpp"
#include "log.hpp"
#include "text/time.hpp"
#include "text/units.hpp"

namespace bascule {

namespace {

std::int64_t wall_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

constexpr std::size_t told_max = 20;  // reasons of one outage that the log has once

// The words but for times, as of a token: a reason that differs in them alone is the same.
std::string without_times(const std::string& text) {
  constexpr std::string_view behind = ",;";
  std::istringstream words(text);
  std::string rest;
  for (std::string word; words >> word;) {
    const std::size_t end = word.find_last_not_of(behind);
    if (end == word.npos || !parse_time(word.substr(0, end + 1))) rest += word + ' ';
  }
  return rest;
}

std::string failures(std::uint64_t count) {
  return count == 1 ? "1 failure" : std::to_string(count) + " failures";
}

}  // namespace

StatusBoard::StatusBoard(const std::string& link_name, const std::string& broker_url)
    : name_(link_name) {
  status_.broker = broker_url;
  status_.since_ms = wall_ms();
}

LinkStatus StatusBoard::read() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void StatusBoard::enter(LinkStatus::State state) {
  const std::lock_guard lock(mutex_);
  enter_locked(state);
}

void StatusBoard::tries_in(std::chrono::milliseconds wait) {
  const std::lock_guard lock(mutex_);
  status_.next_try_ms = wall_ms() + wait.count();
}

void StatusBoard::tries(const std::string& broker_url) {
  const std::lock_guard lock(mutex_);
  status_.broker = broker_url;
  status_.next_try_ms = 0;
}

void StatusBoard::enter_locked(LinkStatus::State state) {
  if (state != LinkStatus::State::down) status_.next_try_ms = 0;
  if (status_.state == state) return;
  status_.state = state;
  status_.since_ms = wall_ms();
}

void StatusBoard::speaks(Protocol version) {
  const std::lock_guard lock(mutex_);
  status_.protocol = static_cast<int>(version);
}

void StatusBoard::went_up(bool session_present, bool renewed) {
  std::string broker;
  {
    const std::lock_guard lock(mutex_);
    enter_locked(LinkStatus::State::up);
    status_.reconnects = ups_++;
    broker = status_.broker;
  }
  outage_.well(boottime_ms());
  const auto outage = outage_.tick(boottime_ms());
  const char* const session = session_present ? "the session goes on" : "a new session";
  if (name_.ends_with(asks_retained)) {
    spdlog::info("link {}: asks {} what it retains, on a connection of its own", name_, broker);
    return;
  }
  LogFields fields{{"event", "link_up"}, {"link", name_}};
  if (!outage) {
    spdlog::log(renewed ? spdlog::level::debug : spdlog::level::info, "link {}: up, {}, {}", name_,
                broker, session);
    return;
  }
  fields.add("down_s", outage->lasted_ms / 1'000);
  fields.add("count", outage->times);
  spdlog::info("link {}: up, {}, {}; it was down for {} ({})", name_, broker, session,
               span_text(static_cast<double>(outage->lasted_ms) / 1'000), failures(outage->times));
}

void StatusBoard::failed(const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    status_.last_error = why;
  }
  const std::int64_t at_ms = boottime_ms();
  const bool began = outage_.failed(at_ms).has_value();
  if (began || told_.size() == told_max) told_.clear();
  const bool same = !told_.insert(without_times(why)).second;
  if (name_.ends_with(asks_retained)) {
    spdlog::log(same && !began ? spdlog::level::debug : spdlog::level::warn,
                "link {}: could not ask what the broker retains: {}; it is asked again", name_,
                why);
    return;
  }
  LogFields fields{{"event", "link_down"}, {"link", name_}, {"reason", why}};
  if (began) {
    // Of several addresses the reason begins with the one.
    const bool named = why.substr(0, why.find(' ')).find("://") != why.npos;
    const std::string at = named ? "" : " at " + read().broker;
    spdlog::warn("link {}{}: {}; tried again until it is up", name_, at, why);
  } else if (const auto still = outage_.tick(at_ms)) {
    fields.add("count", still->times);
    spdlog::warn("link {}: still down after {} ({}): {}", name_,
                 span_text(static_cast<double>(still->lasted_ms) / 1'000), failures(still->times),
                 why);
  } else if (!same) {
    spdlog::warn("link {}: {}", name_, why);
  } else {
    spdlog::debug("link {}: {}", name_, why);
  }
}

void StatusBoard::token(std::int64_t until_ms) {
  const std::lock_guard lock(mutex_);
  status_.token_until_ms = until_ms;
}

void StatusBoard::granted(std::optional<Limits> limits) {
  const std::lock_guard lock(mutex_);
  status_.granted = std::move(limits);
}

void StatusBoard::round_trip(double ms) {
  const std::lock_guard lock(mutex_);
  status_.rtt_ms = ms;
}

void StatusBoard::warning(const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (status_.warning == text) return;
  status_.warning = text;
  if (!text.empty()) spdlog::warn("link {}: {}", name_, text);
}

void StatusBoard::subscription(const SubscriptionStatus& status) {
  using State = SubscriptionStatus::State;
  bool failed_before = false;
  bool known = false;
  {
    const std::lock_guard lock(mutex_);
    auto& list = status_.subscriptions;
    const auto place = place_.try_emplace(status.filter, list.size()).first->second;
    if (place == list.size()) list.push_back({State::granted, status.filter, "", 0});
    SubscriptionStatus& found = list[place];
    failed_before = found.state != State::granted;
    known = found.state == status.state && found.why == status.why;
    found = status;
  }
  if (known) return;
  if (status.state == State::refused) {
    error("the broker refused the subscription to " + status.filter + ": " + status.why);
  } else if (status.state == State::unanswered) {
    error(status.why + ": " + status.filter);
  } else if (!status.why.empty()) {
    error("the broker grants the subscription to " + status.filter + " " + status.why);
  } else if (failed_before) {
    spdlog::info("link {}: the subscription to {} is in place", name_, status.filter);
  }
}

void StatusBoard::error(const std::string& text) {
  spdlog::warn("link {}: {}", name_, text);
  const std::lock_guard lock(mutex_);
  status_.last_error = text;
}

void StatusBoard::hold(const std::string& reason) {
  spdlog::debug("link {}: {}", name_, reason);
  const std::lock_guard lock(mutex_);
  enter_locked(LinkStatus::State::paused);
  status_.last_error = reason;
}

void StatusBoard::forget_subscriptions() {
  const std::lock_guard lock(mutex_);
  status_.subscriptions.clear();
  place_.clear();
}

}  // namespace bascule
