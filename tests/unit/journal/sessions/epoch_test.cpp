// When a journal begins a new epoch: P5 and P6 where commits are not synced.
#include "journal/core.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr auto full = JournalSettings::Sync::full, normal = JournalSettings::Sync::normal;

JournalSettings in_boot(const Directory& directory, const std::string& boot,
                        JournalSettings::Sync sync = normal) {
  JournalSettings settings = journal_settings(directory);
  settings.sync = sync;
  settings.boot = boot;
  return settings;
}

std::string mark(const Directory& directory) {
  return sql(directory, "SELECT count(*) || ifnull(max(value), '') FROM meta WHERE key='unsynced'");
}

// A journal that was killed in the boot "a" with ten messages, five of them forwarded and three of
// those confirmed.
struct Killed {
  Directory directory;
  std::string epoch;
  explicit Killed(JournalSettings::Sync sync = normal) {
    const Directory alive;
    JournalCore core(in_boot(alive, "a", sync), "store-42", {});
    core.enter_session(Direction::down, {"broker", true});
    core.cleared(Direction::up);
    fill(core, 10);
    Progress progress = told(1, 1, 5, 5 * Put().bytes());
    progress.confirmed = 3;
    core.progress(progress);
    core.commit();
    epoch = core.epoch();
    directory = alive.copy();
  }
  JournalCore open(const std::string& boot, JournalSettings::Sync sync = normal) const {
    return {in_boot(directory, boot, sync), "store-42", {}};
  }
};

FarKnowledge bookmark(const std::string& epoch, std::uint64_t sequence, bool session = true) {
  FarKnowledge far;
  far.asked = far.readable = true;
  far.session_present = session;
  far.epoch = epoch;
  if (!epoch.empty()) far.lanes["default"] = sequence;
  return far;
}

LanePosition position(JournalCore& core, const FarKnowledge& far) {
  const auto positions = core.positions(Direction::up, far);
  core.commit();
  return positions.at(0);
}

}  // namespace

TEST_CASE("epoch: killed and started again in the same boot, it goes on") {
  const Killed killed;
  CHECK(killed.open("a").epoch() == killed.epoch);
}

TEST_CASE("epoch: closed in order, it goes on in another boot") {
  const Directory directory;
  std::string epoch;
  {
    JournalCore core(in_boot(directory, "a"), "store-42", {});
    fill(core, 10);
    epoch = core.epoch();
  }
  CHECK(mark(directory) == "0");
  CHECK(JournalCore(in_boot(directory, "b"), "store-42", {}).epoch() == epoch);
}

TEST_CASE("epoch: not closed, and found in another boot: a new one, once") {
  const Killed killed;
  std::string epoch;
  {
    const JournalCore core = killed.open("b");
    epoch = core.epoch();
    CHECK(epoch != killed.epoch);
    CHECK(lane_of(core, 1).cursor == 5);
    CHECK(lane_of(core, 1).confirmed == 0);
  }
  CHECK(killed.open("c").epoch() == epoch);
}

TEST_CASE("epoch: opened again after trouble, it goes on") {
  const Killed killed;
  for (const std::string boot : {"b", ""}) {
    JournalCore core = killed.open(boot);
    const std::string epoch = core.epoch();
    core.reopen();
    CHECK(core.epoch() == epoch);
  }
}

TEST_CASE("epoch: where nobody knows the boot, each start after a kill is another one") {
  const Killed killed;
  JournalCore core = killed.open("");
  CHECK(core.epoch() != killed.epoch);
  fill(core, 1);
  const Directory left = killed.directory.copy();
  CHECK(JournalCore(in_boot(left, ""), "store-42", {}).epoch() != core.epoch());
}

TEST_CASE("epoch: a transaction that was not committed at the end leaves the mark") {
  const Directory directory;
  {
    JournalCore core(in_boot(directory, "a"), "store-42", {});
    append(core, {{1, "t", "a"}});
  }
  CHECK(mark(directory) == "1a");
}

