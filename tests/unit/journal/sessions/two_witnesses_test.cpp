// P6: the bookmark and the session, as the table of ARCHITECTURE.md has them.
#include <optional>

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
    {"present, none", Session::present, Mark::none, 1, 0},
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
    half.core.enter_session(Direction::down, {"another", false});
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

// The last connection's end: noted, not noted, or the broker shows nothing of it.
namespace {

// Five have crossed, and the bookmark says three.
struct LastConnection {
  const char* what;
  bool session_present;
  std::optional<bool> online;
  std::uint64_t connection, bookmarked;
  std::uint64_t believed, overruled;  // lost from here on; 0: nothing is
  Evidence evidence;                  // where it is believed
};

constexpr LastConnection last_connections[] = {
    {"noted", true, false, 7, 7, 0, 0, Evidence::none},
    {"not noted", true, true, 7, 7, 4, 0, Evidence::still_online},
    {"not noted, and the bookmark was never read back", true, true, 8, 7, 4, 0,
     Evidence::still_online},
    {"not shown", true, {}, 7, 7, 0, 0, Evidence::none},
    {"not to be noted", true, true, 0, 0, 0, 0, Evidence::none},
    {"of an earlier one", true, false, 6, 7, 4, 0, Evidence::bookmark},
    {"of an earlier one, not noted", true, true, 6, 7, 4, 0, Evidence::bookmark},
    {"of an earlier version", true, true, 0, 7, 4, 0, Evidence::bookmark},
    {"not noted, and the session is gone", false, true, 7, 7, 1, 1, Evidence::session_gone},
};

void check_last_connection(const LastConnection& row, Resend resend, bool overrules) {
  CAPTURE(row.what);
  CAPTURE(overrules);
  CAPTURE(static_cast<int>(resend));
  Half half(resend);
  half.connect(false);
  half.confirm(3);
  half.core.change().meta().save_bookmarked(Direction::up, row.bookmarked);
  half.core.commit();
  half.connect(row.session_present);
  FarKnowledge far = half.bookmark(3, row.session_present);
  far.online = row.online;
  far.connection = row.connection;
  far.session_overrules = overrules;
  const std::uint64_t first = overrules ? row.overruled : row.believed;
  SequenceSet doubted;
  if (first != 0) doubted.add(first, 5);
  for (int times = 0; times < 2; ++times) {  // asked again, it is the same
    CHECK(half.core.connection(Direction::up, far) > row.connection);
    const LanePosition at = half.position(far);
    const bool first_time = times == 0 && !overrules && row.evidence == Evidence::still_online;
    CHECK((at.evidence == Evidence::still_online) == first_time);
    const bool never = resend == Resend::never;
    CHECK(lane_of(half.core, 1).replaying() == (never ? SequenceSet() : doubted).ranges());
    CHECK(half.core.store().losses().unsent(1).ranges() ==
          (never ? doubted : SequenceSet()).ranges());
  }
  const Forgotten forgotten = half.forgotten();
  if (!overrules) CHECK(forgotten.evidence == row.evidence);
  const bool silent = !overrules && row.evidence == Evidence::still_online;
  CHECK(forgotten.silent_ends == (silent ? 1 : 0));
  CHECK(half.core.unfamiliar(Direction::up) == (!overrules && first == 4));
}

}  // namespace

TEST_CASE("far: the end of the last connection, by what the lane sends again") {
  for (const LastConnection& row : last_connections) {
    for (const Resend resend : {Resend::all, Resend::since_crash, Resend::never}) {
      for (const bool overrules : {false, true}) check_last_connection(row, resend, overrules);
    }
  }
}

TEST_CASE("far: an end that was not noted means nothing where nothing came after the bookmark") {
  Half half;
  half.connect(false);
  half.confirm(5);
  half.core.change().meta().save_bookmarked(Direction::up, 7);
  half.core.commit();
  half.connect(true);
  FarKnowledge far = half.bookmark(5);
  far.online = true;
  far.connection = 7;
  half.check_replay(far, 0, 0);
  CHECK(half.forgotten().silent_ends == 0);
  CHECK_FALSE(half.core.unfamiliar(Direction::up));
}

TEST_CASE("far: a bookmark that was lost before it was read back with anything is missed") {
  Half half;
  half.connect(false);
  half.core.change().meta().save_bookmarked(Direction::up, 1);
  half.core.commit();
  half.connect(true);
  half.check_replay(half.nothing(true), 1, 5);
  CHECK(half.forgotten().bookmarks == 1);
  half.check_replay(half.nothing(true), 1, 5);
  CHECK(half.forgotten().bookmarks == 1);
}
