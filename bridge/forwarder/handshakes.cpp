#include "forwarder/handshakes.hpp"

#include <utility>

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

Handshakes::Handshakes(Direction direction, Journal& journal, Link& link, Durable durable)
    : direction_(direction),
      journal_(journal),
      link_(link),
      answers_(link.loop()),
      kept_answers_(link.loop()),
      durable_(std::move(durable)) {}

void Handshakes::connected(const Limits& limits) {
  limits_ = limits;
  resumed_ = !limits_.session_present || limits_.maximum_qos != Qos::exactly_once;
}

void Handshakes::clear(std::function<void()> done) {
  cleared_ = std::move(done);
  clearing_ = claimable_ids;
  std::vector<Outgoing> releases;
  for (std::size_t i = 0; i < claimable_ids; ++i) {
    releases.push_back(release(clearing_tag, static_cast<std::uint16_t>(first_claimable_id + i)));
  }
  link_.publish(releases);
}

void Handshakes::cleared_one() {
  if (clearing_ == 0 || --clearing_ > 0) return;
  journal_.cleared(direction_);
  std::exchange(cleared_, nullptr)();
}

void Handshakes::begin(const std::vector<LanePosition>& positions) {
  ids_.give_all_back();
  for (const LanePosition& position : positions) {
    for (const auto& [sequence, claim] : position.claims.all()) ids_.reserve(claim.packet_id);
  }
}

void Handshakes::pause() {
  paused_ = true;
  answers_.forget();
  clearing_ = 0;
}

std::size_t Handshakes::release_orphans(const OutboundLane& lane) {
  if (limits_.maximum_qos != Qos::exactly_once) return 0;
  const std::vector<Claim> orphans = lane.orphans();
  for (const Claim& claim : orphans) {
    const Outgoing out = release(LaneSequence{lane.id(), claim.sequence}.key(), claim.packet_id);
    link_.publish({&out, 1});
  }
  return orphans.size();
}

bool Handshakes::may_claim() const {
  const std::size_t most =
      limits_.protocol == Protocol::v5 ? claimable_ids : claims_max_unannounced;
  return ids_.in_use() < most;
}

void Handshakes::claim(OutboundLane& lane) { lane.claim(*ids_.take()); }

void Handshakes::prepare(const OutboundLane& lane, std::uint64_t sequence, Outgoing& out) const {
  const auto claim = lane.claimed(sequence);
  out.packet_id = claim->packet_id;
  out.stage = claim->received ? Outgoing::Stage::received : Outgoing::Stage::resent;
}

void Handshakes::settled(const OutboundLane& lane, std::uint64_t sequence) {
  if (const auto claim = lane.claimed(sequence)) ids_.give_back(claim->packet_id);
}

void Handshakes::tell(const OutboundLane& lane, Progress progress, std::function<void()> kept) {
  const std::size_t claims = progress.claimed.size();
  std::vector<std::uint16_t> received;
  for (const std::uint64_t sequence : progress.received) {
    if (const auto claim = lane.claimed(sequence)) received.push_back(claim->packet_id);
  }
  if (claims == 0 && received.empty() && !kept) return journal_.progress(std::move(progress));
  auto told = kept_answers_.to([kept = std::move(kept)] {
    if (kept) kept();
  });
  auto durable = answers_.to([this, id = lane.id(), claims, received = std::move(received)] {
    if (paused_) return;
    for (const std::uint16_t packet_id : received) link_.release(packet_id);
    if (claims > 0 || !received.empty()) durable_(id, claims);
  });
  journal_.progress(std::move(progress), [told, durable]() mutable {
    told();
    durable();
  });
}

}  // namespace bascule
