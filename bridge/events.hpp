// What the bridge tells about itself: bascule/{id}/events, JSON, one message an event, through the
// journal like any other message, so that the centre learns of an outage after it.
//
//   {"event":"link_up","link":"central","at":"…Z","down_s":12}
//   {"event":"link_down","link":"central","at":"…Z","reason":"…"}
//   {"event":"loss","direction":"up","lane":"media","first":1,"last":9,"count":9,"bytes":…,
//    "reason":"ttl","at":"…Z"}
//   {"event":"case_opened","policy":"seats","case":7,"kind":"…","subject":"…","at":"…Z"}
//   {"event":"case_closed", likewise}; these two are written by the policy's step itself
//
// Any thread.
#pragma once

#include <mutex>
#include <string>

#include "journal/journal.hpp"

namespace bascule {

class Events {
 public:
  // `direction` is where the centre is: up; at a hub, down.
  Events(std::string bridge_id, Journal& journal, Direction direction = Direction::up);

  void link_up(const std::string& link);
  void link_down(const std::string& link, const std::string& reason);
  void loss(const Loss& loss, const std::string& lane, Direction direction);

 private:
  void append(const std::string& payload);

  std::string topic_;
  Journal& journal_;
  Direction direction_;
  LaneId lane_;
  std::mutex mutex_;
  std::map<std::string, std::int64_t> down_since_ms_;  // boot time; guarded by mutex_
};

}  // namespace bascule
