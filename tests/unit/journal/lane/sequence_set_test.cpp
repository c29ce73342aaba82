#include "journal/lane/sequence_set.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <set>

#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

std::set<std::uint64_t> members(const SequenceSet& set) {
  std::set<std::uint64_t> numbers;
  for (const SequenceRange& range : set.ranges()) {
    for (std::uint64_t n = range.first; n <= range.last; ++n) numbers.insert(n);
  }
  return numbers;
}

void check_shape(const SequenceSet& set) {
  for (std::size_t i = 0; i < set.ranges().size(); ++i) {
    RC_ASSERT(set.ranges()[i].first <= set.ranges()[i].last);
    if (i > 0) RC_ASSERT(set.ranges()[i - 1].last + 1 < set.ranges()[i].first);
  }
}

}  // namespace

TEST_CASE("sequence set: it does what a set of numbers does") {
  check_property("as std::set", [] {
    SequenceSet set;
    std::set<std::uint64_t> model;
    std::uint64_t cursor = 0;
    const auto steps = *rc::gen::inRange(0, 60);
    for (int i = 0; i < steps; ++i) {
      const auto first = *rc::gen::inRange<std::uint64_t>(1, 60);
      const auto last = first + *rc::gen::inRange<std::uint64_t>(0, 6);
      if (*rc::gen::inRange(0, 6) == 0) {
        cursor = set.take_from(cursor);
        while (model.erase(cursor) > 0) {
        }
        // take_from removes one range, whose numbers are those up to the new cursor.
        for (auto n = model.begin(); n != model.end() && *n <= cursor;) n = model.erase(n);
      } else if (first > cursor) {
        std::uint64_t added = 0;
        for (std::uint64_t n = first; n <= last; ++n) added += model.insert(n).second ? 1 : 0;
        RC_ASSERT(set.add(first, last) == added);
      }
      check_shape(set);
      RC_ASSERT(members(set) == model);
      RC_ASSERT(set.size() == model.size());
      RC_ASSERT(set.contains(first) == (model.count(first) == 1));
      RC_ASSERT(set.empty() == model.empty());
    }
    RC_ASSERT(SequenceSet::decode(set.encode()).ranges() == set.ranges());
  });
}

TEST_CASE("sequence set: the cursor moves over what begins right after it, and only that") {
  SequenceSet set;
  set.add(3, 5);
  CHECK(set.take_from(1) == 1);
  set.add(2);
  CHECK(set.take_from(1) == 5);
  CHECK(set.empty());
  CHECK(set.size() == 0);
}

TEST_CASE("sequence set: a limit forgets the lowest ranges") {
  SequenceSet set;
  for (std::uint64_t n = 1; n < 20; n += 2) set.add(n);
  set.limit(2);
  CHECK(set.ranges() == std::vector<SequenceRange>{{17, 17}, {19, 19}});
  CHECK(set.size() == 2);
}

TEST_CASE("sequence set: the largest number is a number like any other") {
  constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
  SequenceSet set;
  CHECK(set.add(largest) == 1);
  CHECK(set.add(largest) == 0);
  CHECK(set.add(largest - 1) == 1);
  CHECK(set.ranges() == std::vector<SequenceRange>{{largest - 1, largest}});
  CHECK(set.add(1) == 1);
  CHECK(set.contains(largest));
}

TEST_CASE("sequence set: what is no range is left out on reading") {
  SequenceSet set;
  set.add(4, 9);
  CHECK(SequenceSet::decode(set.encode() + "torn").ranges() == set.ranges());
  std::string reversed = set.encode();
  std::swap(reversed[0], reversed[8]);
  CHECK(SequenceSet::decode(reversed).empty());
  CHECK(SequenceSet::decode(std::string(16, '\0')).empty());
}

TEST_CASE("sequences: what of a range is in the set, and what is missing") {
  SequenceSet set;
  set.add(3, 5);
  set.add(8, 9);
  using Ranges = std::vector<SequenceRange>;
  CHECK(set.common(4, 8) == Ranges{{4, 5}, {8, 8}});
  CHECK(set.missing(4, 8) == Ranges{{6, 7}});
  CHECK(set.common(1, 20) == Ranges{{3, 5}, {8, 9}});
  CHECK(set.missing(1, 20) == Ranges{{1, 2}, {6, 7}, {10, 20}});
  CHECK(set.common(6, 7).empty());
  CHECK(set.missing(3, 5).empty());
  CHECK(set.missing(7, 6).empty());
}
