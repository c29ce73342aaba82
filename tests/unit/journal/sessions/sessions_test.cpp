// Whose session it is, and what its packet ids of QoS 2 mean, in both directions.
#include "journal/core.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

Put at_qos2(std::uint16_t packet_id, const std::string& payload, bool duplicate = false) {
  Put put;
  put.payload = payload;
  put.receipt = {static_cast<std::uint32_t>(std::hash<std::string>()(payload)), packet_id, 0, true};
  put.duplicate = duplicate;
  return put;
}

void release(JournalCore& core, std::uint16_t packet_id) {
  AppendGroup group;
  Append entry;
  entry.released = packet_id;
  group.entries.push_back(entry);
  REQUIRE(core.append(group) == AppendResult::stored);
  CHECK(core.must_commit());
  core.commit();
}

Progress claims(std::uint64_t first, std::uint64_t last, std::uint16_t packet_id) {
  Progress progress;
  progress.lane = 1;
  for (; first <= last; ++first) progress.claimed.push_back({first, packet_id++, false});
  return progress;
}

Progress received(std::uint64_t sequence) {
  Progress progress;
  progress.lane = 1;
  progress.received.push_back(sequence);
  return progress;
}

Claims claims_of(JournalCore& core) {
  for (const LanePosition& at : core.positions(Direction::up, {})) {
    if (at.id == 1) return at.claims;
  }
  return {};
}

}  // namespace

TEST_CASE("session: an id of QoS 2 is a repeat until it is released, whatever comes with it") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  store(core, {at_qos2(5, "a")});
  store(core, {at_qos2(5, "a", true), at_qos2(5, "other"), at_qos2(6, "b")});
  CHECK(payloads(read_all(core, 1)) == "ab");
  const Directory left = directory.copy();  // kill -9
  JournalCore after = open_journal(left);
  store(after, {at_qos2(5, "a", true), at_qos2(6, "b", true)});
  CHECK(payloads(read_all(after, 1)) == "ab");
  CHECK(after.report().tallies[Direction::up].repeats == 4);
}

TEST_CASE("session: a released id is free, also for the same content with DUP after a crash") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  store(core, {at_qos2(5, "a")});
  release(core, 5);
  const Directory left = directory.copy();
  JournalCore after = open_journal(left);
  store(after, {at_qos2(5, "a", true)});
  CHECK(payloads(read_all(after, 1)) == "aa");
}

TEST_CASE("session: a release in the same group as the next message with the id comes first") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  AppendGroup group = group_of({at_qos2(5, "a"), at_qos2(5, "b")});
  Append entry;
  entry.released = 5;
  group.entries.insert(group.entries.begin() + 1, entry);
  REQUIRE(core.append(group) == AppendResult::stored);
  core.commit();
  CHECK(payloads(read_all(core, 1)) == "ab");
}

TEST_CASE("session: what came at QoS 2 does not make a repeat of QoS 1") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  store(core, {at_qos2(5, "a")});
  release(core, 5);
  Put once = at_qos2(5, "a", true);
  once.receipt.exactly_once = false;
  const Directory left = directory.copy();
  store(core, {once});
  CHECK(payloads(read_all(core, 1)) == "aa");
  JournalCore after = open_journal(left);
  store(after, {once});
  CHECK(payloads(read_all(after, 1)) == "aa");
}

TEST_CASE("session: held ids go with the session") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  core.enter_session(Direction::up, {"broker", false});
  store(core, {at_qos2(5, "a")});
  core.enter_session(Direction::up, {"broker", true});
  store(core, {at_qos2(5, "b")});
  CHECK(payloads(read_all(core, 1)) == "a");
  core.enter_session(Direction::up, {"broker", false});
  store(core, {at_qos2(5, "c")});
  CHECK(payloads(read_all(core, 1)) == "ac");
  core.enter_session(Direction::up, {"another broker", true});
  store(core, {at_qos2(5, "d")});
  CHECK(payloads(read_all(core, 1)) == "acd");
}

