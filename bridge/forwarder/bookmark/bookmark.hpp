// The bookmark: a retained message on the far broker that says how far each lane has come, so that
// the bridge notices when that broker loses what it had accepted (P6).
//
//   topic    bascule/{id}/bookmark/up, or down for what goes to the site; own_topics may say
//            another
//   payload  {"bridge":"store-42","epoch":"5f3a9c1e0d2b4a67","connection":7,
//             "lanes":{"default":1234,"sales":99}}
//
// The first of each connection goes ahead of all that its lanes send, with that connection's
// number. Its end is noted on the state topic, by the will or by the bridge: where neither has
// come, the broker went down without a word, and may have lost what came after the bookmark.
//
// The bridge is subscribed to it. On connecting it publishes a fence, {"fence":"…"}, not retained,
// to the same topic: when the fence comes back, whatever the broker had retained has come before;
// it may have come before the question, since a broker may send it ahead of its SUBACK. What comes
// back later is a bookmark that the broker really took. Lives on a link's loop thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "journal/core.hpp"
#include "link/loop.hpp"

namespace bascule {

class Bookmark {
 public:
  // `publish` sends a QoS 1 message to the topic.
  using Publish = std::function<void(const std::string& payload, bool retain)>;
  using Lanes = std::map<std::string, std::uint64_t, std::less<>>;
  Bookmark(std::string bridge_id, Loop& loop, Publish publish);

  // Asks, once after forget(), what the far broker has; `done` is called once, with readable =
  // false if no fence came back in 5 s (the broker does not let us read or retain here) and not at
  // all after forget().
  void ask(bool session_present, std::function<void(FarKnowledge)> done);
  // `done` once what the broker had sent us before has come: on this connection, or with false if
  // that has not come to be known in 30 s; not at all after forget(). One at a time: a new one
  // replaces the old.
  void fence(std::function<void(bool heard)> done);
  // What was heard is of a connection that is over.
  void forget();

  // After forget(): the connection goes on, and what was retained is known.
  void go_on() { answered_ = true; }

  // A message came on the topic.
  void heard(std::string_view payload);
  // The broker had this retained on the state topic.
  void heard_state(std::string_view payload);

  // Writes a new one. `lanes` holds the highest sequence up to which all was accepted;
  // `connection` is 0 if its end will not be noted.
  void write(const std::string& epoch, std::uint64_t connection, const Lanes& lanes);

  // A bookmark that the broker took, as in write().
  std::function<void(const std::string& epoch, std::uint64_t connection, const Lanes&)>
      on_confirmed;

 private:
  void finish(bool readable);
  void pass(bool heard);

  std::string bridge_id_;
  Loop& loop_;
  Publish publish_;
  std::string fence_;  // empty: none is out
  bool answered_ = false;
  FarKnowledge known_;  // heard until the answer
  std::function<void(FarKnowledge)> done_;
  Loop::Timer timeout_;
  std::string later_fence_;  // of fence(); empty: none is out
  std::function<void(bool)> passed_;
  Loop::Timer later_timeout_;
};

}  // namespace bascule
