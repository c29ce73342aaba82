#include "forwarder/pace.hpp"

#include <algorithm>

namespace bascule {
namespace {

constexpr double burst_ms = 50;
// A ms more than a second, for the time is that of the ms before.
constexpr std::int64_t second_ms = 1'001;

}  // namespace

Pace::Pace(const LinkRate& rate)
    : rate_(rate), spread_(rate.messages_per_s, rate.bytes_per_s, burst_ms) {}

void Pace::forget(std::int64_t now_ms) {
  for (; !second_.empty() && now_ms - second_.front().ms >= second_ms; second_.pop_front()) {
    messages_ -= second_.front().messages;
    bytes_ -= second_.front().bytes;
  }
}

// With so much in the second already, also one of `more` bytes. Of a rate below one message a
// second one may go; RateLimit keeps those apart.
bool Pace::fits(std::uint64_t messages, std::uint64_t bytes, std::uint64_t more) const {
  const double most = std::max(1.0, rate_.messages_per_s);
  if (rate_.messages_per_s > 0 && static_cast<double>(messages + 1) > most) return false;
  return rate_.bytes_per_s <= 0 || bytes == 0 ||
         static_cast<double>(bytes + more) <= rate_.bytes_per_s;
}

std::int64_t Pace::wait_ms(std::uint64_t bytes, std::int64_t now_ms) {
  if (!limited()) return 0;
  forget(now_ms);
  std::int64_t wait = spread_.wait_ms(bytes, now_ms);
  std::uint64_t messages_left = messages_, bytes_left = bytes_;
  for (const Slot& slot : second_) {
    if (fits(messages_left, bytes_left, bytes)) break;
    messages_left -= slot.messages;
    bytes_left -= slot.bytes;
    wait = std::max(wait, slot.ms + second_ms - now_ms);
  }
  return wait;
}

bool Pace::lets(std::uint64_t bytes, std::int64_t now_ms, std::int64_t& wait_ms) {
  const std::int64_t wait = this->wait_ms(bytes, now_ms);
  if (wait == 0) return true;
  held_back_ = true;
  wait_ms = std::min(wait_ms, wait);
  return false;
}

void Pace::sent(std::uint64_t bytes, std::int64_t now_ms) {
  if (!limited()) return;
  spread_.wait_ms(bytes, now_ms);  // fills what has come to be free
  spread_.take(bytes);
  if (second_.empty() || second_.back().ms != now_ms) second_.push_back({now_ms});
  ++second_.back().messages;
  second_.back().bytes += bytes;
  ++messages_;
  bytes_ += bytes;
}

}  // namespace bascule
