#include "journal/repeats.hpp"

#include <algorithm>
#include <tuple>

namespace bascule {
namespace {

// Holes in what a source sent are rare; forgetting the lowest ranges can only let a repeat pass.
constexpr std::size_t ranges_per_source = 1'000;
constexpr std::size_t sources = 10'000;
constexpr std::string_view any_peer = "*";  // noted by a version that did not know whose it was
// What a start reads of each lane; large messages are few enough to come again.
constexpr std::uint64_t recalled_bytes_max = 32 << 20;

// Where the newest messages of the lane begin.
std::uint64_t recalled_from(Store& store, const LaneState& lane) {
  std::uint64_t from = lane.next > remembered_deliveries ? lane.next - remembered_deliveries : 1;
  const auto heads = store.batches().heads(lane.id, from, static_cast<int>(remembered_deliveries));
  std::uint64_t bytes = 0;
  for (auto head = heads.rbegin(); head != heads.rend(); ++head) {
    bytes += head->bytes;
    if (bytes > recalled_bytes_max) return head->last() + 1;
  }
  return from;
}

}  // namespace

void Repeats::load(Store& store, const std::vector<LaneState>& lanes) {
  noted_.clear();
  changed_.clear();
  seen_.clear();
  for (const Direction direction : {Direction::up, Direction::down}) {
    Side& side = sides_[direction];
    SessionRow stored = store.sessions().load(direction);
    if (stored.number != side.session.number) side = {};
    side.session = std::move(stored);
    side.changed = false;
  }
  store.seen().each([&](std::string_view source, SequenceSet ranges) {
    seen_.emplace(source, std::move(ranges));
  });
  // In the order in which they came, over all lanes.
  struct Noted {
    int boot;
    std::int64_t captured_ms;
    Direction direction;
    Receipt receipt;
  };
  std::vector<Noted> noted;
  for (const LaneState& lane : lanes) {
    // Of a topic's messages only the newest is there: with it alone recalled, its redelivery would
    // be dropped and leave the last word to an older one that came again.
    if (lane.settings.keep == Keep::latest) continue;
    std::uint64_t from = recalled_from(store, lane);
    while (const BatchPtr batch = store.batches().read(lane.id, from)) {
      RecordReader reader(lane.id, batch->first, batch->chain, batch->data,
                          RecordReader::Check::checksums);
      while (const auto record = reader.next()) {
        if (record->receipt.session == session(lane.direction)) {
          noted.push_back({batch->boot, batch->captured_ms, lane.direction, record->receipt});
        }
      }
      from = batch->last() + 1;
    }
  }
  std::stable_sort(noted.begin(), noted.end(), [](const Noted& a, const Noted& b) {
    return std::tie(a.boot, a.captured_ms) < std::tie(b.boot, b.captured_ms);
  });
  for (const Noted& entry : noted) remember(entry.direction, entry.receipt);
}

bool Repeats::redelivered(Direction direction, Receipt receipt, bool duplicate) const {
  if (!duplicate || receipt.packet_id == 0) return false;
  // The newest delivery with the id decides; it may be in the transaction under way.
  for (auto note = noted_.rbegin(); note != noted_.rend(); ++note) {
    if (note->first == direction && note->second.packet_id == receipt.packet_id) {
      return !note->second.exactly_once && note->second.digest == receipt.digest;
    }
  }
  const Side& side = sides_[direction];
  if (side.slots.empty()) return false;
  const Slot& slot = side.slots[receipt.packet_id];
  return slot.order != 0 && slot.digest == receipt.digest &&
         slot.order + remembered_deliveries > side.order;
}

void Repeats::committed() {
  for (const auto& [direction, receipt] : noted_) remember(direction, receipt);
  noted_.clear();
}

void Repeats::remember(Direction direction, Receipt receipt) {
  if (receipt.packet_id == 0) return;
  Side& side = sides_[direction];
  if (side.slots.empty()) side.slots.resize(65'536);
  side.slots[receipt.packet_id] = {receipt.digest, ++side.order};
  // Of QoS 2 it is known whether the id is held; whatever comes with it otherwise is new.
  if (receipt.exactly_once) side.slots[receipt.packet_id] = {};
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

void Repeats::begin_session(Direction direction, std::string_view peer) {
  Side& of = sides_[direction];
  of.slots.clear();
  std::erase_if(noted_, [&](const auto& note) { return note.first == direction; });
  ++of.session.number;
  of.session.held.clear();
  of.changed = true;
  name_session(direction, peer);
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
  for (const Direction direction : {Direction::up, Direction::down}) {
    Side& of = sides_[direction];
    if (std::exchange(of.changed, false)) store.sessions().save(direction, of.session);
  }
}

}  // namespace bascule
