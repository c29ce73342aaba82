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

void StatusBoard::error(const std::string& text) {
  spdlog::warn("link {}: {}", name_, text);
  const std::lock_guard lock(mutex_);
  status_.last_error = text;
}

}  // namespace bascule
