// The lanes of one direction, and whose turn it is: those of a higher priority go first, and lanes
// of equal priority take turns. A lane that others go before has little on the wire at once, so
// that on a slow line they wait for little of it. Lives on a link's loop thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "forwarder/lane/outbound_lane.hpp"

namespace bascule {

// What people see of a lane on its way out.
struct LaneStatus {
  std::uint64_t in_flight = 0;
  std::uint64_t put_back = 0;   // refusals for now, since the start
  std::string waits_for;        // what the broker said, while it refuses for now; else empty
  std::uint64_t reordered = 0;  // accepted ahead of an older one of their topic, since the start
  bool careful = false;         // it has one message on its way at a time: see LaneRetry
};

class LaneTurns {
 public:
  using Lanes = std::vector<std::unique_ptr<OutboundLane>>;

  // The lane of this position, made if it is new. Lanes stay as long as this does.
  OutboundLane& at(const LanePosition& position);
  OutboundLane* find(LaneId id);
  void sort();  // after all are there
  // See OutboundLane, whether or not the lane is there yet.
  void pause(LaneId id, bool paused);

  // The first in turn that has a message which may go; lane is null if none has. `wait_ms` as in
  // OutboundLane::front(). `may_go` is asked of each that has one; the lane whose message goes is
  // the last of its equals from now on.
  struct Next {
    OutboundLane* lane = nullptr;
    const LaneItem* item = nullptr;
  };
  using MayGo = std::function<bool(OutboundLane&, const LaneItem&)>;
  Next next(std::int64_t now_ms, std::int64_t& wait_ms, bool claimed_only, const MayGo& may_go);

  bool half_done() const;  // some have claims
  using Bookmark = std::map<std::string, std::uint64_t, std::less<>>;
  Bookmark bookmark() const;  // of each, by name
  // What one says that was read back. Of a lane that it has ahead of us it is not of our making, or
  // of a time before the broker forgot.
  std::vector<Progress> confirmed(const Bookmark& bookmark) const;

  // As of the last note_status(), by lane; any thread.
  std::map<std::string, LaneStatus> status() const;
  void note_status();

  Lanes::iterator begin() { return lanes_.begin(); }
  Lanes::iterator end() { return lanes_.end(); }

 private:
  std::set<LaneId> paused_;
  Lanes lanes_;  // higher priority first; among equals the one that has sent last is last
  mutable std::mutex status_mutex_;
  std::map<std::string, LaneStatus> status_;  // guarded by status_mutex_
};

}  // namespace bascule
