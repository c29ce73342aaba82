#include "journal/lane/lane_sequence.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("lane sequence: its key is lane and sequence, and leads back to them") {
  const LaneSequence place{3, 1'234};
  CHECK(place.key() == (std::uint64_t{3} << 48 | 1'234));
  CHECK(LaneSequence::of_key(place.key()) == place);
  const LaneSequence last{32'767, LaneSequence::sequence_max};
  CHECK(LaneSequence::of_key(last.key()) == last);
  CHECK(static_cast<std::int64_t>(last.key()) > 0);  // SQLite's keys have a sign
}

TEST_CASE("lane sequence: keys are in the order of lanes, then of sequences") {
  CHECK(LaneSequence{1, 2}.key() < LaneSequence{1, 3}.key());
  CHECK(LaneSequence{1, LaneSequence::sequence_max}.key() < LaneSequence{2, 0}.key());
  CHECK(LaneSequence{1, 9} < LaneSequence{2, 1});
  CHECK(first_key(2) <= LaneSequence{2, 1}.key());
  CHECK(last_key(2) < first_key(3));
}
