// Some minutes of what was, as a row of the journal's table history has them: samples of all lanes,
// one after the other, and how the links changed meanwhile. Pure.
//
// `data`, all numbers as in LEB128: 2; the length in ms; the changes, counted, each ms since the
// block's begin, link << 4 | state; the samples, counted, each its lanes, counted, each of lane id,
// pending, received, forwarded, lost, oldest in s; the longest round trips of each sample, counted,
// in µs, to the site's broker and to the central one, 0 where it is not known. A lane with nothing
// but zeros is left out. What begins with 1 ends behind the samples.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/lane/lane_sequence.hpp"
#include "link/link.hpp"

namespace bascule {

struct LaneSample {
  std::uint64_t pending = 0;  // the most of those that are joined, as `oldest_s`
  std::uint64_t received = 0, forwarded = 0, lost = 0;  // meanwhile
  std::uint64_t oldest_s = 0;

  bool operator==(const LaneSample&) const = default;
  void join(const LaneSample& next);
};
using LaneSamples = std::map<LaneId, LaneSample>;

// Of each link, in µs; 0: not known. Of those that are joined the longest.
using RoundTrips = std::array<std::uint64_t, 2>;

struct LinkChange {
  std::int64_t at_ms = 0;                             // since the begin
  int link = 0;                                       // 0: site, 1: central
  LinkStatus::State state = LinkStatus::State::down;  // from then on

  bool operator==(const LinkChange&) const = default;
};

struct HistoryBlock {
  static constexpr std::size_t changes_max = 20;  // in five minutes; more are left out

  std::int64_t length_ms = 0;
  std::vector<LinkChange> changes;  // in their order; a block begins with how each link is
  std::vector<LaneSamples> samples;
  std::vector<RoundTrips> round_trips;  // as many, or none

  bool operator==(const HistoryBlock&) const = default;
};

void join(RoundTrips& all, const RoundTrips& next);

std::string encode(const HistoryBlock& block);
// Nothing: a later version wrote it, or it is damaged.
std::optional<HistoryBlock> decode_block(std::string_view data);

// The samples joined, `each` of them into one; and a block behind another one that ends as it
// begins.
HistoryBlock thinned(const HistoryBlock& block, std::size_t each);
void append(HistoryBlock& block, const HistoryBlock& next);

}  // namespace bascule
