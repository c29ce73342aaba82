// The way out: takes each lane of one direction from the journal to a link, in order, within the
// broker's limits, and moves the cursors as outcomes come in. Lanes with a higher priority go
// first.
//
// Lives on the link's loop thread; lanes() may be called from any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clock.hpp"
#include "forwarder/bookmark/blind_spot.hpp"
#include "forwarder/bookmark/bookmark.hpp"
#include "forwarder/bookmark/bookmark_lag.hpp"
#include "forwarder/bookmark/bookmark_timer.hpp"
#include "forwarder/bookmark/namesake.hpp"
#include "forwarder/bookmark/own_messages.hpp"
#include "forwarder/bookmark/settling.hpp"
#include "forwarder/closures.hpp"
#include "forwarder/handshakes.hpp"
#include "forwarder/lane/lane_turns.hpp"
#include "forwarder/lane/outbound_lane.hpp"
#include "forwarder/lane/refusal.hpp"
#include "forwarder/pace.hpp"
#include "forwarder/publish_batch.hpp"
#include "forwarder/refusal_news.hpp"
#include "forwarder/suspicion.hpp"
#include "journal/journal.hpp"
#include "link/link.hpp"
#include "link/own_topic_names.hpp"

namespace bascule {

struct ForwarderSettings {
  std::string bridge_id;
  Direction direction = Direction::up;
  std::uint32_t window = 1'000;  // messages in flight
  std::chrono::milliseconds bookmark_delay{1'000};
  std::chrono::milliseconds settle{0};  // see LinkSettings
  std::string stamp_key = {};           // proves the stamps; empty: none
  BrokerKind broker = BrokerKind::automatic;
  OwnTopics own_topics{};  // as the next, see LinkSettings
  bool retain = true;
  PublishLimits publish{};
  LinkRate rate{};
  bool stamp = true;
};

class Forwarder {
 public:
  Forwarder(ForwarderSettings settings, Journal& journal, Link& link);

  // The handlers of the link, what comes on the topic of the bookmark, and what is retained on
  // that of the state. subscribed(): everything that this side wants from the broker is asked for.
  void connected() { bookmark_.forget(); }
  void subscribed(const Limits& limits);
  void disconnected();
  void outcomes(std::span<const Outcome> outcomes);
  void heard(std::string_view bookmark) { bookmark_.heard(bookmark); }
  void heard_state(std::string_view state) { bookmark_.heard_state(state); }

  // Those who receive at the far broker are there: it need not be waited for them any more.
  void receivers_ready() { settling_.ready(); }

  // The journal has changed what is to be sent again: once what is in flight has its outcome, the
  // lanes begin anew.
  void begin_anew() {
    stale_ = true;
    pump();
  }

  // The message that a lane waits for, since the broker refuses it for now, into the quarantine.
  SetAside set_aside(LaneId lane);

  // While it is paused it sends nothing new, of all lanes or of one; outcomes are still taken. A
  // lane may be paused before the first connection.
  void pause(bool paused) {
    paused_ = paused;
    last_bookmark_written_ = false;
    pump();
  }
  void pause_lane(LaneId lane, bool paused) {
    lanes_.pause(lane, paused);
    pump();
  }
  // Something of the bridge itself waits for the rate of the link.
  bool has_unsaid() const { return pace_.limited() && phase_ != Phase::offline && own_.waits(); }
  // Nothing is on its way, of lanes or of the bridge itself.
  bool idle() const { return in_flight_ == 0 && own_.idle(); }
  std::size_t in_flight() const { return in_flight_; }

  // Sends nothing more; outcomes are still taken. For an orderly end.
  void end_sending() {
    ending_ = true;
    report();
  }

  // What another one has to know to go on in the place of this one, on the same connection.
  // Nothing: it is not at rest, since something is on its way, or has not been found out yet.
  struct Standing {
    bool bookmarks = false;
    std::uint64_t connection = 0;
    bool confirmed = false;
    std::string blind_spot{};
  };
  std::optional<Standing> standing() const {
    const bool rests = phase_ == Phase::sending && idle() && !stale_ && bookmarks_;
    if (!rests) return std::nullopt;
    return Standing{bookmarks_, connection_, confirmed_, blind_spot_.text()};
  }
  // Before a connection that is continued.
  void go_on(Standing standing) { standing_ = std::move(standing); }

  // Publishes a message of the bridge itself, outside of any lane: as soon as window and rate let
  // it, ahead of all lanes. Nothing while the link is down, and nothing without a topic.
  void publish(const std::string& topic, const std::string& payload, bool retain) {
    if (topic.empty() || phase_ == Phase::offline || own_.left_out(topic, boottime_ms())) return;
    own_.add(topic, payload, retain);
    send_own();
  }

  // Called when the bookmark has been compared: what the broker had for us has arrived by then.
  std::function<void(const FarKnowledge&)> on_settled;
  // Limits, or a broker that forgot what is beyond history, took messages of this direction since
  // the last time.
  std::function<void()> on_losses;
  // See Bookmark.
  void fence(std::function<void(bool heard)> done) { bookmark_.fence(std::move(done)); }

  // What becomes of refused messages, for who has to be told.
  void set_on_refusal(std::function<void(const RefusalEvent&)> tell) {
    news_.on_event = std::move(tell);
  }

  // By lane; any thread.
  std::map<std::string, LaneStatus> lanes() const { return lanes_.status(); }
  // The rate of the link holds back what could go. And: that went without the retain flag that they
  // had, since the start. Any thread.
  bool rate_waits() const { return pace_.holds_back(); }
  std::uint64_t unretained() const { return batch_.unretained(); }
  // What would go unnoticed at the broker, and who else has our id there; empty: nothing. Any
  // thread.
  std::string warning() const {
    const std::string blind = blind_spot_.text(), other = namesake_.text(boottime_ms());
    return blind.empty() || other.empty() ? blind + other : blind + "; " + other;
  }

