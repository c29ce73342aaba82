// P6: what the far broker has, compared with what it once had.
#include "support/half_crossed.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("far: nothing known and nothing ever confirmed: the cursor stands") {
  Half half;
  half.check_replay({}, 0, 0);
  half.check_replay(half.nothing(false), 0, 0);
}

TEST_CASE("far: only the lanes of the direction are told") {
  Half half;
  for (const LanePosition& at : half.core.positions(Direction::down, {})) {
    CHECK(at.direction == Direction::down);
  }
}

TEST_CASE("far: a bookmark ahead of the cursor was accepted before a crash") {
  Half half;
  const LanePosition at = half.position(half.bookmark(8));
  CHECK(at.cursor == 8);
  CHECK(at.replay_next == 0);
  CHECK(lane_of(half.core, 1).count(Fate::forwarded) == 8);
  CHECK(lane_of(half.core, 1).backlog_bytes() == 2 * Put().bytes());
  half.core.reopen();
  CHECK(lane_of(half.core, 1).cursor == 8);
}

TEST_CASE("far: a bookmark among what is done beyond the cursor keeps the bytes right") {
  Half half;
  half.core.progress(told(1, 7, 7, Put().bytes()));
  half.core.progress(told(1, 9, 10, 2 * Put().bytes()));
  CHECK(half.position(half.bookmark(8)).cursor == 10);
  CHECK(lane_of(half.core, 1).backlog_bytes() == 0);

  Half other;
  other.core.progress(told(1, 9, 10, 2 * Put().bytes()));
  const LanePosition at = other.position(other.bookmark(7));
  CHECK(at.cursor == 7);
  CHECK(lane_of(other.core, 1).backlog_bytes() == Put().bytes());
}

TEST_CASE("far: a bookmark behind what was confirmed: it is sent again from there") {
  Half half;
  half.confirm(5);
  half.check_replay(half.bookmark(5), 0, 0);
  half.check_replay(half.bookmark(2), 3, 5);
  half.check_replay(half.bookmark(2), 3, 5);  // asked again: still to be done
  half.core.reopen();
  half.check_replay(half.bookmark(2), 3, 5);
}

TEST_CASE("far: a bookmark that is behind only because it is written late means nothing") {
  Half half;
  half.confirm(3);
  half.check_replay(half.bookmark(3), 0, 0);
}

TEST_CASE("far: a confirmed bookmark that is missing or of another epoch: all is sent again") {
  Half missing;
  missing.confirm(5);
  missing.check_replay(missing.nothing(false), 1, 5);

  Half other;
  other.confirm(4);
  FarKnowledge far = other.bookmark(5);
  far.epoch = "0000000000000000";
  other.check_replay(far, 1, 5);
}

TEST_CASE("far: a bookmark that cannot be read says nothing") {
  Half half;
  half.confirm(5);
  FarKnowledge unreadable = half.bookmark(1);
  unreadable.readable = false;
  half.check_replay(unreadable, 0, 0);
}

TEST_CASE("far: with the session gone, what came after the bookmark is sent again") {
  Half half;
  half.confirm(3);
  half.check_replay(half.bookmark(3, false), 4, 5);
}

TEST_CASE("far: a bookmark beyond what was ever written draws a new epoch") {
  Half half;
  half.confirm(5);
  const std::string epoch = half.core.epoch();
  const LanePosition at = half.position(half.bookmark(11));
  CHECK(half.core.epoch() != epoch);
  CHECK(at.cursor == 5);
  CHECK(at.replay_next == 0);
  CHECK(lane_of(half.core, 1).confirmed == 0);
  const Directory left = half.directory.copy();
  JournalCore after = open_journal(left);
  CHECK(after.epoch() == half.core.epoch());
  CHECK(payloads(read_backlog(after, 1)) == "fghij");
}

