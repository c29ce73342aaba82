#include "journal/lane/sequence_set.hpp"

#include <algorithm>
#include <cstring>

namespace bascule {

std::uint64_t SequenceSet::add(std::uint64_t first, std::uint64_t last) {
  // The ranges that overlap or touch first..last are begin..end; they become one.
  auto begin = ranges_.end();
  while (begin != ranges_.begin() && std::prev(begin)->last >= first - 1) {
    // From the end, since nearly every addition is there.
    --begin;
    if (begin->first <= first) break;
  }
  auto end = begin;
  SequenceRange merged{first, last};
  std::uint64_t known = 0;
  while (end != ranges_.end() && end->first - 1 <= last) {
    merged.first = std::min(merged.first, end->first);
    merged.last = std::max(merged.last, end->last);
    known += end->last - end->first + 1;
    ++end;
  }
  if (begin == end) {
    ranges_.insert(begin, merged);
  } else {
    *begin = merged;
    ranges_.erase(std::next(begin), end);
  }
  const std::uint64_t added = merged.last - merged.first + 1 - known;
  size_ += added;
  return added;
}

bool SequenceSet::contains(std::uint64_t sequence) const {
  const auto after = std::upper_bound(
      ranges_.begin(), ranges_.end(), sequence,
      [](std::uint64_t value, const SequenceRange& range) { return value < range.first; });
  return after != ranges_.begin() && std::prev(after)->last >= sequence;
}

std::vector<SequenceRange> SequenceSet::common(std::uint64_t first, std::uint64_t last) const {
  std::vector<SequenceRange> common;
  for (const SequenceRange& range : ranges_) {
    if (range.last < first) continue;
    if (range.first > last) break;
    common.push_back({std::max(first, range.first), std::min(last, range.last)});
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
  if (ranges_.empty() || ranges_.front().first != cursor + 1) return cursor;
  const SequenceRange front = ranges_.front();
  ranges_.erase(ranges_.begin());
  size_ -= front.last - front.first + 1;
  return front.last;
}

void SequenceSet::limit(std::size_t ranges) {
  while (ranges_.size() > ranges) {
    size_ -= ranges_.front().last - ranges_.front().first + 1;
    ranges_.erase(ranges_.begin());
  }
}

std::string SequenceSet::encode() const {
  std::string bytes(ranges_.size() * sizeof(SequenceRange), '\0');
  if (!bytes.empty()) std::memcpy(bytes.data(), ranges_.data(), bytes.size());
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