 private:
  // The way to sending: what was in flight before has its outcome; packet ids of QoS 2 that nobody
  // here claimed are free, and what was half done is done; the broker has said what it has; the
  // journal has said where to go on; those who receive there have had time to come back, if the
  // broker has forgotten them.
  enum class Phase : std::uint8_t {
    offline,
    draining,
    asking,
    placing,
    settling,
    clearing,
    resuming,
    sending
  };

  void enter(Phase phase) {
    phase_ = phase;
    sends() ? handshakes_.resume() : handshakes_.pause();
  }
  void ask();
  void look_around();
  void compared(FarKnowledge far);
  void place(FarKnowledge far);
  void placed(Journal::Positions positions);
  void begin(const std::vector<LanePosition>& positions);
  void resumed() {
    handshakes_.all_resumed();
    for (auto& lane : lanes_) lane->end();
    ask();
  }
  bool sends() const { return phase_ == Phase::sending || phase_ == Phase::resuming; }
  void settle(const Outcome& outcome);
  void refused(OutboundLane& lane, std::uint64_t sequence, std::uint8_t code);
  void suspect(std::span<const Outcome> outcomes);
  void pump();
  bool room(std::uint32_t window) const {
    return last_.tag == 0 && in_flight_ + own_.in_flight() < window;
  }
  void send_own();
  // Whether the rate of the link lets so many bytes go. What is claimed and not sent yet has its
  // place in the rate before them: send_claimed() comes back.
  bool paced(std::size_t bytes, std::int64_t now_ms, std::int64_t& wait_ms) {
    const auto waits = [](const auto& lane) { return lane->claims_wait(); };
    if (pace_.limited() && std::ranges::any_of(lanes_, waits)) return false;
    return pace_.lets(bytes, now_ms, wait_ms);
  }
  std::int64_t send_lanes();
  LaneTurns::Next next(std::int64_t now_ms, std::int64_t& wait_ms);
  // Why the broker cannot be sent it, as far as is known before it is; empty: it can.
  std::string_view unfit(const OutboundLane& lane, const LaneItem& item,
                         std::int64_t now_ms) const {
    const std::uint64_t tag = LaneSequence{lane.id(), item.record.sequence}.key();
    const std::string_view topic = item.record.message.topic;
    if (closures_.condemn(tag, topic, lane.front_is_held(), now_ms)) return closes_over_topic;
    return unfit_topic(settings_.broker, topic);
  }
  void keep_back(OutboundLane& lane, const LaneItem& item, const std::string& why,
                 std::int64_t now_ms);
  bool wants_claim(const OutboundLane& lane, const LaneItem& item) const {
    return batch_.qos_of(item) == Qos::exactly_once && !lane.claimed(item.record.sequence);
  }
  std::string add(const OutboundLane& lane, const LaneItem& item, std::int64_t now_ms);
  void send_claimed(LaneId id, std::size_t claims);
  void publish_batch(std::int64_t now_ms);
  void report();
  void tell(OutboundLane& lane, Progress progress);
  void load_held(LaneId id, const HeldTopics::Load& load);
  void write_bookmark() {
    if (phase_ != Phase::sending || !bookmarks_) return;
    if (own_.in_flight() > 0) return bookmark_timer_.again();  // one at a time
    mark();
  }
  void mark() {
    const Bookmark::Lanes accepted = lanes_.bookmark();
    bookmark_timer_.written();
    bookmark_.write(batch_.epoch(), connection_, bookmark_lag_.take(accepted, boottime_ms()));
    if (bookmark_lag_.behind(accepted)) bookmark_timer_.later();
  }
  // A bookmark of another bridge, which is told; or it is not known yet which epoch is ours.
  bool foreign(const std::string& epoch) {
    if (epoch == batch_.epoch()) return false;
    if (!batch_.epoch().empty()) namesake_.seen(epoch, link_.status().broker, boottime_ms());
    return true;
  }
  void confirm(const std::string& epoch, std::uint64_t connection, const Bookmark::Lanes& lanes);

  ForwarderSettings settings_;
  const OwnTopicNames names_;
  Journal& journal_;
  Link& link_;
  Loop& loop_;
  Loop::Answers answers_;  // of the journal: where to go on
  Bookmark bookmark_;
  BookmarkTimer bookmark_timer_;
  BookmarkLag bookmark_lag_;
  BlindSpot blind_spot_;
  Namesake namesake_;
  OwnMessages own_;
  Suspicion suspicion_;
  Closures closures_;
  Settling settling_;
  Handshakes handshakes_;
  Pace pace_;
  PublishBatch batch_;
  RefusalNews news_;
  Limits limits_;
  Phase phase_ = Phase::offline;
  Standing standing_;  // of the one before, on a connection that is continued
  bool ending_ = false;
  bool paused_ = false;
  bool last_bookmark_written_ = false;  // of a pause, or the end
  bool stale_ = false;                  // the lanes are to begin anew
  bool compared_ = false;               // the broker has been asked on this connection
  bool bookmarks_ = false;              // it lets us keep one
  std::uint64_t connection_ = 0;        // as its bookmarks say
  bool confirmed_ = false;              // one of them was read back
  FarKnowledge far_;                    // what it said, until the journal has compared it
  std::uint64_t losses_ = 0;            // known of
  LaneTurns lanes_;
  std::size_t in_flight_ = 0;  // of lanes
  // What nothing may be sent behind before its outcome; 0: none. Alone: nothing was before it.
  struct Last {
    std::uint64_t tag = 0;
    bool alone = false;
  };
  Last last_;
  Loop::Timer wake_, own_wake_;
};

}  // namespace bascule
