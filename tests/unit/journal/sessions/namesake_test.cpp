// Another bridge with our id has written its bookmark over ours.
#include "journal/sessions/resumption.hpp"
#include "support/half_crossed.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

// Of the epoch of nobody here.
FarKnowledge foreign(const Half& half) {
  FarKnowledge far = half.bookmark(3);
  far.epoch = "0000000000000000";
  return far;
}

void read_back(Half& half) {
  half.core.change().meta().save_marked(Direction::up, half.core.epoch());
  half.core.commit();
}

}  // namespace

TEST_CASE("namesake: a bookmark that never was ours, where ours was read back, is of another") {
  Half half;
  half.connect(true);
  CHECK_FALSE(half.core.namesake(Direction::up, foreign(half)));  // perhaps of a disk before ours
  read_back(half);
  CHECK(half.core.namesake(Direction::up, foreign(half)));
  CHECK_FALSE(half.core.namesake(Direction::up, half.bookmark(3)));
  CHECK_FALSE(half.core.namesake(Direction::up, half.nothing(true)));
  FarKnowledge unread = foreign(half);
  unread.readable = false;
  CHECK_FALSE(half.core.namesake(Direction::up, unread));
}

TEST_CASE("namesake: at another address it may be of long ago") {
  Half half;
  half.core.enter_session(Direction::down, {"me mqtt://here", false});
  read_back(half);
  half.core.enter_session(Direction::down, {"me mqtt://there", false});
  CHECK_FALSE(half.core.namesake(Direction::up, foreign(half)));
}

TEST_CASE("namesake: what it wrote over is sent again, and the broker has forgotten nothing") {
  for (const bool ours_before : {true, false}) {
    Half half;
    half.connect(true);
    half.confirm(5);
    if (ours_before) read_back(half);
    CHECK(half.position(foreign(half)).replay_next == 1);
    CHECK(half.forgotten().bookmarks == (ours_before ? 0 : 1));
    CHECK((half.forgotten().last_ms == 0) == ours_before);
  }
}
