// The way out: takes each lane of one direction from the journal to a link, in order, within the
// broker's limits, and moves the cursors as outcomes come in. Lanes with a higher priority go
// first.
//
// Lives on the link's loop thread; status() may be called from any thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "bookmark.hpp"
#include "forwarder/outbound_lane.hpp"
#include "journal/journal.hpp"
#include "link/link.hpp"

namespace bascule {

struct ForwarderSettings {
  std::string bridge_id;
  Direction direction = Direction::up;
  std::uint32_t window = 1'000;  // messages in flight
};

class Forwarder {
 public:
  Forwarder(ForwarderSettings settings, Journal& journal, Link& link);

  // The handlers of the link, and what comes on bascule/{id}/bookmark.
  void up(const Limits& limits);
  void down();
  void outcomes(std::span<const Outcome> outcomes);
  void heard(std::string_view bookmark) { bookmark_.heard(bookmark); }

  // Sends nothing more; outcomes are still taken. For an orderly end.
  void hold();

  // Publishes a message of the bridge itself, outside of any lane.
  void publish(const std::string& topic, const std::string& payload, bool retain);

  // `settled` is called when the bookmark has been compared: what the broker had retained for us
  // has arrived by then.
  std::function<void()> on_settled;

  std::map<std::string, std::uint64_t> in_flight() const;  // by lane; any thread

 private:
  void ask();
  void begin(std::vector<LanePosition> positions, std::string epoch);
  void pump();
  OutboundLane* next_lane(std::int64_t now_ms, std::int64_t& wait_ms);
  bool add(OutboundLane& lane, const LaneItem& item, std::int64_t now_ms);
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
  bool connected_ = false;
  bool asking_ = false;  // waits for outcomes of before, the bookmark, or the journal
  bool sending_ = false;
  bool held_ = false;
  bool bookmarks_ = false;  // the broker lets us keep one
  std::uint64_t connection_ = 0;
  std::vector<std::unique_ptr<OutboundLane>> lanes_;  // higher priority first
  std::size_t turn_ = 0;                              // among lanes of equal priority
  std::size_t in_flight_ = 0;
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
