// The way out: takes each lane of one direction from the journal to a link, in order, within the
// broker's limits, and moves the cursors as outcomes come in. Lanes with a higher priority go
// first.
//
// Lives on the link's loop thread; status() may be called from any thread.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "forwarder/bookmark.hpp"
#include "forwarder/outbound_lane.hpp"
#include "forwarder/packet_ids.hpp"
#include "forwarder/suspicion.hpp"
#include "journal/journal.hpp"
#include "link/link.hpp"

namespace bascule {

struct ForwarderSettings {
  std::string bridge_id;
  Direction direction = Direction::up;
  std::uint32_t window = 1'000;  // messages in flight
  std::chrono::milliseconds bookmark_delay{1'000};
};

class Forwarder {
 public:
  Forwarder(ForwarderSettings settings, Journal& journal, Link& link);

  // The handlers of the link, and what comes on bascule/{id}/bookmark.
  void connected() { bookmark_.forget(); }
  void up(const Limits& limits);
  void down();
  void outcomes(std::span<const Outcome> outcomes);
  void heard(std::string_view bookmark) { bookmark_.heard(bookmark); }

  // Sends nothing more; outcomes are still taken. For an orderly end.
  void hold();

  // Publishes a message of the bridge itself, outside of any lane: as soon as the window lets it,
  // ahead of all lanes. Nothing while the link is down.
  void publish(const std::string& topic, const std::string& payload, bool retain);

  // `settled` is called when the bookmark has been compared: what the broker had retained for us
  // has arrived by then.
  std::function<void()> on_settled;

  std::map<std::string, std::uint64_t> in_flight() const;  // by lane; any thread

 private:
  // The way to sending: what was in flight before has its outcome; packet ids of QoS 2 that nobody
  // here claimed are free, and what was half done is done; the broker has said what it has; the
  // journal has said where to go on.
  enum class Phase : std::uint8_t { down, draining, asking, placing, clearing, resuming, sending };
  struct Next {
    OutboundLane* lane = nullptr;
    const LaneItem* item = nullptr;
  };
  struct Own {
    std::string topic, payload;
    bool retain = false;
  };

  void ask();
  void compared(FarKnowledge far);
  void place(FarKnowledge far);
  void placed(Journal::Positions positions);
  void begin();
  bool sends() const { return phase_ == Phase::sending || phase_ == Phase::resuming; }
  OutboundLane* lane(LaneId id);
  void settle(const Outcome& outcome);
  void suspect(std::span<const Outcome> outcomes);
  void pump();
  bool room(std::uint32_t window) const;
  void send_own();
  std::int64_t send_lanes();
  Next next(std::int64_t now_ms, std::int64_t& wait_ms);
  Qos qos_of(const LaneItem& item) const;
  std::string add(const OutboundLane& lane, const LaneItem& item, std::int64_t now_ms);

  static constexpr std::size_t messages_per_publish = 256;

  // A tag is the key of a LaneSequence; the bridge's own messages have no lane.
  static constexpr std::uint64_t own_tag = 0;
  static constexpr std::uint64_t clearing_tag = 1;  // likewise

  // QoS 2: handshakes.cpp.
  std::size_t claims_max() const;
  bool wants_claim(const OutboundLane& lane, const LaneItem& item) const;
  void prepare(const OutboundLane& lane, const LaneItem& item, Outgoing& out) const;
  void clear_session();
  void cleared_one();
  void resumed();
  bool half_done() const;
  void resume_orphans(OutboundLane& lane);
  void tell(const OutboundLane& lane, Progress progress);
  void durable(LaneId id, std::size_t claims, const std::vector<std::uint16_t>& received);
  void send_claimed(OutboundLane& lane, std::size_t claims);
  void report();
  void bookmark_later();
  void write_bookmark();
  void confirm(const std::string& epoch, const Bookmark::Lanes& lanes);

  ForwarderSettings settings_;
  Journal& journal_;
  Link& link_;
  Loop& loop_;
  Bookmark bookmark_;
  Limits limits_;
  std::string epoch_;
  PacketIds ids_;
  std::size_t clearing_ = 0;             // ids that the broker has not let go of yet
  std::vector<LanePosition> positions_;  // to begin with
  Phase phase_ = Phase::down;
  Suspicion suspicion_;
  bool closed_ = false;  // by the broker, this connection
  bool held_ = false;
  bool resumed_ = false;         // nothing of an earlier connection is half done at QoS 2
  bool compared_ = false;        // the broker has been asked on this connection
  bool bookmarks_ = false;       // it lets us keep one
  std::uint64_t placement_ = 0;  // the newest question to the journal
  // Higher priority first; among equals the one that has sent last is last.
  std::vector<std::unique_ptr<OutboundLane>> lanes_;
  std::size_t in_flight_ = 0;  // of lanes
  std::deque<Own> own_;        // waits for the window
  std::size_t own_in_flight_ = 0;
  int top_priority_ = 0;
  std::vector<Outgoing> outgoing_;       // scratch of pump
  std::vector<std::string> properties_;  // scratch of pump: what outgoing_ points to
  Loop::Timer wake_;
  Loop::Timer bookmark_timer_;
  std::uint64_t since_bookmark_ = 0;
  mutable std::mutex status_mutex_;
  std::map<std::string, std::uint64_t> status_;  // guarded by status_mutex_
};

}  // namespace bascule
