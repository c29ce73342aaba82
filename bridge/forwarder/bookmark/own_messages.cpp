#include "forwarder/bookmark/own_messages.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "link/reason.hpp"
#include "message/own.hpp"

namespace bascule {
namespace {

constexpr int closures_max = 3;
constexpr int refused_closures_max = 2;
constexpr std::int64_t given_up_ms = 3'600'000;
constexpr std::int64_t holds_ms = 10'000;  // a connection that lasts so long

}  // namespace

void OwnMessages::add(std::string topic, std::string payload, bool retain) {
  unsent_.push_back({std::move(topic), std::move(payload), retain});
}

void OwnMessages::send(std::size_t room, const Limits& limits, const MayGo& may_go) {
  for (; room > 0 && !unsent_.empty(); --room) {
    if (!may_go(unsent_.front().topic.size() + unsent_.front().payload.size())) return;
    const Unsent next = std::move(unsent_.front());
    unsent_.pop_front();
    Outgoing out;
    out.message = own_message(next.topic, next.payload, next.retain && limits.retain_available);
    out.message.qos = std::min(out.message.qos, limits.maximum_qos);
    out.tag = tag;
    in_flight_.push_back(next.topic);
    link_.publish({&out, 1});
  }
}

void OwnMessages::settled(const Outcome& outcome, std::int64_t now_ms) {
  const std::string topic = std::move(in_flight_.front());
  in_flight_.pop_front();
  if (outcome.kind == Outcome::Kind::accepted) {
    closures_ = 0;
    refusals_.erase(topic);
  } else if (outcome.kind == Outcome::Kind::refused) {
    refused_.insert(topic);
    std::int64_t& told_ms = refusals_[topic].told_ms;
    if (told_ms != 0 && now_ms - told_ms < given_up_ms) return;
    told_ms = now_ms;
    spdlog::warn(
        "{}: the broker refuses what the bridge says on {} ({}); may this user publish it? What is "
        "retained there stays old",
        link_.status().broker, topic, describe_reason(outcome.reason));
  }
}

void OwnMessages::suspect(const std::string& prefix, std::int64_t now_ms) {
  if (++closures_ < closures_max) return;
  closures_ = 0;
  given_up_since_ms_ = now_ms;
  spdlog::warn(
      "{}: the broker closes the connection each time it gets the bridge's own messages (may this "
      "user publish to {}#?); they are left out for {} min: no state, no bookmark, no events, and "
      "should this broker lose what it accepted, that goes unnoticed",
      link_.status().broker, prefix, given_up_ms / 60'000);
}

void OwnMessages::connected(std::int64_t now_ms) {
  up_ms_ = now_ms;
  left_out_ = given_up(now_ms);
}

void OwnMessages::disconnected(bool over_lanes, std::int64_t now_ms) {
  unsent_.clear();
  const bool held = now_ms - up_ms_ >= holds_ms;
  if (left_out_ && !over_lanes && !held) given_up_since_ms_ = 0;
  left_out_ = false;
  for (const std::string& topic : std::exchange(refused_, {})) {
    Refused& refused = refusals_[topic];
    refused.closures = held ? 0 : refused.closures + 1;
    if (refused.closures < refused_closures_max) continue;
    refused.closures = 0;
    refused.left_out_from_ms = now_ms;
    spdlog::warn("{}: the broker closes the connection over {}; it is left out for {} min",
                 link_.status().broker, topic, given_up_ms / 60'000);
  }
}

bool OwnMessages::left_out(const std::string& topic, std::int64_t now_ms) const {
  const auto found = refusals_.find(topic);
  const std::int64_t from_ms = found == refusals_.end() ? 0 : found->second.left_out_from_ms;
  return given_up(now_ms) || (from_ms != 0 && now_ms - from_ms < given_up_ms);
}

bool OwnMessages::given_up(std::int64_t now_ms) const {
  return given_up_since_ms_ != 0 && now_ms - given_up_since_ms_ < given_up_ms;
}

}  // namespace bascule