// Ten messages, eight of them forwarded; then the copy of when there were six, four of them
// forwarded, is put back. Cut off it takes in "x", "y", "z" as 7 to 9.
struct PutBack {
  Directory directory;
  std::string epoch;
  PutBack() {
    const Directory alive;
    JournalCore core = open_journal(alive);
    fill(core, 6);
    core.positions(Direction::up, {});
    core.progress(told(1, 1, 4, 4 * Put().bytes()));
    core.commit();
    epoch = core.epoch();
    directory = alive.copy();
  }
  FarKnowledge bookmark(std::uint64_t sequence) const {
    FarKnowledge far;
    far.asked = far.readable = far.session_present = true;
    far.epoch = epoch;
    far.lanes["default"] = sequence;
    return far;
  }
};

void take_in_cut_off(JournalCore& core) {
  append(core, {{1, "t", "x"}, {1, "t", "y"}, {1, "t", "z"}});
  core.commit();
}

TEST_CASE("far: an older copy that took in more than it had lost is known, and loses nothing") {
  const PutBack back;
  JournalCore core = open_journal(back.directory);
  take_in_cut_off(core);
  const auto at = core.positions(Direction::up, back.bookmark(8)).at(0);
  core.commit();
  CHECK(core.epoch() != back.epoch);
  CHECK(at.cursor == 6);  // 5 and 6 crossed after the copy was made
  CHECK(at.replay_next == 0);
  CHECK(payloads(read_backlog(core, 1)) == "xyz");
  // Connected again before a bookmark of the new epoch is there.
  CHECK(core.positions(Direction::up, back.bookmark(8)).at(0).cursor == 6);
}

TEST_CASE("far: what a journal forwards itself does not make an older copy of it") {
  const PutBack back;
  JournalCore core = open_journal(back.directory);
  take_in_cut_off(core);
  CHECK(core.positions(Direction::up, back.bookmark(4)).at(0).cursor == 4);
  core.progress(told(1, 5, 8, 4 * Put().bytes()));
  core.commit();
  CHECK(core.positions(Direction::up, back.bookmark(8)).at(0).cursor == 8);
  core.reopen();
  CHECK(core.positions(Direction::up, back.bookmark(8)).at(0).cursor == 8);
  CHECK(core.epoch() == back.epoch);
}

TEST_CASE("far: a replay goes on where it was, and ends") {
  Half half;
  half.confirm(5);
  half.check_replay(half.bookmark(0), 1, 5);
  CHECK(payloads(read_all(half.core, 1)) == "abcdefghij");
  Progress progress;
  progress.lane = 1;
  progress.replay_next = 4;
  half.core.progress(progress);
  half.core.commit();
  CHECK(half.core.report().resent == 3);
  const Directory left = half.directory.copy();
  JournalCore after = open_journal(left);
  CHECK(lane_of(after, 1).replay_next == 4);
  progress.replay_next = 6;
  after.progress(progress);
  CHECK(lane_of(after, 1).replay_next == 0);
  CHECK(lane_of(after, 1).replay_last == 0);
  CHECK(lane_of(after, 1).cursor == 5);
}

TEST_CASE("far: what is beyond the history is in the ledger, the rest is sent again") {
  Half half;
  half.confirm(5);
  half.core.store().begin();
  half.core.store().batches().erase(1, 1, 3);
  half.core.store().commit();
  half.check_replay(half.bookmark(1), 4, 5);
  const auto ledger = losses(half.core);
  REQUIRE(ledger.size() == 1);
  CHECK(ledger[0].reason == "beyond_history");
  CHECK(ledger[0].first == 2);
  CHECK(ledger[0].last == 3);
  CHECK(ledger[0].count == 2);
}

TEST_CASE(
    "far: RabbitMQ, killed: the bookmark is gone and the session whole: nothing is sent again") {
  Half half;
  half.connect(false);
  half.confirm(5);
  half.connect(true);
  FarKnowledge far = half.nothing(true);
  far.session_overrules = true;
  half.check_replay(far, 0, 0);
  CHECK(half.forgotten().bookmarks == 1);
  CHECK(half.forgotten().sessions == 0);
  CHECK(losses(half.core).empty());
  half.check_replay(far, 0, 0);  // it has none until one is written
  half.confirm(5);
  half.check_replay(half.bookmark(5), 0, 0);
}

