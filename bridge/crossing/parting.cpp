#include "crossing/parting.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <string_view>

#include "clock.hpp"
#include "link/token/token.hpp"
#include "message/own.hpp"
#include "text/time.hpp"

namespace bascule {
namespace {

constexpr std::chrono::milliseconds deadline{5'000};
constexpr std::chrono::milliseconds looks_every{20};
constexpr std::chrono::seconds back_within{5};
constexpr std::string_view renewal = "new credentials";

}  // namespace

void Parting::pause() {
  paused_ = true;
  link_.loop().post([this] {
    forwarder_.pause(true);
    forwarder_.publish(state_topic_, std::string(state_offline), true);
    part_by_ms_ = boottime_ms() + deadline.count();
    part();
  });
}

void Parting::part() {
  timer_.reset();
  if (!paused_ && !renews_) return;
  if (!forwarder_.idle() && boottime_ms() < part_by_ms_) {
    timer_ = link_.loop().after(looks_every, [this] { part(); });
    return;
  }
  const bool renews = std::exchange(renews_, false);
  if (renews && !paused_) return connect_anew();
  link_.pause("by command");
  left_in_flight_ = static_cast<std::int64_t>(forwarder_.in_flight());
}

void Parting::resume() {
  paused_ = false;
  left_in_flight_ = -1;
  if (start_later_) return std::exchange(start_later_, nullptr)();
  link_.loop().post([this] {
    forwarder_.pause(false);
    forwarder_.publish(state_topic_, std::string(state_online), true);  // if it has not parted yet
    link_.resume();
  });
}

void Parting::renew() {
  if (paused_ || renews_) return;
  renews_ = true;
  forwarder_.pause(true);
  part_by_ms_ = boottime_ms() + deadline.count();
  part();
}

void Parting::look_at_token(const LinkSettings& settings) {
  const LinkStatus status = link_.status();
  const bool connected =
      status.state == LinkStatus::State::up || status.state == LinkStatus::State::slow;
  if (!connected || status.token_until_ms == 0 || under_way()) return;
  const bool due =
      renewal_due(settings.token.lasts, status.token_until_ms, now().wall_ms, forwarder_.idle());
  if (!due) return;
  spdlog::info("link {}: its token ends at {}; it connects anew with another one", settings.name,
               utc_text(status.token_until_ms));
  renew();
}

// A link that is down tells of no end; the timer is for one that goes down by itself meanwhile.
void Parting::connect_anew() {
  const bool down = link_.status().state == LinkStatus::State::down;
  forwarder_.pause(false);
  link_.pause(std::string(renewal));
  if (down) return link_.resume();
  timer_ = link_.loop().after(back_within, [this] {
    timer_.reset();
    if (!paused_) link_.resume();
  });
}

bool Parting::ended(const std::string& reason) {
  const bool renews = reason.ends_with(renewal);
  if (renews) timer_.reset();
  if (renews && !paused_) link_.resume();
  return renews;
}

}  // namespace bascule
