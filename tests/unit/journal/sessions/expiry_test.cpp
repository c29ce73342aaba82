// A session of the bridge that ended by its own expiry, for the bridge was away for so long, is no
// broker that has lost something.
#include "support/half_crossed.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr std::uint32_t hour_s = 3'600;
constexpr std::int64_t hour_ms = 3'600'000;

SessionStart start(bool present, std::uint32_t keep_alive_s = 0) {
  return {.peer = "central", .present = present, .expiry_s = hour_s, .keep_alive_s = keep_alive_s};
}

// As if the last connection had begun, or ended, so long ago.
void age(JournalCore& core, std::int64_t by_ms) {
  Contact contact = core.store().meta().contact(Direction::down);
  contact.boottime_ms -= by_ms;
  core.change().meta().save_contact(Direction::down, contact);
  core.commit();
}

struct Away : Half {
  explicit Away(std::uint32_t keep_alive_s = 0) {
    core.enter_session(Direction::down, start(false));
    core.enter_session(Direction::down, start(true, keep_alive_s));
  }
  void end(std::int64_t ago_ms) {
    core.leave_session(Direction::down);
    age(core, ago_ms);
  }
  void come_back() { core.enter_session(Direction::down, start(false)); }
  Expired expired() { return core.report().expired[Direction::up]; }
};

}  // namespace

TEST_CASE("expiry: away for longer than the session lasts: nothing is lost, nothing goes again") {
  Away away;
  away.confirm(3);
  away.end(hour_ms + 1);
  away.come_back();
  CHECK(away.core.expired(Direction::up));
  CHECK_FALSE(away.core.forgotten(Direction::up));
  away.check_replay(away.bookmark(5, false), 0, 0);
  CHECK(away.forgotten().sessions == 0);
  CHECK(away.expired().sessions == 1);
  CHECK(away.expired().expiry_s == hour_s);
  CHECK(away.expired().away_ms > hour_ms);
  away.core.reopen();
  CHECK(away.expired().sessions == 1);
}

TEST_CASE("expiry: a bookmark that is only not newer yet is no loss either") {
  Away away;
  away.confirm(3);
  away.end(hour_ms);
  away.come_back();
  away.check_replay(away.bookmark(3, false), 0, 0);
}

TEST_CASE("expiry: without a bookmark to read nothing counts as lost") {
  Away away;
  away.end(hour_ms);
  away.come_back();
  FarKnowledge far = away.nothing(false);
  far.readable = false;
  away.check_replay(far, 0, 0);
}

TEST_CASE("expiry: a bookmark that is behind is a loss, however long the bridge was away") {
  Away away;
  away.confirm(5);
  away.end(hour_ms);
  away.come_back();
  away.check_replay(away.bookmark(2, false), 3, 5);
  CHECK(away.forgotten().bookmarks == 1);
}

TEST_CASE("expiry: a session that should be there still is lost with what may be lost with it") {
  Away away;
  away.confirm(3);
  away.end(hour_ms / 2);
  away.come_back();
  CHECK(away.core.forgotten(Direction::up));
  away.check_replay(away.bookmark(5, false), 1, 5);
  CHECK(away.forgotten().evidence == Evidence::session_gone);
  CHECK(away.expired().sessions == 0);
}

TEST_CASE("expiry: the broker may have noticed the end before the bridge did") {
  Away away(60);
  away.end(hour_ms - 89'000);
  away.come_back();
  CHECK(away.core.expired(Direction::up));
}

TEST_CASE("expiry: a bridge that was killed was away since its newest message") {
  Away away;
  age(away.core, 2 * hour_ms);  // the connection began then; the ten messages came just now
  const Directory left = away.directory.copy();
  JournalCore after = open_journal(left);
  after.enter_session(Direction::down, start(false));
  CHECK(after.forgotten(Direction::up));
  CHECK_FALSE(after.expired(Direction::up));
}

TEST_CASE(
    "expiry: what comes to a bridge that was killed, before it connects, makes it no shorter") {
  Away away;
  age(away.core, 3 * hour_ms);
  const Directory left = away.directory.copy();
  sql(left, "UPDATE batch SET captured_ms = captured_ms - 7200000");  // two hours ago
  JournalCore after = open_journal(left);
  fill(after, 1);
  after.enter_session(Direction::down, start(false));
  CHECK(after.expired(Direction::up));
}

TEST_CASE("expiry: a session that lasts for ever does not end by itself") {
  Away away;
  SessionStart lasting = start(true);
  lasting.expiry_s = std::numeric_limits<std::uint32_t>::max();
  away.core.enter_session(Direction::down, lasting);
  away.end(hour_ms * 24 * 365);
  away.come_back();
  CHECK(away.core.forgotten(Direction::up));
}

TEST_CASE("expiry: a journal that knows no connection yet says what it said before") {
  Half half;
  half.core.enter_session(Direction::down, start(false));
  half.core.change().meta().save_contact(Direction::down, {});
  half.core.commit();
  half.core.enter_session(Direction::down, start(false));
  CHECK(half.core.forgotten(Direction::up));
}