TEST_CASE("far: a session that nobody knows outweighs nothing") {
  Half half;
  half.confirm(5);
  half.connect(true);
  half.check_replay(half.nothing(true), 1, 5);
}

TEST_CASE("far: ejabberd, restarted: the bookmark is there and the session gone: all may be lost") {
  Half half;
  half.connect(false);
  half.confirm(5);
  half.check_replay(half.bookmark(5), 0, 0);
  half.connect(false);
  half.check_replay(half.bookmark(5, false), 1, 5);
  CHECK(half.forgotten().sessions == 1);
  CHECK(half.forgotten().bookmarks == 0);
}

TEST_CASE("far: a session that is lost before there was a bookmark takes with it what crossed") {
  Half half;
  half.connect(false);
  half.check_replay(half.nothing(false), 0, 0);  // the first of all, and nobody has lost anything
  half.connect(true);
  half.check_replay(half.nothing(true), 0, 0);
  half.connect(false);
  half.check_replay(half.nothing(false), 1, 5);
  CHECK(half.forgotten().evidence == Evidence::session_gone);
  CHECK(half.forgotten().bookmarks == 0);
}

TEST_CASE("far: a lost session is answered for, though the line was cut before it was asked") {
  for (const bool crashed : {false, true}) {
    Half half;
    half.connect(false);
    half.confirm(5);
    half.connect(false);  // cut before the bookmark was read; the broker keeps this session
    half.core.commit();
    if (crashed) half.core.reopen();
    half.connect(true);
    half.position({});  // what is half done is finished first
    half.check_replay(half.nothing(true), 1, 5);
    half.replayed(6);
    half.confirm(5);
    half.connect(true);
    half.check_replay(half.bookmark(5), 0, 0);
    CHECK(half.forgotten().sessions == 1);
  }
}

TEST_CASE("far: a lost session is evidence also where bookmarks cannot be read") {
  Half half;
  half.connect(false);
  half.connect(false);
  FarKnowledge unreadable = half.nothing(false);
  unreadable.readable = false;
  half.check_replay(unreadable, 1, 5);
  half.replayed(6);
  half.connect(true);
  unreadable.session_present = true;
  half.check_replay(unreadable, 0, 0);
}

TEST_CASE("far: with a new client id no session is missed") {
  Half half;
  half.connect(false);
  half.confirm(5);
  half.core.enter_session(Direction::down, {"another", false});
  half.check_replay(half.bookmark(5, false), 0, 0);
  CHECK(half.forgotten().sessions == 0);
}

TEST_CASE("resend: since-crash sends nothing for a third time, all does") {
  for (const Resend resend : {Resend::since_crash, Resend::all}) {
    Half half(resend);
    half.connect(false);
    half.confirm(5);
    half.connect(false);
    half.check_replay(half.nothing(false), 1, 5);
    half.replayed(6);
    half.confirm(5);
    fill(half.core, 1);
    half.core.progress(told(1, 6, 8));
    half.confirm(8);
    half.connect(false);
    const LanePosition at = half.position(half.nothing(false));
    CHECK(at.replay_next == (resend == Resend::all ? 1 : 6));
    CHECK(at.replay_last == 8);
    CHECK(half.forgotten().sessions == 2);
    CHECK(half.forgotten().bookmarks == 2);
  }
}

TEST_CASE("resend: never sends nothing, and writes down once what may be lost") {
  Half half(Resend::never);
  half.connect(false);
  half.confirm(5);
  for (int restarts = 0; restarts < 2; ++restarts) {
    half.connect(false);
    half.check_replay(half.nothing(false), 0, 0);
    half.confirm(5);
  }
  CHECK(half.ledger() == "not_resent 1-5 (5)");
  CHECK(half.core.report().lost == 0);  // it may have reached everybody
  CHECK(half.core.report().not_resent == 5);
}

