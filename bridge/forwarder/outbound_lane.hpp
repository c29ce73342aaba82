// One lane on its way out: what is in flight, what became of it, and whether it may send now. Lives
// on a link's loop thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "forwarder/lane_reader.hpp"
#include "forwarder/rate.hpp"
#include "link/link.hpp"

namespace bascule {

class OutboundLane {
 public:
  explicit OutboundLane(const LanePosition& position);

  // Goes on from here; what is in flight stays so. Of what is claimed, or of all that waits: what
  // is half done is finished first, also where older messages have not gone yet.
  enum class Scope : std::uint8_t { claimed, all };
  void begin(const LanePosition& position, Scope scope, Journal& journal, Loop& loop,
             std::function<void()> ready);
  // Nothing is sent until the next begin().
  void end();

  // The next message that may go now, or nullptr. If it has to wait for rate or hours, `wait_ms` is
  // lowered to when to ask again. Messages past their time are given up on the way.
  const LaneItem* front(std::int64_t now_ms, std::int64_t& wait_ms);
  void sent();                                 // the front has gone
  void claim(std::uint16_t packet_id);         // it is to go at QoS 2, once the claim is durable
  void quarantine(const std::string& reason);  // the front can never go

  // The packet id under which a message is with the broker, or is to be.
  std::optional<Claim> claimed(std::uint64_t sequence) const { return claims_.find(sequence); }
  bool has_claims() const { return !claims_.empty(); }
  // Claims that are not durable yet. Nothing may overtake them but another claim.
  bool claims_wait() const { return !unsent_.empty(); }
  // The oldest of them is durable; nullptr: the lane has ended meanwhile.
  const LaneItem* take_unsent();
  // All of them, unsent, are out of flight. Returns how many they were.
  std::size_t withdraw();
  // Claims of messages that were given up, as of begin(): the broker may still have their ids.
  std::vector<Claim> orphans() const;

  // The broker has received it (PUBREC).
  void received(std::uint64_t sequence);

  // What became of a sequence in flight, or of a claim. A lost one ends the lane as end() does:
  // nothing newer may go before it.
  void accepted(std::uint64_t sequence);
  void refused(std::uint64_t sequence, const std::string& reason);
  void lost(std::uint64_t sequence);

  // What has happened since the last call, if anything.
  std::optional<Progress> take_progress();

  const LaneSettings& settings() const { return settings_; }
  LaneId id() const { return id_; }
  const std::string& name() const { return name_; }
  std::size_t in_flight() const { return in_flight_.size(); }
  std::uint64_t bytes_in_flight() const { return bytes_in_flight_; }

  // The highest sequence up to which the far broker has accepted all that it shall have: its
  // bookmark. As of the last take_progress().
  std::uint64_t bookmark() const { return through_; }

 private:
  std::deque<LaneItem>::iterator place(std::uint64_t sequence);
  std::optional<LaneItem> take(std::uint64_t sequence);
  void resolve(const Record& record, Fate fate);
  void end_claim(std::uint64_t sequence);
  void put_in_flight(LaneItem item);
  void quarantine(const Record& record, const std::string& reason);
  bool history(std::uint64_t sequence) const {
    return sequence <= cursor_ || done_.contains(sequence);
  }
  SequenceSet left_out() const;
  void follow_reader();
  void advance();
  bool expired(const LaneItem& item, std::int64_t now_ms) const;

  LaneId id_;
  std::string name_;
  LaneSettings settings_;
  RateLimit rate_;
  Direction direction_ = Direction::up;
  std::shared_ptr<LaneReader> reader_;
  Scope scope_ = Scope::all;
  std::deque<LaneItem> in_flight_;  // by sequence, ascending
  std::uint64_t bytes_in_flight_ = 0;
  // What had its fate at begin(): all up to the cursor, and these.
  std::uint64_t cursor_ = 0;
  SequenceSet done_;
  Claims claims_;
  std::deque<std::uint64_t> unsent_;  // claimed, by the order of claiming
  std::uint64_t replay_next_ = 0;     // at begin()
  std::uint64_t replay_last_ = 0;     // 0: not replaying
  std::uint64_t passed_ = 0;          // by the reader, but for what was lost
  std::uint64_t through_ = 0;
  Progress progress_;
};

}  // namespace bascule
