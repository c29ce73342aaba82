// What people are told of messages that a far broker refuses: in the log, and as events. One line
// a topic and change, one a lane and minute for what is quarantined or waits; and never more than
// a few a minute, whatever there is to tell: what is left out is counted in the next. Time is an
// argument, in ms of boot time; lives on a link's loop thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "events.hpp"
#include "forwarder/lane/outbound_lane.hpp"

namespace bascule {

class RefusalNews {
 public:
  RefusalNews(Direction direction, std::function<std::string()> broker)
      : direction_(direction), broker_(std::move(broker)) {}

  void held(const std::string& lane, const std::string& topic, const std::string& reason,
            std::int64_t now_ms);
  void released(const std::string& lane, const std::string& topic, std::uint64_t messages,
                std::int64_t now_ms);
  void changed(const std::string& lane, const std::vector<OutboundLane::TopicChange>& topics,
               std::int64_t now_ms);  // held, released or reordered
  // Without a lane: it was refused on its way in.
  void quarantined(const std::string& lane, const std::string& topic, const std::string& reason,
                   std::int64_t now_ms);
  void delayed(const std::string& lane, const std::string& topic, const std::string& reason,
               std::int64_t now_ms);

  // So many messages have overtaken one that was refused for now.
  void reordered(const std::string& lane, const std::string& topic, const std::string& reason,
                 std::uint64_t messages, std::int64_t now_ms);

  std::function<void(const RefusalEvent&)> on_event;  // where it goes besides the log

 private:
  using Kind = RefusalEvent::Kind;
  // Of one lane and kind.
  struct Account {
    std::int64_t minute_ms = 0;  // when it began
    int told = 0;                // in it
    std::uint64_t messages = 0;  // not told yet
    std::uint64_t left_out = 0;
  };
  void tell(RefusalEvent event, int per_minute, std::int64_t now_ms);
  void log(const RefusalEvent& event) const;

  Direction direction_;
  std::function<std::string()> broker_;
  std::map<std::pair<std::string, Kind>, Account> accounts_;
};

}  // namespace bascule