TEST_CASE("session: claims are written at once, with what was received, and end with progress") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  core.enter_session(Direction::down, {"broker", false});
  fill(core, 3);
  core.progress(claims(1, 3, 60'000));
  CHECK(core.must_commit());
  core.commit();
  core.progress(received(1));
  CHECK(core.must_commit());
  core.commit();
  Progress through = told(1, 1, 1);
  through.ended.push_back(1);
  {
    const Directory left = directory.copy();
    JournalCore after = open_journal(left);
    after.enter_session(Direction::down, {"broker", true});
    const Claims known = claims_of(after);
    CHECK(known.all().size() == 3);
    CHECK(known.find(1)->received);
    CHECK_FALSE(known.find(2)->received);
    CHECK(known.find(3)->packet_id == 60'002);
    CHECK_FALSE(after.unfamiliar(Direction::up));
    after.progress(through);
    CHECK(claims_of(after).all().size() == 2);
  }
  core.progress(through);
  core.commit();
  CHECK(lane_of(core, 1).cursor == 1);
  core.reopen();
  CHECK(claims_of(core).all().size() == 2);
}

TEST_CASE("session: with a session that is gone, or another's, claims are void") {
  for (const bool present : {false, true}) {
    const Directory directory;
    JournalCore core = open_journal(directory);
    core.enter_session(Direction::down, {"broker", false});
    fill(core, 2);
    core.progress(claims(1, 2, 60'000));
    core.enter_session(Direction::down, {present ? "other" : "broker", present});
    CHECK(claims_of(core).empty());
    CHECK(core.unfamiliar(Direction::up) == present);
    core.commit();
    core.reopen();
    CHECK(claims_of(core).empty());
  }
}

TEST_CASE("session: a new journal does not know a session that is there, until it is cleared") {
  const Directory directory;
  {
    JournalCore core = open_journal(directory);
    core.enter_session(Direction::down, {"broker", true});
    CHECK(core.unfamiliar(Direction::up));
    CHECK_FALSE(core.unfamiliar(Direction::down));
    core.commit();
  }
  {
    JournalCore core = open_journal(directory);
    core.enter_session(Direction::down, {"broker", true});
    CHECK(core.unfamiliar(Direction::up));
    core.cleared(Direction::up);
    CHECK_FALSE(core.unfamiliar(Direction::up));
    core.commit();
  }
  JournalCore core = open_journal(directory);
  core.enter_session(Direction::down, {"broker", true});
  CHECK_FALSE(core.unfamiliar(Direction::up));
}

TEST_CASE("session: a far broker that forgot voids the claims, and its ids are cleared") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  core.enter_session(Direction::down, {"broker", false});
  core.positions(Direction::up, {});
  fill(core, 5);
  core.progress(told(1, 1, 3));
  Progress confirmed;
  confirmed.lane = 1;
  confirmed.confirmed = 3;
  core.progress(confirmed);
  core.progress(claims(4, 5, 60'000));
  core.commit();
  FarKnowledge far;
  far.asked = far.readable = far.session_present = true;
  far.epoch = core.epoch();
  far.lanes["default"] = 2;
  for (const LanePosition& at : core.positions(Direction::up, far)) {
    CHECK(at.claims.empty());
    if (at.id == 1) CHECK(at.replay_next == 3);
  }
  CHECK(core.unfamiliar(Direction::up));
}

TEST_CASE("session: a claim outlives a message that a limit gave up") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  core.enter_session(Direction::down, {"broker", false});
  fill(core, 2);
  core.progress(claims(1, 2, 60'000));
  core.progress(told(1, 1, 1, 0, Fate::expired));
  core.commit();
  core.reopen();
  CHECK(lane_of(core, 1).resolved(1));
  CHECK(claims_of(core).find(1)->packet_id == 60'000);
}
