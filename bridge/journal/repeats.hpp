// What has been received before: P5. A broker's redelivery is known by its packet id, session and
// digest, and at QoS 2 by the packet id alone, from its delivery until it is released; another
// bridge's resend by its stamp; a retained value that a new subscription brings again by its
// digest. Owned by the journal's thread; changes are written with the batch they belong to.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/lane/record.hpp"
#include "journal/lane/sequence_set.hpp"
#include "journal/store/store.hpp"
#include "message/per_direction.hpp"
#include "message/stamp.hpp"

namespace bascule {

// How many of the newest deliveries of a direction are remembered. More than a receive maximum:
// mosquitto 2.0.11 was seen to send 2,650 again after a kill -9 although only 1,000 may be
// unacknowledged.
inline constexpr std::uint64_t remembered_deliveries = 16'384;

class Repeats {
 public:
  // Recalls what the journal holds: sessions, sources, and the packet ids in the newest batches,
  // but not those of lanes that keep only the latest. What was noted and committed before stays
  // known: its row may have been given up since.
  void load(Store& store, const std::vector<LaneState>& lanes);

  // A delivery with this receipt and the DUP flag: was it journaled before? Never by the id alone:
  // an id is used again, for the next message.
  bool redelivered(Direction direction, Receipt receipt, bool duplicate) const;
  // Counts from the commit on: committed().
  void note(Direction direction, Receipt receipt) { noted_.emplace_back(direction, receipt); }
  void committed();

  // At QoS 2: false if the id is held, so that this is a redelivery; else it is held from now on.
  // Releasing an id that is not held changes nothing.
  bool hold(Direction direction, std::uint16_t packet_id);
  void release(Direction direction, std::uint16_t packet_id);

  // The session that deliveries belong to; a new one forgets the packet ids of the old. `peer` is
  // who is at its two ends; empty: unknown.
  std::uint16_t session(Direction direction) const { return sides_[direction].session.number; }
  bool knows(Direction direction, std::string_view peer) const;
  void begin_session(Direction direction, std::string_view peer);
  void name_session(Direction direction, std::string_view peer);

  // True the first time a stamp is shown.
  bool first_sight(const Stamp& stamp);

  // Writes the sources and sessions that changed since the last call.
  void save(Store& store);

 private:
  struct Slot {
    std::uint32_t digest = 0;
    std::uint64_t order = 0;  // 0: empty
  };
  struct Side {
    SessionRow session;
    bool changed = false;  // the session, since save()
    std::uint64_t order = 0;
    std::vector<Slot> slots;  // by packet id; made on first use
  };
  void remember(Direction direction, Receipt receipt);

  PerDirection<Side> sides_;
  std::map<std::string, SequenceSet, std::less<>> seen_;  // by ORIGIN/EPOCH/LANE
  std::set<std::string> changed_;
  std::vector<std::pair<Direction, Receipt>> noted_;  // in the transaction under way
  std::string source_;                                // scratch
};

}  // namespace bascule
