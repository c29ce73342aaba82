#include "journal/repeats/receipts.hpp"

namespace bascule {
namespace {

constexpr std::uint32_t buckets = Receipts::remembered;
// Of a bucket so much is looked at; where more share it, one content fills it.
constexpr int steps_max = 64;

// A digest is a checksum, and as good as drawn.
std::uint32_t bucket_of(std::uint32_t digest) { return digest % buckets; }

}  // namespace

void Receipts::add(const Receipt& receipt) {
  if (receipt.packet_id == 0) return;
  if (newest_.empty()) {
    newest_.resize(65'536);
    latest_.resize(buckets);
  }
  const auto place = static_cast<std::uint32_t>(added_ % remembered);
  std::uint32_t& latest = latest_[bucket_of(receipt.digest)];
  const Entry entry{receipt.digest, latest, receipt.packet_id, receipt.exactly_once};
  if (place == entries_.size()) {
    entries_.push_back(entry);
  } else {
    entries_[place] = entry;
  }
  latest = place + 1;
  ++added_;
  newest_[receipt.packet_id] = receipt.exactly_once ? Newest{} : Newest{added_, receipt.digest};
}

bool Receipts::contains(std::uint16_t packet_id, std::uint32_t digest) const {
  if (packet_id == 0 || newest_.empty()) return false;
  const Newest& newest = newest_[packet_id];
  if (newest.order != 0 && newest.digest == digest && newest.order + trusted > added_) return true;
  // Each step leads to an older entry, until one leads to where a newer one has taken the place.
  const auto newest_place = static_cast<std::uint32_t>((added_ - 1) % remembered);
  std::int64_t age = -1;
  bool found = false;
  std::uint32_t at = latest_[bucket_of(digest)];
  for (int steps = 0; at != 0; ++steps) {
    const std::uint32_t place = at - 1;
    const std::int64_t its_age = (newest_place + remembered - place) % remembered;
    if (its_age <= age) break;
    if (steps == steps_max) return false;
    age = its_age;
    const Entry& entry = entries_[place];
    if (entry.digest == digest) {
      if (entry.packet_id != packet_id || entry.exactly_once) return false;
      found = true;
    }
    at = entry.before;
  }
  return found;
}

}  // namespace bascule
