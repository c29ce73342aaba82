// The QoS 2 half of the forwarder: gives the packet ids, holds a message back until its id is
// durable and a PUBREL until its PUBREC is, and takes up again what an earlier connection left half
// done. What a handshake needs to know of a message stands in the message's lane and in the
// journal; here is what all lanes have in common. Lives on a link's loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "forwarder/lane/outbound_lane.hpp"
#include "forwarder/packet_ids.hpp"
#include "journal/journal.hpp"
#include "link/link.hpp"

namespace bascule {

class Handshakes {
 public:
  // The tag of what clear() sends; no lane's message has it.
  static constexpr std::uint64_t clearing_tag = 1;

  // `durable` is told how many claims of a lane are, the oldest that were told of before: their
  // messages may go. Not after pause().
  using Durable = std::function<void(LaneId, std::size_t claims)>;
  Handshakes(Direction direction, Journal& journal, Link& link, Durable durable);

  void connected(const Limits& limits);

  // Whether nothing of an earlier connection is half done. Until then nothing else may go out:
  // mosquitto counts what is half done against the Receive Maximum of the new connection, and
  // closes it over the first message that is one too many.
  bool resumed() const { return resumed_; }
  void all_resumed() { resumed_ = true; }

  // The session has been another's, or an older journal's. An id that is half done there would
  // swallow the message that gets it: all are released, and the journal told when the broker has
  // let go of all of them. `done` is called then: cleared_one() counts.
  void clear(std::function<void()> done);
  void cleared_one();

  // The lanes begin anew: only the ids of these claims are in use.
  void begin(const std::vector<LanePosition>& positions);
  // Sending and clearing end: what the journal answers until resume() is of the past, since it
  // knows it when it says where to go on.
  void pause();
  void resume() { paused_ = false; }
  // Releases the ids of messages that were given up, which will have an outcome; says how many.
  std::size_t release_orphans(const OutboundLane& lane);

  // Whether there is an id for one more, and gives it to the lane's front.
  bool may_claim() const;
  void claim(OutboundLane& lane);
  // Completes what is published under a claim from before this connection: perhaps it was sent,
  // perhaps received.
  void prepare(const OutboundLane& lane, std::uint64_t sequence, Outgoing& out) const;
  // The message has its outcome, or will never go: its id, if it has one, is free.
  void settled(const OutboundLane& lane, std::uint64_t sequence);

  // Tells the journal, and goes on with what waits for that. `kept`, if given, is called when it is
  // durable, even after a pause.
  void tell(const OutboundLane& lane, Progress progress, std::function<void()> kept);

 private:
  Direction direction_;
  Journal& journal_;
  Link& link_;
  Loop::Answers answers_;       // until the next pause
  Loop::Answers kept_answers_;  // always
  Durable durable_;
  Limits limits_;
  PacketIds ids_;
  bool resumed_ = false;
  bool paused_ = true;
  std::size_t clearing_ = 0;  // ids that the broker has not let go of yet
  std::function<void()> cleared_;
};

}  // namespace bascule
