#include "forwarder/lane/held_topics.hpp"

#include <algorithm>

#include "forwarder/lane/refusal.hpp"

namespace bascule {
namespace {

constexpr std::size_t trying_max = 20;              // topics at once
constexpr std::size_t read_ahead = 32;              // messages of a topic
constexpr std::size_t topics_tried_last_max = 100;  // of more, each would stop all others too often
constexpr std::int64_t others_every_ms = 1'000;

}  // namespace

bool HeldTopics::Topic::closes() const { return reason == closes_over_topic; }

void HeldTopics::begin(const std::vector<HeldTopic>& held, const std::set<std::string>& first,
                       std::int64_t now_ms) {
  const Topics before = std::exchange(topics_, {});
  due_.clear();
  ready_.clear();
  loads_.clear();
  trying_ = 0;
  begun_ = true;
  for (const HeldTopic& one : held) {
    Topic& topic = topics_[one.topic];
    topic.reason = one.reason;
    topic.messages = one.messages;
    std::int64_t try_at_ms = topic.closes() ? now_ms + close_delay_ms_min : now_ms;
    if (const auto known = before.find(one.topic); known != before.end()) {
      topic.delay_ms = known->second.delay_ms;
      try_at_ms = std::max(now_ms, known->second.try_at_ms);
    }
    if (first.contains(one.topic)) {
      topic.state = State::open;
      want(one.topic, topic);
    } else {
      wait(one.topic, topic, try_at_ms);
    }
  }
  for (const auto& [sequence, sent] : in_flight_) {
    if (const auto found = topics_.find(sent.topic); found != topics_.end()) {
      ++found->second.in_flight;
    }
  }
}

void HeldTopics::end() {
  begun_ = false;
  loads_.clear();
  due_.clear();
  ready_.clear();
  for (auto& [name, topic] : topics_) topic.items.clear();
}

bool HeldTopics::hold(const std::string& name, const std::string& reason, std::int64_t now_ms) {
  const auto [found, first] = topics_.try_emplace(name);
  Topic& topic = found->second;
  ++topic.messages;
  topic.held_since = true;
  topic.at_end = false;
  if (first) {
    topic.reason = reason;
    back_off(name, topic, now_ms);
  } else if (topic.state == State::open && topic.items.size() < read_ahead) {
    want(name, topic);
  }
  return first;
}

void HeldTopics::wait(const std::string& name, Topic& topic, std::int64_t try_at_ms) {
  if (topic.state == State::trying) --trying_;
  if (topic.ready) std::erase(ready_, name);
  topic.state = State::waiting;
  topic.ready = false;
  topic.try_at_ms = try_at_ms;
  topic.crossed = 0;
  topic.from = 0;
  topic.trial = 0;
  topic.at_end = false;
  topic.items.clear();
  due_.emplace(try_at_ms, name);
}

void HeldTopics::back_off(const std::string& name, Topic& topic, std::int64_t now_ms) {
  const bool closes = topic.closes();
  topic.delay_ms = std::clamp(topic.delay_ms * 2, closes ? close_delay_ms_min : delay_ms_min,
                              closes ? close_delay_ms_max : delay_ms_max);
  wait(name, topic, now_ms + topic.delay_ms);
}

void HeldTopics::want(const std::string& name, Topic& topic) {
  if (topic.loading || topic.at_end || !begun_) return;
  topic.loading = true;
  topic.held_since = false;
  loads_.push_back({name, topic.from});
}

void HeldTopics::make_ready(const std::string& name, Topic& topic) {
  if (topic.ready || topic.items.empty()) return;
  topic.ready = true;
  ready_.push_back(name);
}

void HeldTopics::loaded(const std::string& name, std::vector<LaneItem> items) {
  const auto found = topics_.find(name);
  if (found == topics_.end() || !begun_) return;
  Topic& topic = found->second;
  topic.loading = false;
  if (topic.state == State::waiting) return;
  if (items.empty()) {
    topic.at_end = !topic.held_since;
    if (!topic.at_end) return want(name, topic);
    // The journal has given up what was left.
    if (topic.items.empty() && topic.in_flight == 0) forget(found);
    return;
  }
  // Of what is tried the oldest goes alone, and not before its outcome if it is on its way still.
  if (topic.state == State::trying) items.resize(1);
  topic.from = items.back().record.sequence + 1;
  for (LaneItem& item : items) {
    if (!in_flight_.contains(item.record.sequence)) topic.items.push_back(std::move(item));
  }
  if (topic.items.empty() && topic.state == State::open) return want(name, topic);
  make_ready(name, topic);
}

void HeldTopics::start_trying(std::int64_t now_ms) {
  while (trying_ < trying_max && !due_.empty() && due_.begin()->first <= now_ms) {
    const std::string name = due_.begin()->second;
    due_.erase(due_.begin());
    Topic& topic = topics_.find(name)->second;
    topic.state = State::trying;
    ++trying_;
    want(name, topic);
  }
}

const LaneItem* HeldTopics::front(std::int64_t now_ms, std::int64_t& wait_ms) {
  if (!begun_) return nullptr;
  start_trying(now_ms);
  if (!due_.empty() && due_.begin()->first > now_ms) {
    wait_ms = std::min(wait_ms, due_.begin()->first - now_ms);
  }
  return ready_.empty() ? nullptr : &topics_.find(ready_.front())->second.items.front();
}

bool HeldTopics::front_is_last() const {
  if (ready_.empty() || topics_.size() > topics_tried_last_max) return front_is_alone();
  return topics_.find(ready_.front())->second.state == State::trying || front_is_alone();
}

bool HeldTopics::front_is_alone() const {
  return !ready_.empty() && topics_.find(ready_.front())->second.closes();
}

const LaneItem& HeldTopics::take() {
  const std::string name = ready_.front();
  ready_.pop_front();
  Topic& topic = topics_.find(name)->second;
  topic.ready = false;
  LaneItem item = std::move(topic.items.front());
  topic.items.pop_front();
  ++topic.in_flight;
  if (topic.state == State::open) {
    make_ready(name, topic);
    if (topic.items.size() < read_ahead) want(name, topic);
  }
  const std::uint64_t sequence = item.record.sequence;
  if (topic.state == State::trying) topic.trial = sequence;
  return in_flight_.insert_or_assign(sequence, InFlight{std::move(item), name}).first->second.item;
}

const LaneItem* HeldTopics::in_flight(std::uint64_t sequence) const {
  const auto found = in_flight_.find(sequence);
  return found == in_flight_.end() ? nullptr : &found->second.item;
}

// Out of flight; returns its topic, if that is still held.
HeldTopics::Topics::iterator HeldTopics::land(std::uint64_t sequence) {
  const auto sent = in_flight_.find(sequence);
  if (sent == in_flight_.end()) return topics_.end();
  const auto topic = topics_.find(sent->second.topic);
  in_flight_.erase(sent);
  if (topic != topics_.end() && topic->second.in_flight > 0) --topic->second.in_flight;
  return topic;
}

std::optional<HeldTopics::Released> HeldTopics::resolved(std::uint64_t sequence, bool accepted,
                                                         std::int64_t now_ms) {
  const auto found = land(sequence);
  if (found == topics_.end()) return std::nullopt;
  const std::string name = found->first;
  Topic& topic = found->second;
  if (topic.messages > 0) --topic.messages;
  if (accepted) ++topic.crossed;
  const bool drained = topic.at_end && topic.items.empty() && topic.in_flight == 0;
  if (topic.messages == 0 || (drained && topic.state == State::open)) {
    const bool closes = topic.closes();
    Released released{name, topic.crossed};
    forget(found);
    if (accepted) try_others(closes, now_ms);
    return released;
  }
  if (topic.state == State::trying) {
    if (!accepted) {
      wait(name, topic, now_ms);
    } else {
      --trying_;
      topic.state = State::open;
      topic.delay_ms = 0;
      want(name, topic);
      try_others(topic.closes(), now_ms);
    }
  }
  return std::nullopt;
}

void HeldTopics::refused(std::uint64_t sequence, const std::string& reason, std::int64_t now_ms) {
  const auto found = land(sequence);
  if (found == topics_.end() || found->second.state == State::waiting) return;
  // One that was on its way when the topic was refused before says nothing new.
  if (found->second.state == State::trying && found->second.trial != sequence) return;
  found->second.reason = reason;
  back_off(found->first, found->second, now_ms);
}

void HeldTopics::lost(std::uint64_t sequence) { land(sequence); }

// One topic is accepted again, so others may be.
void HeldTopics::try_others(bool closers, std::int64_t now_ms) {
  if (now_ms - others_tried_ms_ < others_every_ms) return;
  others_tried_ms_ = now_ms;
  for (const auto& [at_ms, name] : std::exchange(due_, {})) {
    Topic& topic = topics_.find(name)->second;
    if (topic.closes() == closers) topic.try_at_ms = std::min(topic.try_at_ms, now_ms);
    due_.emplace(topic.try_at_ms, name);
  }
}

void HeldTopics::forget(Topics::iterator topic) {
  if (topic->second.state == State::trying) --trying_;
  if (topic->second.ready) std::erase(ready_, topic->first);
  due_.erase({topic->second.try_at_ms, topic->first});
  topics_.erase(topic);
}

}  // namespace bascule
