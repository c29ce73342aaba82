#include "journal/repeats/repeat_ledger.hpp"

#include <doctest/doctest.h>

#include "support/journal_case.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

RepeatCount count_of(const RepeatLedger& ledger, RepeatKind kind, const std::string& source) {
  for (const RepeatCount& count : ledger.counts()) {
    if (count.kind == kind && count.source == source) return count;
  }
  return {};
}

}  // namespace

TEST_CASE("repeat ledger: it counts by direction, kind and source, with the newest example") {
  RepeatLedger ledger;
  ledger.note(Direction::up, RepeatKind::resent, "a/1/sales", "t/1", 100);
  ledger.note(Direction::up, RepeatKind::resent, "a/1/sales", "t/2", 200);
  ledger.note(Direction::down, RepeatKind::resent, "a/1/sales", "t/3", 300);
  ledger.note(Direction::up, RepeatKind::looped, "b", "t/4", 150);
  const auto counts = ledger.counts();
  REQUIRE(counts.size() == 3);
  CHECK(counts[0].direction == Direction::down);  // the newest first
  CHECK(counts[1].count == 2);
  CHECK(counts[1].topic == "t/2");
  CHECK(counts[1].last_ms == 200);
  CHECK(counts[2].kind == RepeatKind::looped);
  CHECK(ledger.total(Direction::up, RepeatKind::resent) == 2);
  CHECK(ledger.total(Direction::down, RepeatKind::looped) == 0);
}

TEST_CASE("repeat ledger: beyond its bound sources are counted together, and none is lost") {
  RepeatLedger ledger;
  constexpr std::size_t sources = RepeatLedger::sources_max + 50;
  for (std::size_t i = 0; i < sources; ++i) {
    ledger.note(Direction::up, RepeatKind::copied, std::to_string(i), "t", 1);
  }
  CHECK(ledger.counts().size() == RepeatLedger::sources_max + 1);
  CHECK(count_of(ledger, RepeatKind::copied, "others").count == 50);
  CHECK(ledger.total(Direction::up, RepeatKind::copied) == sources);
  ledger.note(Direction::up, RepeatKind::copied, "0", std::string(70'000, 'x'), 2);
  CHECK(count_of(ledger, RepeatKind::copied, "0").count == 2);
  CHECK(count_of(ledger, RepeatKind::copied, "0").topic.size() == 1'024);
}

TEST_CASE("repeat ledger: it is in the journal with the books, and outlives a restart") {
  JournalCase journal;
  const auto deliver = [&](std::uint16_t packet_id, bool duplicate) {
    AppendGroup group;
    group.received = 1;
    Append entry;
    entry.lane = journal->lane(Direction::up, "default");
    entry.duplicate = duplicate;
    encode_record({"t", "x", {}, Qos::at_least_once, false}, {7, packet_id, 0}, false, group.bytes);
    entry.length = group.bytes.size();
    group.entries.push_back(entry);
    journal->append(std::move(group), [](AppendResult) {});
    journal.settle();
  };
  deliver(5, false);
  deliver(5, true);
  deliver(5, true);
  const auto look = [&] {
    std::vector<RepeatCount> counts;
    journal->inspect([&](JournalCore& core) { counts = core.repeat_ledger().counts(); });
    return counts;
  };
  for (int life = 0; life < 2; ++life) {
    const auto counts = look();
    REQUIRE(counts.size() == 1);
    CHECK(counts[0].kind == RepeatKind::redelivered);
    CHECK(counts[0].source.empty());
    CHECK(counts[0].count == 2);
    CHECK(counts[0].topic == "t");
    CHECK(counts[0].last_ms > 1'600'000'000'000);
    CHECK(journal->report().tallies[Direction::up].repeats == 2);
    journal.close();
    journal.open();
  }
}
