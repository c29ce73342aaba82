// The far broker has another address: is it the same one, or another?
#include "journal/sessions/resumption.hpp"
#include "support/half_crossed.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

// What is sent again to a broker at another address.
LanePosition elsewhere(Half& half, const FarKnowledge& far) {
  half.core.enter_session(Direction::down, {"me mqtt://here", false});
  half.confirm(5);
  half.core.enter_session(Direction::down, {"me mqtt://there", far.session_present});
  return half.position(far);
}

}  // namespace

TEST_CASE("another broker: it gets what waits, and has lost nothing") {
  for (const Resend resend : {Resend::since_crash, Resend::never}) {
    Half half(resend);
    const LanePosition at = elsewhere(half, half.nothing(false));
    CHECK(at.another);
    CHECK(at.cursor == 5);
    CHECK(at.replay_next == 0);
    CHECK(half.ledger().empty());
    CHECK(half.forgotten().last_ms == 0);
    // Nor later, once its session is there and it has no bookmark yet.
    half.core.enter_session(Direction::down, {"me mqtt://there", true});
    CHECK(half.position(half.nothing(true)).replay_next == 0);
  }
}

TEST_CASE("another broker: with resend: all it gets the history, too") {
  Half half(Resend::all);
  const LanePosition at = elsewhere(half, half.nothing(false));
  CHECK(at.another);
  CHECK(at.replay_next == 1);
  CHECK(at.replay_last == 5);
  CHECK(half.forgotten().last_ms == 0);
}

TEST_CASE("another broker: one with our bookmark is the same, at another address") {
  Half half;
  const LanePosition at = elsewhere(half, half.bookmark(5, false));
  CHECK_FALSE(at.another);
  CHECK(at.replay_next == 0);
  Half lost;
  CHECK(elsewhere(lost, lost.bookmark(3, false)).replay_next == 4);
}

TEST_CASE("another broker: the same address without session and bookmark has lost them") {
  Half half;
  half.core.enter_session(Direction::down, {"me mqtt://here", false});
  half.confirm(5);
  half.core.enter_session(Direction::down, {"me mqtt://here", false});
  const LanePosition at = half.position(half.nothing(false));
  CHECK_FALSE(at.another);
  CHECK(at.replay_next == 1);
}
