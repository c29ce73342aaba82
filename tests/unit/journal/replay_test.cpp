// What is sent again by command.
#include "support/half_crossed.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("resend: by command goes what the ledger has, which it has no longer then") {
  Half half(Resend::never);
  half.connect(false);
  half.confirm(5);
  half.connect(false);
  half.check_replay(half.nothing(false), 0, 0);
  REQUIRE(half.ledger() == "not_resent 1-5 (5)");
  const ReplayAnswer some = half.core.replay(1, SequenceRange{2, 3});
  CHECK(some.messages == 2);
  CHECK(half.ledger() == "not_resent 4-5 (2); not_resent 1-1 (1)");
  const ReplayAnswer answer = half.core.replay(1, std::nullopt);
  half.core.commit();
  CHECK(answer.messages == 3);
  CHECK(answer.first == 1);
  CHECK(answer.last == 5);
  CHECK(answer.gone == 0);
  CHECK(half.ledger().empty());
  half.check_replay({}, 1, 5);
  half.core.reopen();
  half.check_replay({}, 1, 5);
  CHECK(half.core.replay(1, std::nullopt).messages == 0);
}

TEST_CASE("resend: by command a range that has crossed goes, and nothing else") {
  Half half;
  CHECK(half.core.replay(1, SequenceRange{0, 2}).messages == 2);
  const ReplayAnswer beyond = half.core.replay(1, SequenceRange{4, 9});
  CHECK(beyond.messages == 2);  // 6 to 9 wait
  const LanePosition at = half.position({});
  CHECK(at.replay_next == 1);
  CHECK(at.replay_last == 5);
  CHECK(at.replay_skips.ranges() == std::vector<SequenceRange>{{3, 3}});
  half.core.reopen();
  CHECK(half.position({}).replay_skips.ranges() == std::vector<SequenceRange>{{3, 3}});
}

TEST_CASE("resend: by command nothing goes that is not stored any more") {
  Half half;
  half.core.store().begin();
  half.core.store().batches().erase(1, 1, 3);
  half.core.store().commit();
  const ReplayAnswer answer = half.core.replay(1, SequenceRange{1, 5});
  CHECK(answer.messages == 2);
  CHECK(answer.gone == 3);
  CHECK(half.position({}).replay_next == 4);
}

TEST_CASE("resend: a replay under way does not end what a command has added meanwhile") {
  Half half;
  half.core.replay(1, SequenceRange{4, 5});
  half.core.replay(1, SequenceRange{1, 1});  // the forwarder does not know of it yet
  Progress progress;
  progress.lane = 1;
  progress.replay_from = 4;
  progress.replay_next = 6;
  half.core.progress(progress);
  half.core.commit();
  CHECK(half.core.report().resent == 2);
  half.check_replay({}, 1, 1);
}
