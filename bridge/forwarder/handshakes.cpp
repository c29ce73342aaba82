// The part of the forwarder that is for QoS 2: no message goes out before its packet id is durable,
// no PUBREL before its PUBREC is, and what an earlier connection left half done is taken up again.
#include <algorithm>
#include <utility>

#include "clock.hpp"
#include "forwarder/forwarder.hpp"

namespace bascule {
namespace {

// MQTT 3.1.1 has no Receive Maximum to tell: mosquitto 2.0.11 has one of 20 all the same, and
// closes the connection over the next one.
constexpr std::size_t claims_max_unannounced = 10;

Outgoing release(std::uint64_t tag, std::uint16_t packet_id) {
  Outgoing out;
  out.message.qos = Qos::exactly_once;
  out.tag = tag;
  out.packet_id = packet_id;
  out.stage = Outgoing::Stage::received;
  return out;
}

}  // namespace

std::size_t Forwarder::claims_max() const {
  return limits_.protocol == Protocol::v5 ? claimable_ids : claims_max_unannounced;
}

bool Forwarder::wants_claim(const OutboundLane& lane, const LaneItem& item) const {
  return qos_of(item) == Qos::exactly_once && !lane.claimed(item.record.sequence);
}

// A claim from before this connection; perhaps it was sent, perhaps received.
void Forwarder::prepare(const OutboundLane& lane, const LaneItem& item, Outgoing& out) const {
  const auto claim = lane.claimed(item.record.sequence);
  out.packet_id = claim->packet_id;
  out.stage = claim->received ? Outgoing::Stage::received : Outgoing::Stage::resent;
}

// --- the way out ---------------------------------------------------------------------------------

void Forwarder::tell(const OutboundLane& lane, Progress progress) {
  const std::size_t claims = progress.claimed.size();
  std::vector<std::uint16_t> received;
  for (const std::uint64_t sequence : progress.received) {
    if (const auto claim = lane.claimed(sequence)) received.push_back(claim->packet_id);
  }
  if (claims == 0 && received.empty()) return journal_.progress(std::move(progress));
  journal_.progress(std::move(progress),
                    [this, &loop = loop_, placement = placement_, id = lane.id(), claims,
                     received = std::move(received)]() mutable {
                      loop.post([this, placement, id, claims, received = std::move(received)] {
                        // Of an earlier connection: the journal knew when it said where to go on.
                        if (!sends() || placement != placement_) return;
                        durable(id, claims, received);
                      });
                    });
}

void Forwarder::durable(LaneId id, std::size_t claims, const std::vector<std::uint16_t>& received) {
  for (const std::uint16_t packet_id : received) link_.release(packet_id);
  if (OutboundLane* const lane = this->lane(id)) send_claimed(*lane, claims);
  pump();
}

void Forwarder::send_claimed(OutboundLane& lane, std::size_t claims) {
  properties_.resize(messages_per_publish);
  const std::int64_t now_ms = boottime_ms();
  outgoing_.clear();
  for (; claims > 0; --claims) {
    const LaneItem* const item = lane.take_unsent();
    if (item == nullptr) break;
    const std::uint64_t sequence = item->record.sequence;
    if (const std::string why = add(lane, *item, now_ms); why.empty()) {
      outgoing_.back().stage = Outgoing::Stage::fresh;
    } else {
      if (const auto claim = lane.claimed(sequence)) ids_.give_back(claim->packet_id);
      --in_flight_;
      lane.refused(sequence, why);
    }
    if (outgoing_.size() < messages_per_publish && claims > 1) continue;
    suspicion_.sent(now_ms);
    link_.publish(outgoing_);
    outgoing_.clear();
  }
}

// --- what is there from before -------------------------------------------------------------------

// The session has been another's, or an older journal's. An id that is half done there would
// swallow the message that gets it: all are released, and those that are not in use stay as they
// are.
void Forwarder::clear_session() {
  phase_ = Phase::clearing;
  clearing_ = claimable_ids;
  std::vector<Outgoing> releases;
  for (std::size_t i = 0; i < claimable_ids; ++i) {
    releases.push_back(release(clearing_tag, static_cast<std::uint16_t>(first_claimable_id + i)));
  }
  link_.publish(releases);
}

void Forwarder::cleared_one() {
  if (phase_ != Phase::clearing || --clearing_ > 0) return;
  journal_.cleared(settings_.direction);
  begin();
}

bool Forwarder::half_done() const {
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [](const auto& lane) { return lane->has_claims(); });
}

// Before this, nothing else goes out: mosquitto counts what is half done against the Receive
// Maximum of the new connection, and closes it over the first message that is one too many.
void Forwarder::resumed() {
  resumed_ = true;
  for (auto& lane : lanes_) lane->end();
  ask();
}

void Forwarder::resume_orphans(OutboundLane& lane) {
  if (limits_.maximum_qos != Qos::exactly_once) return;
  for (const Claim& claim : lane.orphans()) {
    const Outgoing out = release(LaneSequence{lane.id(), claim.sequence}.key(), claim.packet_id);
    ++in_flight_;
    link_.publish({&out, 1});
  }
}

}  // namespace bascule
