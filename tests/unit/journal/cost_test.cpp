// P7: what a message costs does not grow with what waits, in any kind of lane and at any limit.
// Processor time is measured by tests/bench/backlog; here is what does not depend on the machine.
#include <doctest/doctest.h>

#include <string>

#include "support/backlog_kinds.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr int turns = 200;

// Pages that are written to the log, and from there to the file, for so many turns.
int pages_written(const BacklogKind& kind, int waiting) {
  const Directory directory;
  LaneSettings lane = lane_settings("lane");
  kind.settings(lane, waiting);
  JournalCore core = open_journal(directory, {lane});
  Backlog backlog(core, "lane");
  kind.fill(backlog, waiting);
  core.commit();
  CHECK(backlog.state().backlog() * 10 >= static_cast<std::uint64_t>(waiting) * 9);
  int pages = 0;
  for (int turn = 0; turn < turns; ++turn) {
    core.store().checkpoint(Database::Sync::now);
    kind.once(backlog, waiting, turn);
    pages += core.store().log_pages();
  }
  return pages;
}

}  // namespace

TEST_CASE("cost: what a message writes does not grow with what waits, in any kind of lane") {
  for (const BacklogKind& kind : backlog_kinds()) {
    const int few = pages_written(kind, 1'000), many = pages_written(kind, 20'000);
    INFO(kind.name, ": ", few, " and ", many, " pages in ", turns, " turns");
    CHECK(few > 0);
    CHECK(many < few * 3 / 2);
  }
}
