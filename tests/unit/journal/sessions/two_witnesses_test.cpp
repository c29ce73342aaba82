// P6: the bookmark and the session, as the table of DESIGN.md has them.
#include "support/half_crossed.hpp"

using namespace bascule;
using namespace bascule::test;

// Five of ten have crossed; 4 and 5 were lost once before.
namespace {

enum class Session { present, gone, never };  // never: this client id has had none there
enum class Mark { current, older, newer, none, foreign };

struct TwoWitnesses {
  const char* what;
  Session session;
  Mark mark;
  std::uint64_t believed, overruled;  // lost from here on; 0: nothing is
};

constexpr TwoWitnesses two_witnesses[] = {
    {"present, current", Session::present, Mark::current, 0, 0},
    {"present, older", Session::present, Mark::older, 2, 0},
    {"present, newer", Session::present, Mark::newer, 0, 0},
    {"present, none", Session::present, Mark::none, 0, 0},
    {"present, foreign", Session::present, Mark::foreign, 1, 0},
    {"gone, current", Session::gone, Mark::current, 1, 1},
    {"gone, older", Session::gone, Mark::older, 1, 1},
    {"gone, newer", Session::gone, Mark::newer, 1, 1},
    {"gone, none", Session::gone, Mark::none, 1, 1},
    {"gone, foreign", Session::gone, Mark::foreign, 1, 1},
    {"never, current", Session::never, Mark::current, 0, 0},
    {"never, older", Session::never, Mark::older, 2, 2},
    {"never, newer", Session::never, Mark::newer, 0, 0},
    {"never, none", Session::never, Mark::none, 1, 1},
    {"never, foreign", Session::never, Mark::foreign, 1, 1},
};

FarKnowledge far_of(const Half& half, const TwoWitnesses& row, bool overrules) {
  const bool present = row.session == Session::present;
  const std::uint64_t sequence = row.mark == Mark::older ? 1 : row.mark == Mark::newer ? 8 : 5;
  FarKnowledge far = row.mark == Mark::none ? half.nothing(present) : half.bookmark(sequence);
  far.session_present = present;
  if (row.mark == Mark::foreign) far.epoch = "0000000000000000";
  far.session_overrules = overrules;
  return far;
}

// What of first..last was lost before, or was not.
SequenceSet part(std::uint64_t first, std::uint64_t last, bool again) {
  SequenceSet part;
  if (first == 0) return part;
  for (std::uint64_t sequence = first; sequence <= last; ++sequence) {
    if ((sequence == 4 || sequence == 5) == again) part.add(sequence);
  }
  return part;
}

SequenceSet both(SequenceSet one, const SequenceSet& other) {
  for (const SequenceRange& range : other.ranges()) one.add(range.first, range.last);
  return one;
}

void lose_once(Half& half, Resend resend) {
  half.connect(false);
  half.confirm(5);
  half.connect(true);
  half.position(half.bookmark(3));
  half.core.cleared(Direction::up);
  if (resend != Resend::never) half.replayed(6);
  half.confirm(5);
}

void check_two_witnesses(const TwoWitnesses& row, Resend resend, bool overrules) {
  CAPTURE(row.what);
  CAPTURE(overrules);
  CAPTURE(static_cast<int>(resend));
  Half half(resend);
  lose_once(half, resend);
  if (row.session == Session::never) {
    half.core.enter_session(Direction::down, "another", false);
  } else {
    half.connect(row.session == Session::present);
  }
  const LanePosition at = half.position(far_of(half, row, overrules));
  const std::uint64_t crossed = row.mark == Mark::newer ? 8 : 5;
  CHECK(at.cursor == crossed);
  const std::uint64_t first = overrules ? row.overruled : row.believed;
  const SequenceSet once = part(first, crossed, false), twice = part(first, crossed, true);
  SequenceSet sent, told = resend == Resend::never ? part(4, 5, true) : SequenceSet();
  if (resend != Resend::never) sent = once;
  if (resend == Resend::all) sent = both(sent, twice);
  if (resend == Resend::never) told = both(told, once);
  if (resend != Resend::all) told = both(told, twice);
  CHECK(lane_of(half.core, 1).replaying() == sent.ranges());
  CHECK(half.core.store().losses().unsent(1).ranges() == told.ranges());
  const bool overruled = row.session == Session::present && row.believed != row.overruled;
  if (overrules && overruled) CHECK(half.forgotten().evidence == Evidence::session_there);
}

}  // namespace

TEST_CASE("far: session and bookmark, by what the lane sends again") {
  for (const TwoWitnesses& row : two_witnesses) {
    for (const Resend resend : {Resend::all, Resend::since_crash, Resend::never}) {
      for (const bool overrules : {false, true}) check_two_witnesses(row, resend, overrules);
    }
  }
}
