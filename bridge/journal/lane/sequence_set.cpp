#include "journal/lane/sequence_set.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace bascule {

std::uint64_t SequenceSet::add(std::uint64_t first, std::uint64_t last) {
  // The ranges that overlap or touch first..last are begin..end; they become one.
  auto begin = ranges_.upper_bound(first);
  if (begin != ranges_.begin() && std::prev(begin)->second >= first - 1) --begin;
  auto end = begin;
  SequenceRange merged{first, last};
  std::uint64_t known = 0;
  for (; end != ranges_.end() && end->first - 1 <= last; ++end) {
    merged.first = std::min(merged.first, end->first);
    merged.last = std::max(merged.last, end->second);
    known += end->second - end->first + 1;
  }
  if (begin != end && begin->first == merged.first) {
    begin->second = merged.last;
    ranges_.erase(std::next(begin), end);
  } else {
    ranges_.emplace_hint(ranges_.erase(begin, end), merged.first, merged.last);
  }
  const std::uint64_t added = merged.last - merged.first + 1 - known;
  size_ += added;
  return added;
}

// The first range that does not end before the sequence.
SequenceSet::Ranges::const_iterator SequenceSet::at_or_behind(std::uint64_t sequence) const {
  auto range = ranges_.upper_bound(sequence);
  if (range != ranges_.begin() && std::prev(range)->second >= sequence) --range;
  return range;
}

std::optional<SequenceRange> SequenceSet::range_of(std::uint64_t sequence) const {
  const auto range = at_or_behind(sequence);
  if (range == ranges_.end() || range->first > sequence) return std::nullopt;
  return SequenceRange{range->first, range->second};
}

std::vector<SequenceRange> SequenceSet::common(std::uint64_t first, std::uint64_t last) const {
  std::vector<SequenceRange> common;
  for (auto range = at_or_behind(first); range != ranges_.end() && range->first <= last; ++range) {
    common.push_back({std::max(first, range->first), std::min(last, range->second)});
  }
  return common;
}

std::vector<SequenceRange> SequenceSet::missing(std::uint64_t first, std::uint64_t last) const {
  std::vector<SequenceRange> missing;
  for (const SequenceRange& range : common(first, last)) {
    if (range.first > first) missing.push_back({first, range.first - 1});
    first = range.last + 1;
  }
  if (first <= last) missing.push_back({first, last});
  return missing;
}

std::uint64_t SequenceSet::take_from(std::uint64_t cursor) {
  if (ranges_.empty() || lowest() != cursor + 1) return cursor;
  const std::uint64_t last = ranges_.begin()->second;
  forget_first();
  return last;
}

void SequenceSet::forget_first() {
  size_ -= ranges_.begin()->second - ranges_.begin()->first + 1;
  ranges_.erase(ranges_.begin());
}

void SequenceSet::limit(std::size_t ranges) {
  while (ranges_.size() > ranges) forget_first();
}

void SequenceSet::forget_to(std::uint64_t last) {
  while (!ranges_.empty() && ranges_.begin()->second <= last) forget_first();
}

std::vector<SequenceRange> SequenceSet::ranges() const {
  std::vector<SequenceRange> ranges;
  ranges.reserve(ranges_.size());
  for (const auto& [first, last] : ranges_) ranges.push_back({first, last});
  return ranges;
}

std::string SequenceSet::encode() const {
  const std::vector<SequenceRange> all = ranges();
  std::string bytes(all.size() * sizeof(SequenceRange), '\0');
  if (!bytes.empty()) std::memcpy(bytes.data(), all.data(), bytes.size());
  return bytes;
}

SequenceSet SequenceSet::decode(std::string_view bytes) {
  SequenceSet set;
  for (; bytes.size() >= sizeof(SequenceRange); bytes.remove_prefix(sizeof(SequenceRange))) {
    SequenceRange range;
    std::memcpy(&range, bytes.data(), sizeof range);
    if (range.first > 0 && range.first <= range.last) set.add(range.first, range.last);
  }
  return set;
}

}  // namespace bascule
