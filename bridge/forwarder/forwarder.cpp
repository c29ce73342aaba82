#include "forwarder/forwarder.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "clock.hpp"
#include "link/reason.hpp"

namespace bascule {
namespace {

// What was half done may have been given up meanwhile, and never be read: it is asked for anew.
constexpr std::chrono::milliseconds resume_patience{10'000};

}  // namespace

Forwarder::Forwarder(ForwarderSettings settings, Journal& journal, Link& link)
    : settings_(std::move(settings)),
      names_(settings_.bridge_id, settings_.own_topics, settings_.retain),
      journal_(journal),
      link_(link),
      loop_(link.loop()),
      answers_(loop_),
      bookmark_(settings_.bridge_id, loop_,
                [this](const std::string& payload, bool retain) {
                  publish(names_.bookmark(settings_.direction), payload, retain);
                }),
      bookmark_timer_(loop_, settings_.bookmark_delay, settings_.own_topics.bookmark_every,
                      [this] { write_bookmark(); }),
      bookmark_lag_(settings_.broker == BrokerKind::nats ? settings_.bookmark_delay
                                                         : std::chrono::milliseconds(0)),
      blind_spot_(names_, settings_.direction, !sessions_outlive_retained(settings_.broker, true)),
      namesake_(settings_.bridge_id),
      own_(link),
      closures_(own_, suspicion_, names_),
      settling_(loop_, settings_.settle, [this] { place({}); }),
      handshakes_(settings_.direction, journal, link,
                  [this](LaneId id, std::size_t claims) { send_claimed(id, claims); }),
      pace_(settings_.rate),
      batch_(settings_.bridge_id, settings_.stamp_key, settings_.publish, settings_.stamp),
      news_(settings_.direction, [&link] { return link.status().broker; }) {
  bookmark_.on_confirmed = [this](const std::string& epoch, std::uint64_t connection,
                                  const Bookmark::Lanes& lanes) {
    confirm(epoch, connection, lanes);
  };
}

void Forwarder::subscribed(const Limits& limits) {
  limits_ = limits;
  batch_.set_limits(limits);
  handshakes_.connected(limits);
  closures_.connected(boottime_ms());
  compared_ = confirmed_ = false;
  settling_.connected();
  // A client that keeps them for us (Paho) has sent them again.
  for (std::size_t i = 0; i < in_flight_; ++i) pace_.sent(0, boottime_ms());
  // With the session gone, what was in flight is about to be reported lost; sending newer messages
  // before those would break the order.
  enter(Phase::draining);
  if (limits_.session_present || in_flight_ == 0) ask();
}

void Forwarder::ask() {
  if (compared_ || !handshakes_.resumed()) {
    place({});
    return;
  }
  const bool bookmark = !names_.bookmark(settings_.direction).empty();
  if (bookmark && limits_.continued) return look_around();
  if (!bookmark || own_.given_up(boottime_ms())) {
    FarKnowledge unknown;
    unknown.asked = true;
    unknown.session_present = limits_.session_present;
    return compared(std::move(unknown));
  }
  enter(Phase::asking);
  bookmark_.ask(limits_.session_present, [this](FarKnowledge far) { compared(std::move(far)); });
}

// The broker has been asked on this connection, which has never ended. What new subscriptions bring
// comes before the fence.
void Forwarder::look_around() {
  compared_ = true;
  bookmarks_ = standing_.bookmarks;
  connection_ = standing_.connection;
  confirmed_ = standing_.confirmed;
  blind_spot_.go_on(standing_.blind_spot);
  bookmark_.go_on();
  enter(Phase::asking);
  bookmark_.fence([this](bool) {
    FarKnowledge far;
    far.readable = far.session_present = true;
    if (on_settled) on_settled(far);
    place({});
  });
}

void Forwarder::compared(FarKnowledge far) {
  compared_ = true;
  far.session_overrules = sessions_outlive_retained(settings_.broker, limits_.knows_qos_2);
  bookmarks_ = far.readable && limits_.retain_available;
  blind_spot_.learn(far, limits_, own_.given_up(boottime_ms()), link_.status().broker);
  if (on_settled) on_settled(far);
  place(std::move(far));
}

void Forwarder::place(FarKnowledge far) {
  enter(Phase::placing);
  stale_ = false;
  answers_.forget();
  far_ = std::move(far);
  journal_.positions(settings_.direction, far_, answers_.to([this](Journal::Positions positions) {
    if (phase_ == Phase::placing) placed(std::move(positions));
  }));
}

void Forwarder::placed(Journal::Positions positions) {
  if (far_.asked) connection_ = limits_.will_retained ? positions.connection : 0;
  namesake_.learn(far_.epoch, positions.namesake, link_.status().broker, boottime_ms());
  far_ = {};
  if (settling_.waits(positions.forgotten, link_.status().broker)) return enter(Phase::settling);
  batch_.set_epoch(std::move(positions.epoch));
  if (std::exchange(losses_, positions.losses) != positions.losses && on_losses) on_losses();
  if (!positions.unfamiliar || !limits_.session_present) return begin(positions.lanes);
  if (limits_.maximum_qos != Qos::exactly_once) {
    journal_.cleared(settings_.direction);  // without QoS 2 there is nothing half done
    return begin(positions.lanes);
  }
  enter(Phase::clearing);
  handshakes_.clear([this, lanes = std::move(positions.lanes)] {
    if (phase_ == Phase::clearing) begin(lanes);
  });
}

void Forwarder::begin(const std::vector<LanePosition>& positions) {
  handshakes_.begin(positions);
  for (const LanePosition& position : positions) {
    lanes_.at(position).begin(
        position, handshakes_.resumed() ? OutboundLane::Scope::all : OutboundLane::Scope::claimed,
        journal_, loop_, [this] { pump(); });
  }
  lanes_.sort();
  if (!handshakes_.resumed() && !lanes_.half_done()) return resumed();
  enter(handshakes_.resumed() ? Phase::sending : Phase::resuming);
  // The one that is there may be behind, or gone; and that of a connection goes ahead of the rest.
  if (phase_ == Phase::sending && bookmarks_) mark();
  for (const auto& lane : lanes_) in_flight_ += handshakes_.release_orphans(*lane);
  pump();
}

SetAside Forwarder::set_aside(LaneId id) {
  OutboundLane* const lane = lanes_.find(id);
  if (lane == nullptr) return {};
  SetAside aside = lane->set_aside();
  if (aside.what != SetAside::What::done) return aside;
  news_.quarantined(lane->name(), aside.topic, aside.reason, boottime_ms());
  pump();
  return aside;
}

void Forwarder::disconnected() {
  enter(Phase::offline);
  closures_.disconnected(boottime_ms());
  bookmark_.forget();
  bookmark_timer_.stop();
  wake_.reset();
  own_wake_.reset();
  last_bookmark_written_ = false;
  pace_.begin();
  pace_.end();
  settling_.disconnected();
  for (auto& lane : lanes_) {
    lane->end();
    in_flight_ -= lane->withdraw();
  }
  // What the link still has in its hands keeps its turn.
  const auto [last_lane, last_sequence] = LaneSequence::of_key(last_.tag);
  const OutboundLane* const lane = lanes_.find(last_lane);
  if (lane == nullptr || !lane->is_trial(last_sequence)) last_ = {};
}

void Forwarder::outcomes(std::span<const Outcome> outcomes) {
  const std::size_t before = in_flight_;
  suspect(outcomes);
  for (const Outcome& outcome : outcomes) settle(outcome);
  report();
  if (phase_ == Phase::draining && in_flight_ == 0) {
    ask();
  } else if (phase_ == Phase::placing && in_flight_ != before) {
    place(far_);  // the answer under way does not know of these outcomes
  } else if (phase_ == Phase::resuming && !lanes_.half_done()) {
    resumed();
  }
  pump();
}

void Forwarder::suspect(std::span<const Outcome> outcomes) {
  const auto tried = last_.alone ? std::optional(last_.tag) : std::nullopt;
  if (!closures_.lost(outcomes, tried, boottime_ms())) return;
  spdlog::warn(
      "{}: the broker closes the connection again and again before it acknowledges what it was "
      "sent; sending one message at a time to see which one it is",
      link_.status().broker);
}

void Forwarder::settle(const Outcome& outcome) {
  if (outcome.tag == OwnMessages::tag) {
    return own_.settled(outcome, boottime_ms());
  }
  if (outcome.tag == Handshakes::clearing_tag) {
    if (outcome.kind == Outcome::Kind::accepted) handshakes_.cleared_one();
    return;
  }
  const auto [lane_id, sequence] = LaneSequence::of_key(outcome.tag);
  OutboundLane* const lane = lanes_.find(lane_id);
  if (lane == nullptr) return;
  if (outcome.kind == Outcome::Kind::received) return lane->received(sequence);
  --in_flight_;
  if (outcome.kind != Outcome::Kind::lost) {
    suspicion_.settled(outcome.tag);
    handshakes_.settled(*lane, sequence);
  }
  switch (outcome.kind) {
    case Outcome::Kind::accepted:
      lane->accepted(sequence, limits_.maximum_qos, boottime_ms());
      bookmark_timer_.accepted();
      break;
    case Outcome::Kind::refused:
      refused(*lane, sequence, outcome.reason);
      break;
    case Outcome::Kind::received:
      break;
    case Outcome::Kind::lost:
      // A topic that is tried is tried alone where a broker closes the connection over it.
      if (outcome.reason != 0 && last_.tag == outcome.tag && last_.alone) {
        lane->hold(sequence, std::string(closes_over_topic), boottime_ms());
      }
      lane->lost(sequence);
      if (sends()) enter(Phase::draining);
      break;
  }
  if (last_.tag == outcome.tag) last_ = {};
}

void Forwarder::refused(OutboundLane& lane, std::uint64_t sequence, std::uint8_t code) {
  closures_.refused();
  const std::string reason = describe_reason(code);
  const std::string topic = lane.topic_of(sequence);
  const std::int64_t now_ms = boottime_ms();
  Refusal refusal = refusal_of(code);
  if (refusal == Refusal::for_topic && lane.holds_enough() && !lane.is_trial(sequence)) {
    refusal = Refusal::for_now;
  }
  switch (refusal) {
    case Refusal::for_message:
      news_.quarantined(lane.name(), topic, reason, now_ms);
      return lane.refused(sequence, reason, now_ms);
    case Refusal::for_topic:
      return lane.hold(sequence, reason, now_ms);
    case Refusal::for_now:
      if (!lane.is_trial(sequence)) news_.delayed(lane.name(), topic, reason, now_ms);
      return lane.put_back(sequence, reason, now_ms);
  }
}

void Forwarder::pump() {
  pace_.begin();
  send_own();
  std::int64_t wait_ms = std::numeric_limits<std::int64_t>::max();
  wake_.reset();
  if (stale_ && phase_ == Phase::sending && in_flight_ == 0) return resumed();
  if (sends() && !ending_ && !paused_ && !stale_) wait_ms = send_lanes();
  if (phase_ == Phase::resuming && wait_ms > resume_patience.count()) {
    wake_ = loop_.after(resume_patience, [this] { place({}); });
  } else if (wait_ms < std::numeric_limits<std::int64_t>::max()) {
    wake_ = loop_.after(std::chrono::milliseconds(std::min<std::int64_t>(wait_ms, 60'000)),
                        [this] { pump(); });
  }
  pace_.end();
  report();
}

void Forwarder::send_own() {
  if (phase_ == Phase::offline || !handshakes_.resumed() || last_.tag != 0) return;
  const std::size_t window = std::min(limits_.receive_maximum, suspicion_.window());
  const std::size_t in_flight = in_flight_ + own_.in_flight();
  std::int64_t wait_ms = std::numeric_limits<std::int64_t>::max();
  own_.send(window - std::min(window, in_flight), limits_, [&](std::size_t bytes) {
    const std::int64_t now_ms = boottime_ms();
    const bool goes = paced(bytes, now_ms, wait_ms);
    if (goes) pace_.sent(bytes, now_ms);
    return goes;
  });
  if (wait_ms == std::numeric_limits<std::int64_t>::max()) return;
  own_wake_ = loop_.after(std::chrono::milliseconds(wait_ms), [this] { pump(); });
}

// Returns after how many ms there may be something to send though nothing happens until then.
std::int64_t Forwarder::send_lanes() {
  const std::uint32_t window =
      std::min({settings_.window, limits_.receive_maximum, suspicion_.window()});
  while (true) {
    const std::int64_t now_ms = boottime_ms();
    if (const std::int64_t wait_ms = suspicion_.wait_ms(now_ms); wait_ms > 0) return wait_ms;
    std::int64_t wait_ms = std::numeric_limits<std::int64_t>::max();
    while (room(window) && !batch_.full()) {
      const auto [lane, item] = next(now_ms, wait_ms);
      if (lane == nullptr) break;
      const std::uint64_t tag = LaneSequence{lane->id(), item->record.sequence}.key();
      if (const std::string_view why = unfit(*lane, *item, now_ms); !why.empty()) {
        keep_back(*lane, *item, std::string(why), now_ms);
        continue;
      }
      if (lane->front_is_last()) last_ = {tag, lane->front_is_alone()};
      if (wants_claim(*lane, *item)) {
        handshakes_.claim(*lane);
        ++in_flight_;
      } else if (const std::string why = add(*lane, *item, now_ms); why.empty()) {
        lane->sent();
        ++in_flight_;
      } else {
        if (last_.tag == tag) last_ = {};
        news_.quarantined(lane->name(), std::string(item->record.message.topic), why, now_ms);
        lane->quarantine(why);
      }
    }
    if (batch_.empty()) return wait_ms;
    publish_batch(now_ms);
  }
}

// The front of the lane, out of its order.
void Forwarder::keep_back(OutboundLane& lane, const LaneItem& item, const std::string& why,
                          std::int64_t now_ms) {
  suspicion_.settled(LaneSequence{lane.id(), item.record.sequence}.key());
  handshakes_.settled(lane, item.record.sequence);
  if (!lane.holds_enough() || lane.front_is_held()) return lane.hold(why, now_ms);
  news_.quarantined(lane.name(), std::string(item.record.message.topic), why, now_ms);
  lane.quarantine(why);
}

void Forwarder::publish_batch(std::int64_t now_ms) {
  if (batch_.empty()) return;
  suspicion_.sent(now_ms);
  link_.publish(batch_.messages());
  batch_.clear();
}

LaneTurns::Next Forwarder::next(std::int64_t now_ms, std::int64_t& wait_ms) {
  // Once one has to be alone, nothing else goes until all before it has its outcome. Once one has
  // to wait for the rate, nothing of a lane behind goes ahead of it.
  bool waits = false;
  return lanes_.next(
      now_ms, wait_ms, phase_ == Phase::resuming, [&](OutboundLane& lane, const LaneItem& item) {
        waits = waits || (lane.front_is_alone() && in_flight_ + own_.in_flight() > 0) ||
                !paced(item.bytes(), now_ms, wait_ms);
        if (waits) return false;
        return wants_claim(lane, item) ? handshakes_.may_claim() : !lane.claims_wait();
      });
}

// Adds the message to what is published next. Returns why it can never be; empty: it was added.
std::string Forwarder::add(const OutboundLane& lane, const LaneItem& item, std::int64_t now_ms) {
  const std::uint64_t sequence = item.record.sequence;
  const std::uint64_t tag = LaneSequence{lane.id(), sequence}.key();
  std::string why = batch_.add(item, tag, lane.name(), lane.replays(sequence), now_ms);
  if (why.empty()) pace_.sent(item.bytes(), now_ms);
  if (!why.empty() || batch_.qos_of(item) != Qos::exactly_once) return why;
  handshakes_.prepare(lane, sequence, batch_.newest());
  return {};
}

// The oldest claims of the lane are durable.
void Forwarder::send_claimed(LaneId id, std::size_t claims) {
  OutboundLane* const lane = lanes_.find(id);
  const std::int64_t now_ms = boottime_ms();
  for (; lane != nullptr && claims > 0; --claims) {
    const LaneItem* const item = lane->take_unsent();
    if (item == nullptr) break;
    const std::uint64_t sequence = item->record.sequence;
    if (const std::string why = add(*lane, *item, now_ms); why.empty()) {
      batch_.newest().stage = Outgoing::Stage::fresh;
    } else {
      news_.quarantined(lane->name(), std::string(item->record.message.topic), why, now_ms);
      handshakes_.settled(*lane, sequence);
      --in_flight_;
      lane->refused(sequence, why, now_ms);
    }
    if (batch_.full()) publish_batch(now_ms);
  }
  publish_batch(now_ms);
  pump();
}

void Forwarder::report() {
  bool moved = false;
  for (auto& lane : lanes_) {
    const std::uint64_t bookmark = lane->bookmark();
    if (auto progress = lane->take_progress()) {
      moved = moved || !progress->parts.empty() || progress->replay_next;
      tell(*lane, std::move(*progress));
    }
    moved = moved || lane->bookmark() > bookmark;
    for (const HeldTopics::Load& load : lane->take_loads()) load_held(lane->id(), load);
    news_.changed(lane->name(), lane->take_topic_changes(), boottime_ms());
  }
  lanes_.note_status();
  if (moved && phase_ == Phase::sending) bookmark_timer_.moved(in_flight_ == 0);
  // One that would come long after the end is written now.
  const bool last = (ending_ || paused_) && settings_.own_topics.bookmark_every.count() > 0;
  const bool writes = last && bookmarks_ && phase_ == Phase::sending && in_flight_ == 0;
  if (!writes || !bookmark_timer_.due() || std::exchange(last_bookmark_written_, true)) return;
  mark();
}

void Forwarder::tell(OutboundLane& lane, Progress progress) {
  const std::size_t keeping = lane.take_keeping();
  if (keeping == 0) return handshakes_.tell(lane, std::move(progress), {});
  handshakes_.tell(lane, std::move(progress), [this, id = lane.id(), keeping] {
    lanes_.find(id)->kept(keeping);
    pump();
  });
}

void Forwarder::load_held(LaneId id, const HeldTopics::Load& load) {
  journal_.read_held(
      id, load.topic, load.from,
      answers_.to([this, id, topic = load.topic](const std::vector<Journal::Portion>& portions) {
        lanes_.find(id)->loaded(topic, portions);
        pump();
      }));
}

void Forwarder::confirm(const std::string& epoch, std::uint64_t connection,
                        const Bookmark::Lanes& lanes) {
  if (foreign(epoch)) return;
  // Before what crosses behind it counts as accepted.
  if (connection == connection_ && !std::exchange(confirmed_, true)) {
    journal_.change_later([out = settings_.direction, connection, epoch](JournalCore& core) {
      core.change().meta().save_bookmarked(out, connection);
      core.change().meta().save_marked(out, epoch);
    });
  }
  for (Progress& progress : lanes_.confirmed(lanes)) journal_.progress(std::move(progress));
}

}  // namespace bascule
