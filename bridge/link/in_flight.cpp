#include "link/in_flight.hpp"

#include <algorithm>

namespace bascule {

std::uint64_t InFlight::add(std::uint64_t tag, Qos qos, Time now) {
  const std::lock_guard lock(mutex_);
  publishes_.push_back({tag, now, qos, true, false, 0});
  ++open_;
  return first_ + publishes_.size() - 1;
}

bool InFlight::settle(std::uint64_t serial, Outcome::Kind kind, std::uint8_t reason, Time now) {
  const std::lock_guard lock(mutex_);
  Publish* publish = find(serial);
  if (publish == nullptr) return false;
  const bool first = outcomes_.empty();
  if (kind != Outcome::Kind::lost && publish->qos != Qos::at_most_once) {
    round_trip_ = now - publish->added;
  }
  close(*publish, kind, reason);
  trim();
  return first;
}

InFlight::Publish* InFlight::find(std::uint64_t serial) {
  if (serial < first_ || serial >= first_ + publishes_.size()) return nullptr;
  Publish& publish = publishes_[serial - first_];
  return publish.open ? &publish : nullptr;
}

bool InFlight::receive(std::uint64_t serial, Time now) {
  const std::lock_guard lock(mutex_);
  Publish* publish = find(serial);
  if (publish == nullptr) return false;
  const bool first = outcomes_.empty();
  round_trip_ = now - publish->added;
  publish->ours = true;
  outcomes_.push_back({Outcome::Kind::received, 0, publish->tag});
  return first;
}

void InFlight::release(std::uint64_t serial, Time now) {
  const std::lock_guard lock(mutex_);
  Publish* publish = find(serial);
  if (publish == nullptr) return;
  publish->ours = false;
  publish->added = now;
  publish->follows = first_ + publishes_.size();
}

bool InFlight::lose_all(std::uint8_t reason) {
  const std::lock_guard lock(mutex_);
  const bool first = outcomes_.empty() && open_ > 0;
  for (auto& publish : publishes_) {
    if (publish.open) close(publish, Outcome::Kind::lost, reason);
  }
  trim();
  return first;
}

bool InFlight::lose_qos0() {
  const std::lock_guard lock(mutex_);
  const bool first = outcomes_.empty();
  for (auto& publish : publishes_) {
    if (publish.open && publish.qos == Qos::at_most_once) close(publish, Outcome::Kind::lost, 0);
  }
  trim();
  return first && !outcomes_.empty();
}

void InFlight::take(std::vector<Outcome>& out) {
  const std::lock_guard lock(mutex_);
  out.swap(outcomes_);
}

std::size_t InFlight::size() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

std::uint64_t InFlight::first() const {
  const std::lock_guard lock(mutex_);
  return first_;
}

std::uint64_t InFlight::next() const {
  const std::lock_guard lock(mutex_);
  return first_ + publishes_.size();
}

std::optional<InFlight::Waiting> InFlight::waiting() const {
  const std::lock_guard lock(mutex_);
  auto serial = first_;
  for (const auto& publish : publishes_) {
    if (publish.open && !publish.ours) {
      return Waiting{std::max(serial, publish.follows), publish.added};
    }
    ++serial;
  }
  return std::nullopt;
}

std::chrono::duration<double, std::milli> InFlight::last_round_trip() const {
  const std::lock_guard lock(mutex_);
  return round_trip_;
}

void InFlight::close(Publish& publish, Outcome::Kind kind, std::uint8_t reason) {
  publish.open = false;
  --open_;
  outcomes_.push_back({kind, reason, publish.tag});
}

void InFlight::trim() {
  while (!publishes_.empty() && !publishes_.front().open) {
    publishes_.pop_front();
    ++first_;
  }
}

}  // namespace bascule