TEST_CASE("resend: since-crash writes down once what was lost a second time, and tells it") {
  Half half;
  std::string told;
  half.core.on_loss([&](const Loss& loss, const LaneState& lane) {
    told += lane.name + " " + loss.reason + " " + std::to_string(loss.count) + ";";
  });
  half.connect(false);
  half.confirm(5);
  for (int restarts = 0; restarts < 4; ++restarts) {
    half.connect(false);
    half.check_replay(half.nothing(false), restarts == 0 ? 1 : 0, restarts == 0 ? 5 : 0);
    half.replayed(6);
    half.confirm(5);
    CHECK(half.ledger() == (restarts == 0 ? "" : "not_resent 1-5 (5)"));
  }
  CHECK(told == "default not_resent 5;");
  CHECK(half.core.report().not_resent == 5);
  CHECK(half.core.report().lost == 0);
}

TEST_CASE("resend: what was still to be sent again when the broker forgot once more is no loss") {
  Half half;
  half.connect(false);
  half.confirm(5);
  half.connect(false);
  half.check_replay(half.nothing(false), 1, 5);
  half.replayed(4);
  half.confirm(3);
  half.connect(false);
  half.check_replay(half.nothing(false), 4, 5);
  CHECK(half.ledger() == "not_resent 1-3 (3)");
}

TEST_CASE("resend: with an older and an older bookmark nothing goes for a third time") {
  Half half;
  half.connect(false);
  half.confirm(5);
  half.connect(true);
  half.check_replay(half.bookmark(3, true), 4, 5);
  half.replayed(6);
  half.confirm(5);
  half.connect(true);
  const LanePosition at = half.position(half.bookmark(1, true));
  CHECK(at.replay_next == 2);
  CHECK(at.replay_last == 3);
  CHECK(half.ledger() == "not_resent 4-5 (2)");
}

TEST_CASE("resend: what has not crossed yet is neither sent again nor lost") {
  Half half;
  half.core.progress(told(1, 8, 9, 2 * Put().bytes()));
  half.connect(false);
  half.confirm(5);
  half.connect(false);
  half.position(half.nothing(false));
  half.replayed(10);
  half.confirm(5);
  half.connect(false);
  CHECK(half.position(half.nothing(false)).replay_next == 0);
  CHECK(half.ledger() == "not_resent 8-9 (2); not_resent 1-5 (5)");
  CHECK(lane_of(half.core, 1).backlog() == 3);
}

TEST_CASE("resend: what had crossed keep_forwarded ago is not sent again, and told once") {
  Half half(Resend::since_crash, 0);
  half.connect(false);
  half.confirm(5);
  half.core.maintain();  // the clock has reached the end of keep_forwarded
  half.core.progress(told(1, 6, 7));
  half.confirm(7);
  half.connect(false);
  const LanePosition at = half.position(half.nothing(false));
  CHECK(at.replay_next == 6);
  CHECK(at.replay_last == 7);
  const auto ledger = losses(half.core);
  REQUIRE(ledger.size() == 1);
  CHECK(ledger[0].reason == "beyond_history");
  CHECK(ledger[0].last == 5);
  CHECK(half.core.report().lost == 0);
  CHECK(half.core.report().not_resent == 5);
}

TEST_CASE("resend: what was answered and forgotten survives a crash of the bridge") {
  Half half;
  half.connect(false);
  half.confirm(5);
  half.connect(false);
  half.check_replay(half.nothing(false), 1, 5);
  half.replayed(6);
  const Directory left = half.directory.copy();
  JournalCore after = Half::open(left, Resend::since_crash, 3'600'000);
  CHECK(lane_of(after, 1).answered.ranges() == std::vector<SequenceRange>{{1, 5}});
  CHECK(after.report().forgotten[Direction::up].sessions == 1);
}
