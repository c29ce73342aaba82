// A set of sequence numbers, kept as ranges: what was resolved beyond a cursor, or received from
// another bridge, where gaps may be filled later. What a change costs grows with the logarithm of
// the ranges. Not thread-safe: it has one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bascule {

struct SequenceRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive
  bool operator==(const SequenceRange&) const = default;
};

class SequenceSet {
 public:
  // Adds all of first..last, which are above 0; returns how many of them were new.
  std::uint64_t add(std::uint64_t first, std::uint64_t last);
  std::uint64_t add(std::uint64_t sequence) { return add(sequence, sequence); }
  bool contains(std::uint64_t sequence) const { return range_of(sequence).has_value(); }
  // The range that it is in; nothing: it is not in the set.
  std::optional<SequenceRange> range_of(std::uint64_t sequence) const;

  // What of first..last is in the set, and what is not.
  std::vector<SequenceRange> common(std::uint64_t first, std::uint64_t last) const;
  std::vector<SequenceRange> missing(std::uint64_t first, std::uint64_t last) const;

  // If the set begins at cursor + 1, removes that first range and returns its end; else `cursor`.
  std::uint64_t take_from(std::uint64_t cursor);

  // Forgets the lowest ranges until at most `ranges` are left; those that end at `last` or before.
  void limit(std::size_t ranges);
  void forget_to(std::uint64_t last);

  std::uint64_t size() const { return size_; }
  bool empty() const { return ranges_.empty(); }
  std::size_t count() const { return ranges_.size(); }  // of ranges
  // The lowest and the highest number of a set that is not empty.
  std::uint64_t lowest() const { return ranges_.begin()->first; }
  std::uint64_t highest() const { return ranges_.rbegin()->second; }
  std::vector<SequenceRange> ranges() const;  // ascending, apart by at least one number

  // Pairs of little-endian u64, as FORMAT.md says. decode ignores a torn tail.
  std::string encode() const;
  static SequenceSet decode(std::string_view bytes);

 private:
  using Ranges = std::map<std::uint64_t, std::uint64_t>;  // last, by first
  Ranges::const_iterator at_or_behind(std::uint64_t sequence) const;
  void forget_first();

  Ranges ranges_;
  std::uint64_t size_ = 0;
};

}  // namespace bascule
