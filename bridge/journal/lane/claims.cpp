#include "journal/lane/claims.hpp"

#include <cstddef>
#include <cstring>

namespace bascule {
namespace {

constexpr std::size_t entry_bytes = 16;

// Consecutive claims that are one entry.
struct Run {
  Claim first;
  std::uint32_t count = 0;

  bool goes_on_with(const Claim& claim) const {
    return claim.sequence == first.sequence + count && claim.received == first.received &&
           claim.packet_id == first.packet_id + count;
  }

  void append(std::string& out) const {
    char bytes[entry_bytes] = {};
    std::memcpy(bytes, &first.sequence, 8);
    std::memcpy(bytes + 8, &count, 4);
    std::memcpy(bytes + 12, &first.packet_id, 2);
    bytes[14] = first.received ? 1 : 0;
    out.append(bytes, sizeof bytes);
  }
};

}  // namespace

void Claims::add(const Claim& claim) { claims_[claim.sequence] = claim; }

void Claims::receive(std::uint64_t sequence) {
  const auto found = claims_.find(sequence);
  if (found != claims_.end()) found->second.received = true;
}

void Claims::end(std::uint64_t sequence) { claims_.erase(sequence); }

std::optional<Claim> Claims::find(std::uint64_t sequence) const {
  const auto found = claims_.find(sequence);
  if (found == claims_.end()) return std::nullopt;
  return found->second;
}

std::string Claims::encode() const {
  std::string out;
  Run run;
  for (const auto& [sequence, claim] : claims_) {
    if (run.count > 0 && !run.goes_on_with(claim)) {
      run.append(out);
      run.count = 0;
    }
    if (run.count == 0) run.first = claim;
    ++run.count;
  }
  if (run.count > 0) run.append(out);
  return out;
}

Claims Claims::decode(std::string_view bytes) {
  Claims claims;
  for (; bytes.size() >= entry_bytes; bytes.remove_prefix(entry_bytes)) {
    Claim claim;
    std::uint32_t count = 0;
    std::memcpy(&claim.sequence, bytes.data(), 8);
    std::memcpy(&count, bytes.data() + 8, 4);
    std::memcpy(&claim.packet_id, bytes.data() + 12, 2);
    claim.received = bytes[14] != 0;
    // There are no more than 65,535 ids: an entry of more is none of ours.
    for (; count > 0 && count <= 0xFFFF; --count) {
      claims.add(claim);
      ++claim.sequence;
      ++claim.packet_id;
    }
  }
  return claims;
}

}  // namespace bascule
