// What the bridge tells about itself: bascule/{id}/events, or where own_topics of the link to the
// centre say, JSON, one message an event, through the journal like any other message, so that the
// centre learns of an outage after it.
//
//   {"event":"link_up","link":"central","at":"…Z","down_s":12}
//   {"event":"link_down","link":"central","at":"…Z","reason":"…"}
//   {"event":"loss","direction":"up","lane":"media","first":1,"last":9,"count":9,"bytes":…,
//    "reason":"ttl","at":"…Z"}
//    with the reasons not_resent and beyond_history the far broker may have lost it, and is not
//    sent it again
//   {"event":"topic_held","direction":"up","lane":"default","topic":"…","reason":"not authorized
//    (0x87)","left_out":0,"at":"…Z"}; left_out: as many more were, and are not told
//   {"event":"topic_released", likewise, without a reason, with "messages": that crossed}
//   {"event":"quarantined", likewise, with "reason", and "messages": since the last such event;
//    "lane" is empty where it was refused on its way in}
//   {"event":"lane_delayed", likewise: the far broker refuses for now}
//   {"event":"lane_reordered", likewise: so many messages have overtaken one that it refused
//    for now}
//   {"event":"looped","link":"site","source":"hub","topic":"…","count":20,"at":"…Z"}
//   {"event":"retained","link":"central","changed":2,"cleared":1,"kept":0,"at":"…Z"}: a comparison
//    found so many; or "reason" in place of these: it failed
//   {"event":"journal_paused","link":"site","reason":"…","at":"…Z"}: the journal takes nothing in
//   from
//    there; without "link": from nobody. Published at once, past the journal.
//   {"event":"journal_resumed", likewise, with "paused_s"}
//   {"event":"journal_damaged","lost_commits":3,"mended_bits":1,"left_bits":0,"at":"…Z"}: the
//   medium
//    had changed the journal's log, as was found when it was opened
//   {"event":"paused","link":"central","by":"ann","at":"…Z"}: a person said so; in place of "link",
//    "lane" and "direction". That the link to the centre is gets published at once, past the
//    journal
//    "until":"…Z": where a time was set
//   {"event":"resumed", likewise, with "paused_s"}; by bascule, where its time is over
//   {"event":"reloaded","applied":true,"changes":["lanes.media.ttl: 7d -> 1d"],"left_out":0,
//    "reasons":[],"kept":["site"],"dropped":["central"],"at":"…Z"}: a changed file was taken
//    over, or not, for these reasons
//   {"event":"case_opened","policy":"seats","case":7,"kind":"…","subject":"…","at":"…Z"}
//   {"event":"case_closed", likewise}; these two are written by the policy's step itself
//
// Any thread.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "journal/journal.hpp"

namespace bascule {

// What became of messages that a far broker refuses.
struct RefusalEvent {
  enum class Kind : std::uint8_t {
    held,
    released,
    quarantined,
    delayed,
    reordered
  } kind = Kind::held;
  Direction direction = Direction::up;
  std::string lane;
  std::string topic;
  std::string reason;          // empty: released
  std::uint64_t messages = 0;  // released: that crossed; other kinds: since the last
  std::uint64_t left_out = 0;  // of this kind and lane, since the last, and not told
};

// What a comparison of retained values came to.
struct RetainedEvent {
  std::uint64_t changed = 0, cleared = 0, kept = 0;
  std::string reason;  // it failed; empty: it did not
};

// What came of a changed file.
struct ReloadEvent {
  bool applied = false;
  std::vector<std::string> changes;
  std::vector<std::string> reasons;        // why it was not taken over
  std::vector<std::string> kept, dropped;  // links
};

class Events {
 public:
  // `topic`: of the centre's link; empty: nothing is told. `direction` is where the centre is: up;
  // at a hub, down.
  Events(std::string topic, Journal& journal, Direction direction = Direction::up);

  // Publishes to where the centre is, past the journal, if it can be reached. Set before any event.
  std::function<void(const std::string& topic, const std::string& payload)> publish_now;

  void link_up(const std::string& link);
  void link_down(const std::string& link, const std::string& reason);
  void looped(const std::string& link, const std::string& source, const std::string& topic,
              std::uint64_t count);
  void loss(const Loss& loss, const std::string& lane, Direction direction);
  void refusal(const RefusalEvent& what);
  void retained(const std::string& link, const RetainedEvent& what);
  void journal(const JournalNews& news);
  void damaged(const LogMending& found);  // if there is something
  void paused(const Pause& pause);
  void resumed(const Pause& pause, const std::string& by);
  void reloaded(ReloadEvent what);

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
