#include "history/block.hpp"

#include <algorithm>
#include <cstddef>

namespace bascule {
namespace {

constexpr std::uint64_t version = 2, version_without_round_trips = 1;
constexpr std::uint64_t items_max = 100'000;  // more can't be in a row

void put(std::string& data, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) data.push_back(static_cast<char>(number | 0x80));
  data.push_back(static_cast<char>(number));
}

// Reads numbers; once it has failed, all of them are 0.
class Numbers {
 public:
  explicit Numbers(std::string_view data) : data_(data) {}

  std::uint64_t next() {
    std::uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (data_.empty()) break;
      const auto byte = static_cast<unsigned char>(data_.front());
      data_.remove_prefix(1);
      number |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return number;
    }
    whole_ = false;
    data_ = {};
    return 0;
  }
  // Of how many there are.
  std::uint64_t count() {
    const std::uint64_t count = next();
    whole_ = whole_ && count <= items_max;
    return whole_ ? count : 0;
  }
  bool whole() const { return whole_; }

 private:
  std::string_view data_;
  bool whole_ = true;
};

LaneSamples read_sample(Numbers& numbers) {
  LaneSamples lanes;
  for (std::uint64_t left = numbers.count(); left > 0 && numbers.whole(); --left) {
    LaneSample& lane = lanes[static_cast<LaneId>(numbers.next())];
    lane.pending = numbers.next();
    lane.received = numbers.next();
    lane.forwarded = numbers.next();
    lane.lost = numbers.next();
    lane.oldest_s = numbers.next();
  }
  return lanes;
}

void join(LaneSamples& all, const LaneSamples& next) {
  for (const auto& [lane, sample] : next) all[lane].join(sample);
}

// What an earlier build wrote has none.
void fill(HistoryBlock& block) { block.round_trips.resize(block.samples.size()); }

}  // namespace

void LaneSample::join(const LaneSample& next) {
  pending = std::max(pending, next.pending);
  oldest_s = std::max(oldest_s, next.oldest_s);
  received += next.received;
  forwarded += next.forwarded;
  lost += next.lost;
}

void join(RoundTrips& all, const RoundTrips& next) {
  for (std::size_t link = 0; link < all.size(); ++link) all[link] = std::max(all[link], next[link]);
}

std::string encode(const HistoryBlock& block) {
  std::string data;
  put(data, version);
  put(data, static_cast<std::uint64_t>(block.length_ms));
  put(data, block.changes.size());
  for (const LinkChange& change : block.changes) {
    put(data, static_cast<std::uint64_t>(change.at_ms));
    put(data, static_cast<std::uint64_t>(change.link << 4 | static_cast<int>(change.state)));
  }
  put(data, block.samples.size());
  for (const LaneSamples& lanes : block.samples) {
    const auto nothing = [](const auto& lane) { return lane.second == LaneSample{}; };
    put(data, lanes.size() - static_cast<std::size_t>(std::ranges::count_if(lanes, nothing)));
    for (const auto& lane : lanes) {
      if (nothing(lane)) continue;
      const LaneSample& sample = lane.second;
      for (const std::uint64_t number : {std::uint64_t{lane.first}, sample.pending, sample.received,
                                         sample.forwarded, sample.lost, sample.oldest_s}) {
        put(data, number);
      }
    }
  }
  put(data, block.round_trips.size());
  for (const RoundTrips& sample : block.round_trips) {
    for (const std::uint64_t us : sample) put(data, us);
  }
  return data;
}

std::optional<HistoryBlock> decode_block(std::string_view data) {
  Numbers numbers(data);
  const std::uint64_t written = numbers.next();
  if (written != version && written != version_without_round_trips) return std::nullopt;
  HistoryBlock block;
  block.length_ms = static_cast<std::int64_t>(numbers.next());
  for (std::uint64_t left = numbers.count(); left > 0 && numbers.whole(); --left) {
    LinkChange change;
    change.at_ms = static_cast<std::int64_t>(numbers.next());
    const std::uint64_t bits = numbers.next();
    change.link = static_cast<int>(bits >> 4 & 1);
    change.state = static_cast<LinkStatus::State>(bits & 3);
    block.changes.push_back(change);
  }
  for (std::uint64_t left = numbers.count(); left > 0 && numbers.whole(); --left) {
    block.samples.push_back(read_sample(numbers));
  }
  for (std::uint64_t left = written == version ? numbers.count() : 0; left > 0 && numbers.whole();
       --left) {
    RoundTrips& sample = block.round_trips.emplace_back();
    for (std::uint64_t& us : sample) us = numbers.next();
  }
  if (!numbers.whole()) return std::nullopt;
  return block;
}

HistoryBlock thinned(const HistoryBlock& block, std::size_t each) {
  HistoryBlock thin{block.length_ms, block.changes, {}, {}};
  for (std::size_t place = 0; place < block.samples.size(); ++place) {
    if (place % each == 0) thin.samples.emplace_back(), fill(thin);
    join(thin.samples.back(), block.samples[place]);
    if (place < block.round_trips.size()) {
      join(thin.round_trips.back(), block.round_trips[place]);
    }
  }
  return thin;
}

void append(HistoryBlock& block, const HistoryBlock& next) {
  for (LinkChange change : next.changes) {
    const auto last =
        std::ranges::find_if(block.changes.rbegin(), block.changes.rend(),
                             [&](const LinkChange& before) { return before.link == change.link; });
    if (last != block.changes.rend() && last->state == change.state) continue;
    change.at_ms += block.length_ms;
    block.changes.push_back(change);
  }
  fill(block);
  block.samples.insert(block.samples.end(), next.samples.begin(), next.samples.end());
  block.round_trips.insert(block.round_trips.end(), next.round_trips.begin(),
                           next.round_trips.end());
  fill(block);
  block.length_ms += next.length_ms;
}

}  // namespace bascule
