#include "journal/repeats/repeats.hpp"

#include <utility>

#include "journal/repeats/recollection.hpp"

namespace bascule {
namespace {

// Holes in what a source sent are rare; forgetting the lowest ranges can only let a repeat pass.
constexpr std::size_t ranges_per_source = 1'000;
constexpr std::size_t sources = 10'000;
constexpr std::string_view any_peer = "*";  // noted by a version that did not know whose it was
// Before a peer: what the broker's session holds of ours is not known, but what it delivers is.
constexpr std::string_view unfamiliar = "? ";

}  // namespace

void Repeats::load(Store& store, const std::vector<LaneState>& lanes) {
  changed_.clear();
  seen_.clear();
  for (const Direction direction : both_directions) {
    Side& side = sides_[direction];
    SessionRow stored = store.sessions().load(direction);
    if (stored.number != side.session.number) side = {};
    side.session = std::move(stored);
    side.changed = false;
    // The rows say what has become of the transaction that was under way.
    Receipts committed;
    std::uint32_t keep = side.receipts.size() - side.uncommitted;
    side.receipts.each([&](const Receipt& receipt) {
      if (keep == 0) return;
      --keep;
      committed.add(receipt);
    });
    side.complete = side.complete && !side.receipts.forgot();
    side.receipts = std::move(committed);
    side.uncommitted = 0;
    side.unread.clear();
    for (const LaneState& lane : lanes) {
      // Of a topic's messages only the newest is there: with it alone recalled, its redelivery
      // would be dropped and leave the last word to an older one that came again.
      if (lane.direction != direction || lane.settings.keep == Keep::latest) continue;
      side.unread.push_back({lane.id, lane.next});
    }
  }
  store.seen().each([&](std::string_view source, SequenceSet ranges) {
    seen_.emplace(source, std::move(ranges));
  });
}

void Repeats::recall(Store& store, Side& side) {
  const auto unread = std::exchange(side.unread, {});
  if (side.receipts.size() == Receipts::remembered) {
    side.complete = false;  // older ones would have to make room at once
    return;
  }
  Recollection rows(store, side.session.number);
  for (const Unread& lane : unread) rows.read(lane.lane, lane.end);
  side.complete = side.complete && rows.complete();
  Receipts receipts = rows.receipts();
  side.receipts.each([&](const Receipt& receipt) { receipts.add(receipt); });
  side.receipts = std::move(receipts);
}

bool Repeats::redelivered(Store& store, Direction direction, const Receipt& receipt, bool duplicate,
                          bool recalled) {
  if (!duplicate || receipt.packet_id == 0) return false;
  Side& side = sides_[direction];
  if (!side.unread.empty()) recall(store, side);
  if (!side.receipts.contains(receipt.packet_id, receipt.digest)) {
    if (recalled) ++side.unknown;
    return false;
  }
  // Deliveries come again in their order, so those before this one were no new ones.
  const std::uint64_t before = std::exchange(side.unknown, 0);
  if (!side.complete || side.receipts.forgot()) forgotten_[direction] += before;
  return true;
}

void Repeats::note(Direction direction, const Receipt& receipt) {
  if (receipt.packet_id == 0) return;
  Side& side = sides_[direction];
  side.receipts.add(receipt);
  if (side.uncommitted < Receipts::remembered) ++side.uncommitted;
}

void Repeats::committed() {
  for (Side& side : sides_) side.uncommitted = 0;
}

bool Repeats::hold(Direction direction, std::uint16_t packet_id) {
  Side& of = sides_[direction];
  const bool fresh = of.session.held.insert(packet_id).second;
  of.changed = of.changed || fresh;
  return fresh;
}

void Repeats::release(Direction direction, std::uint16_t packet_id) {
  Side& of = sides_[direction];
  if (of.session.held.erase(packet_id) > 0) of.changed = true;
}

bool Repeats::knows(Direction direction, std::string_view peer) const {
  const std::string& known = sides_[direction].session.peer;
  return known == any_peer || (known == peer && !peer.empty());
}

bool Repeats::delivers_for(Direction direction, std::string_view peer) const {
  const std::string_view known = sides_[direction].session.peer;
  return !peer.empty() && known.starts_with(unfamiliar) && known.substr(unfamiliar.size()) == peer;
}

void Repeats::begin_session(Direction direction, std::string_view peer, bool familiar) {
  Side& of = sides_[direction];
  of.receipts.clear();
  of.uncommitted = 0;
  of.unread.clear();
  of.complete = true;
  of.unknown = 0;
  ++of.session.number;
  of.session.held.clear();
  of.changed = true;
  name_session(direction,
               familiar || peer.empty() ? std::string(peer) : std::string(unfamiliar).append(peer));
}

void Repeats::name_session(Direction direction, std::string_view peer) {
  Side& of = sides_[direction];
  if (of.session.peer == peer) return;
  of.session.peer = peer;
  of.changed = true;
}

bool Repeats::first_sight(const Stamp& stamp) {
  source_.assign(stamp.origin).append(1, '/').append(stamp.epoch).append(1, '/').append(stamp.lane);
  auto found = seen_.find(source_);
  if (found == seen_.end()) {
    if (seen_.size() >= sources) return true;  // more bridges than can be told apart: let it pass
    found = seen_.emplace(source_, SequenceSet()).first;
  }
  if (found->second.add(stamp.sequence) == 0) return false;
  found->second.limit(ranges_per_source);
  changed_.insert(source_);
  return true;
}

void Repeats::save(Store& store) {
  for (const std::string& source : changed_) store.seen().save(source, seen_.find(source)->second);
  changed_.clear();
  for (const Direction direction : both_directions) {
    Side& of = sides_[direction];
    if (std::exchange(of.changed, false)) store.sessions().save(direction, of.session);
  }
}

}  // namespace bascule
