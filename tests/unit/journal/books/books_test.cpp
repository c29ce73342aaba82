#include "journal/books/books.hpp"

#include "journal/core.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

struct Kept {
  Directory directory;
  Transaction transaction;
  Books books{transaction, {}, 1 << 20};
  Kept() {
    transaction.open(journal_settings(directory), "store-42");
    books.load();
  }
  // Numbers 1 to `count` of lane 1, without rows.
  void journaled(std::uint64_t count) {
    books.state(1).next += count;
    books.received(Direction::up, count, {});
  }
  std::string fault() {
    try {
      books.check();
    } catch (const BooksError& e) {
      return e.what();
    }
    return "";
  }
};

}  // namespace

TEST_CASE("books: a lane that does not balance is named, with the numbers that differ") {
  Kept of;
  of.journaled(9);
  of.books.state(1).resolve(1, 3, 0, Fate::forwarded);
  of.books.state(1).resolve(7, 7, 0, Fate::evicted);
  CHECK(of.fault().empty());
  of.books.state(1).count(Fate::expired) = 2;
  CHECK(of.fault() ==
        "the books of lane default up do not balance: forwarded 3 + expired 2 + evicted 1 + "
        "quarantined 0 + held 0 = 6, but cursor 3 + 1 beyond it = 4, of 9 journaled");
}

TEST_CASE("books: a direction that does not balance is named, with the numbers that differ") {
  Kept of;
  of.journaled(4);
  of.books.received(Direction::up, 6, {1, 2, 3, 0});
  CHECK(of.fault().empty());
  of.books.received(Direction::up, 1, {});
  CHECK(of.fault() ==
        "the books up do not balance: received 11 + emitted 0 = 11, but journaled 4 + unrouted 1 "
        "+ repeats 2 + refused 3 = 10");
}

TEST_CASE("books: a lane's row that does not balance is mended on opening, and told") {
  const Directory directory;
  {
    JournalCore core = open_journal(directory);
    fill(core, 6);
    core.progress(told(1, 1, 3));
    core.commit();
    CHECK(core.mended().empty());
  }
  sql(directory, "UPDATE lane SET forwarded = 1 WHERE id = 1");
  JournalCore core = open_journal(directory);
  REQUIRE(core.mended().size() == 1);
  CHECK(core.mended()[0].find("forwarded 1 + expired 0") != std::string::npos);
  CHECK(core.mended()[0].find("forwarded counts 3 from now on") != std::string::npos);
  CHECK(payloads(read_backlog(core, 1)) == "def");
  fill(core, 1);
  CHECK(lane_of(core, 1).count(Fate::forwarded) == 3);
}

TEST_CASE("books: progress that cannot be true does not keep the journal from writing") {
  const Directory directory;
  JournalCore core = open_journal(directory);
  fill(core, 3);
  // What a fault of the forwarder, or of the books, would leave.
  AppendGroup wrong;
  wrong.received = 1;
  REQUIRE(core.append(wrong) == AppendResult::stored);
  core.progress(told(1, 1, 1));
  CHECK_THROWS_AS(core.commit(), BooksError);
  core.reopen();
  core.commit();
  CHECK(lane_of(core, 1).cursor == 1);
  fill(core, 1);
}

TEST_CASE("books: what was told and not committed is told again, but for its claims if need be") {
  Kept of;
  of.journaled(5);
  Progress progress = told(1, 1, 1);
  progress.claimed.push_back({2, 60'000, false});
  of.books.progress(std::move(progress));
  CHECK(of.books.state(1).claims.find(2));
  of.books.forget_told_claims(Direction::up);
  of.books.load();
  of.journaled(5);
  of.books.repeat_told();
  CHECK(of.books.state(1).cursor == 1);
  CHECK(of.books.state(1).claims.empty());
  of.books.state(1).ahead = false;  // as if its row had been saved
  of.books.committed();
  of.books.load();
  of.journaled(5);
  of.books.repeat_told();
  CHECK(of.books.state(1).cursor == 0);
}

TEST_CASE("books: a gap takes only what had no fate") {
  Kept of;
  of.journaled(9);
  std::vector<Loss> lost;
  of.books.on_loss = [&](const Loss& loss, const LaneState&) { lost.push_back(loss); };
  of.books.state(1).resolve(1, 4, 0, Fate::forwarded);
  of.books.close_gap(of.books.state(1), 2, 6);
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].first == 5);
  CHECK(lost[0].last == 6);
  CHECK(of.books.state(1).cursor == 6);
  of.books.close_gap(of.books.state(1), 2, 6);
  CHECK(lost.size() == 1);
}

TEST_CASE("books: a confirmation alone is committed soon, and not with whatever comes next") {
  Kept of;
  of.journaled(5);
  of.books.progress(told(1, 1, 5));
  of.books.save();
  of.transaction.commit();
  of.books.committed();
  REQUIRE_FALSE(of.transaction.changed());
  Progress progress;
  progress.lane = 1;
  progress.confirmed = 5;
  of.books.progress(progress);
  CHECK(of.transaction.changed());
  CHECK_FALSE(of.transaction.due());  // nobody waits for it
  of.books.save(false);
  of.transaction.write();
  of.transaction.commit(false);
  CHECK(of.transaction.changed());
  of.books.save();
  of.transaction.commit();
  CHECK(of.transaction.store().lanes().load().front().confirmed == 5);
  of.books.committed();
  of.books.progress(progress);  // it is known already
  CHECK_FALSE(of.transaction.changed());
}
