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
#include <vector>

#include "journal/lane/record.hpp"
#include "journal/lane/sequence_set.hpp"
#include "journal/repeats/receipts.hpp"
#include "journal/store/store.hpp"
#include "message/per_direction.hpp"
#include "message/stamp.hpp"

namespace bascule {

class Repeats {
 public:
  // Reads what the journal holds of sessions and sources. Deliveries are read from its rows, but
  // not from those of lanes that keep only the latest: when the first one with DUP comes, for
  // mostly none does. What was noted and committed before stays known: its row may have been given
  // up since.
  void load(Store& store, const std::vector<LaneState>& lanes);

  // A connection has begun: what comes again comes before what is new.
  void begin_connection(Direction direction) { sides_[direction].unknown = 0; }
  // A delivery with this receipt and the DUP flag: was it journaled before? See Receipts.
  // `recalled`: its lane's rows tell of its deliveries.
  bool redelivered(Store& store, Direction direction, const Receipt& receipt, bool duplicate,
                   bool recalled = true);
  // It is in the transaction under way; it counts from now on, and is forgotten if that fails.
  void note(Direction direction, const Receipt& receipt);
  void committed();
  // How many deliveries came again, since the start, that had been journaled but are remembered no
  // more: they were taken for new ones. Known by another, older or not, that came after them.
  std::uint64_t forgotten(Direction direction) const { return forgotten_[direction]; }

  // At QoS 2: false if the id is held, so that this is a redelivery; else it is held from now on.
  // Releasing an id that is not held changes nothing.
  bool hold(Direction direction, std::uint16_t packet_id);
  void release(Direction direction, std::uint16_t packet_id);

  // The session that deliveries belong to; a new one forgets the packet ids of the old. `peer` is
  // who is at its two ends; empty: unknown.
  std::uint16_t session(Direction direction) const { return sides_[direction].session.number; }
  bool knows(Direction direction, std::string_view peer) const;
  const std::string& peer(Direction direction) const { return sides_[direction].session.peer; }
  // The session was there, unknown, when a connection of before met it: what it holds of ours is
  // not known still, but its deliveries since then are.
  bool delivers_for(Direction direction, std::string_view peer) const;
  // `familiar`: it holds nothing of ours that is not known here.
  void begin_session(Direction direction, std::string_view peer, bool familiar);
  void name_session(Direction direction, std::string_view peer);

  // True the first time a stamp is shown.
  bool first_sight(const Stamp& stamp);

  // Writes the sources and sessions that changed since the last call.
  void save(Store& store);

 private:
  // Rows of a lane before this sequence may hold deliveries that are not among the receipts.
  struct Unread {
    LaneId lane = 0;
    std::uint64_t end = 0;
  };
  struct Side {
    SessionRow session;
    bool changed = false;  // the session, since save()
    Receipts receipts;
    std::uint32_t uncommitted = 0;  // the newest of them
    std::vector<Unread> unread;
    bool complete = true;       // the receipts and the rows are all that the session delivered
    std::uint64_t unknown = 0;  // with DUP, since the connection began
  };

  void recall(Store& store, Side& side);

  PerDirection<Side> sides_;
  PerDirection<std::uint64_t> forgotten_;
  std::map<std::string, SequenceSet, std::less<>> seen_;  // by ORIGIN/EPOCH/LANE
  std::set<std::string> changed_;
  std::string source_;  // scratch
};

}  // namespace bascule
