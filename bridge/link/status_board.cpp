#include "link/status_board.hpp"

#include <spdlog/spdlog.h>

#include <chrono>

namespace bascule {

namespace {

std::int64_t wall_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
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

void StatusBoard::enter_locked(LinkStatus::State state) {
  if (status_.state == state) return;
  status_.state = state;
  status_.since_ms = wall_ms();
}

void StatusBoard::speaks(Protocol version) {
  const std::lock_guard lock(mutex_);
  status_.protocol = static_cast<int>(version);
}

void StatusBoard::went_up() {
  const std::lock_guard lock(mutex_);
  enter_locked(LinkStatus::State::up);
  status_.reconnects = ups_++;
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

void StatusBoard::forget_subscriptions() {
  const std::lock_guard lock(mutex_);
  status_.subscriptions.clear();
  place_.clear();
}

}  // namespace bascule
