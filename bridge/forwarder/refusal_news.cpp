#include "forwarder/refusal_news.hpp"

#include <spdlog/spdlog.h>

namespace bascule {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr int topics_per_minute = 20;

// A topic comes from elsewhere: it may hold line ends, which would forge lines of the log.
std::string in_one_line(std::string topic) {
  for (char& letter : topic) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) letter = '?';
  }
  return topic;
}

}  // namespace

void RefusalNews::held(const std::string& lane, const std::string& topic, const std::string& reason,
                       std::int64_t now_ms) {
  tell({Kind::held, direction_, lane, topic, reason, 0, 0}, topics_per_minute, now_ms);
}

void RefusalNews::released(const std::string& lane, const std::string& topic,
                           std::uint64_t messages, std::int64_t now_ms) {
  tell({Kind::released, direction_, lane, topic, {}, messages, 0}, topics_per_minute, now_ms);
}

void RefusalNews::changed(const std::string& lane,
                          const std::vector<OutboundLane::TopicChange>& topics,
                          std::int64_t now_ms) {
  for (const OutboundLane::TopicChange& change : topics) {
    if (change.reordered > 0) {
      reordered(lane, change.topic, change.reason, change.reordered, now_ms);
    } else if (change.reason.empty()) {
      released(lane, change.topic, change.messages, now_ms);
    } else {
      held(lane, change.topic, change.reason, now_ms);
    }
  }
}

void RefusalNews::quarantined(const std::string& lane, const std::string& topic,
                              const std::string& reason, std::int64_t now_ms) {
  tell({Kind::quarantined, direction_, lane, topic, reason, 1, 0}, 1, now_ms);
}

void RefusalNews::delayed(const std::string& lane, const std::string& topic,
                          const std::string& reason, std::int64_t now_ms) {
  tell({Kind::delayed, direction_, lane, topic, reason, 1, 0}, 1, now_ms);
}

void RefusalNews::reordered(const std::string& lane, const std::string& topic,
                            const std::string& reason, std::uint64_t messages,
                            std::int64_t now_ms) {
  tell({Kind::reordered, direction_, lane, topic, reason, messages, 0}, 1, now_ms);
}

void RefusalNews::tell(RefusalEvent event, int per_minute, std::int64_t now_ms) {
  Account& account = accounts_[{event.lane, event.kind}];
  if (account.told == 0 || now_ms - account.minute_ms >= minute_ms) {
    account.minute_ms = now_ms;
    account.told = 0;
  }
  account.messages += event.messages;
  if (account.told >= per_minute) {
    ++account.left_out;
    return;
  }
  ++account.told;
  event.messages = std::exchange(account.messages, 0);
  event.left_out = std::exchange(account.left_out, 0);
  log(event);
  if (on_event) on_event(event);
}

void RefusalNews::log(const RefusalEvent& event) const {
  const std::string more =
      event.left_out == 0 ? "" : " (and " + std::to_string(event.left_out) + " more since)";
  const std::string topic = in_one_line(event.topic);
  switch (event.kind) {
    case Kind::held:
      spdlog::warn(
          "{}: refuses topic {}: {}; its messages in lane {} are held, and the oldest is tried "
          "again at growing intervals{}",
          broker_(), topic, event.reason, event.lane, more);
      break;
    case Kind::released:
      spdlog::info("{}: takes topic {} again; {} held messages of lane {} have crossed{}",
                   broker_(), topic, event.messages, event.lane, more);
      break;
    case Kind::quarantined:
      if (event.lane.empty()) {
        spdlog::warn(
            "{}: sends a message to {} that can never cross: {}; {} quarantined, 'bascule journal "
            "quarantine list' shows them{}",
            broker_(), topic, event.reason, event.messages, more);
        break;
      }
      spdlog::warn(
          "{}: refuses a message of lane {} to {}: {}; {} quarantined, 'bascule journal quarantine "
          "list' shows them{}",
          broker_(), event.lane, topic, event.reason, event.messages, more);
      break;
    case Kind::delayed:
      spdlog::warn(
          "{}: refuses messages of lane {} for now: {}; the lane waits, and tries again with "
          "one message at a time{}",
          broker_(), event.lane, event.reason, more);
      break;
    case Kind::reordered:
      spdlog::warn(
          "{}: accepted messages of lane {} behind some that it refused: {}; {} of them have "
          "overtaken an older one of their topic, such as {}; a lower 'rate' of the lane avoids "
          "this{}",
          broker_(), event.lane, event.reason, event.messages, topic, more);
      break;
  }
}

}  // namespace bascule