TEST_CASE("epoch: with sync: full there is no mark, and nothing to find in another boot") {
  const Killed killed(full);
  CHECK(mark(killed.directory) == "0");
  CHECK(killed.open("b", full).epoch() == killed.epoch);
}

TEST_CASE("epoch: with sync: full a mark that was left is obeyed, and taken away") {
  const Killed killed;
  const Directory left = killed.directory.copy();
  {
    const JournalCore same = killed.open("a", full);
    CHECK(same.epoch() == killed.epoch);
    CHECK(mark(killed.directory.copy()) == "0");
  }
  const JournalCore other(in_boot(left, "b", full), "store-42", {});
  CHECK(other.epoch() != killed.epoch);
  CHECK(mark(left.copy()) == "0");
}

TEST_CASE("epoch: whoever only looks changes nothing") {
  const Killed killed;
  for (const auto sync : {full, normal}) {
    JournalSettings settings = in_boot(killed.directory, "b", sync);
    settings.look_only = true;
    const JournalCore core(settings, "store-42", {lane_settings("sales")});
    CHECK(core.epoch() == killed.epoch);
  }
  CHECK(mark(killed.directory) == "1a");
  CHECK(sql(killed.directory, "SELECT group_concat(boot_id) FROM boot") == "a");
  CHECK(sql(killed.directory, "SELECT count(*) FROM lane") == "3");
}

TEST_CASE("epoch: sessions of before are not believed, in either direction") {
  const Killed killed;
  JournalCore core = killed.open("b");
  core.enter_session(Direction::down, {"broker", true});
  CHECK(core.unfamiliar(Direction::up));

  const Directory directory;
  JournalCore before(in_boot(directory, "a"), "store-42", {});
  before.enter_session(Direction::up, {"broker", false});
  Put put{1, "t", "a", {1, 5, 0, true}};
  store(before, {put});  // the release of the id was in a commit that is lost
  const Directory left = directory.copy();
  JournalCore after(in_boot(left, "b"), "store-42", {});
  after.enter_session(Direction::up, {"broker", true});
  put.payload = "b";
  store(after, {put});
  CHECK(payloads(read_all(after, 1)) == "ab");
}

TEST_CASE("epoch: the bookmark of the one before says what was accepted, as far as it is here") {
  const Killed killed;
  JournalCore core = killed.open("b");
  fill(core, 2);
  const FarKnowledge far = bookmark(killed.epoch, 8);
  CHECK(position(core, far).cursor == 8);
  CHECK(lane_of(core, 1).confirmed == 0);
  CHECK(position(core, bookmark(killed.epoch, 12)).cursor == 10);
  CHECK(payloads(read_backlog(core, 1)) == "ab");
  CHECK(position(core, bookmark(core.epoch(), 11)).cursor == 11);
  CHECK(lane_of(core, 1).confirmed == 11);
}

TEST_CASE("epoch: a broker that has lost what it had before is noticed, too") {
  const Killed killed;
  const auto replay = [&](const FarKnowledge& far) {
    const Directory left = killed.directory.copy();
    JournalCore core(in_boot(left, "b"), "store-42", {});
    const LanePosition at = position(core, far);
    CHECK(position(core, far).replay_next == at.replay_next);
    CHECK(at.replay_last == (at.replay_next == 0 ? 0 : 5));
    return at.replay_next;
  };
  CHECK(replay(bookmark(killed.epoch, 3)) == 0);
  CHECK(replay(bookmark(killed.epoch, 3, false)) == 4);
  CHECK(replay(bookmark(killed.epoch, 2)) == 3);
  CHECK(replay(bookmark("", 0)) == 1);
}

TEST_CASE("epoch: a later start does not take the bookmark of the one before for a loss") {
  const Killed killed;
  {
    JournalCore core = killed.open("b");
    position(core, bookmark(killed.epoch, 8));
  }
  JournalCore core = killed.open("b");
  const LanePosition at = position(core, bookmark(killed.epoch, 8));
  CHECK(at.cursor == 8);
  CHECK(at.replay_next == 0);
}
