#include "journal/store/store.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

Loss loss(LaneId lane, std::uint64_t first, std::uint64_t last, const char* reason = "ttl") {
  return {lane, first, last, last - first + 1, 10, reason, 1};
}

}  // namespace

TEST_CASE("ledger: it joins what continues, lane by lane and reason by reason") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  store.losses().add(loss(1, 1, 3));
  store.losses().add(loss(2, 1, 1));
  store.losses().add(loss(1, 4, 4));
  store.losses().add(loss(2, 2, 2));
  CHECK(store.losses().newest(10).size() == 2);
  store.losses().add(loss(1, 6, 6));
  store.losses().add(loss(1, 7, 7, "max_size"));
  const auto ledger = store.losses().newest(10);  // newest first
  REQUIRE(ledger.size() == 4);
  CHECK(ledger[0].reason == "max_size");
  CHECK(ledger[3].first == 1);
  CHECK(ledger[3].last == 4);
  CHECK(ledger[3].count == 4);
  CHECK(ledger[3].bytes == 20);
  CHECK(store.losses().messages() == 8);
}

TEST_CASE("ledger: what a newer value replaced is one row, however scattered") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  for (const std::uint64_t sequence : {9U, 2U, 30U}) {
    store.losses().add(loss(1, sequence, sequence, "superseded"));
  }
  const auto ledger = store.losses().newest(10);
  REQUIRE(ledger.size() == 1);
  CHECK(ledger[0].first == 2);
  CHECK(ledger[0].last == 30);
  CHECK(ledger[0].count == 3);
  CHECK(store.losses().messages() == 0);
}

TEST_CASE("losses: what is sent again after all leaves the ledger, and what is beside it stays") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  store.losses().add(loss(1, 1, 9, "not_resent"));
  store.losses().add(loss(2, 1, 9, "not_resent"));
  store.losses().add(loss(1, 20, 29, "beyond_history"));
  store.losses().add(loss(1, 40, 49, "ttl"));
  const auto unsent = [&] { return store.losses().unsent(1).ranges(); };
  CHECK(unsent() == std::vector<SequenceRange>{{1, 9}, {20, 29}});
  store.losses().take_back(1, {4, 5});
  CHECK(unsent() == std::vector<SequenceRange>{{1, 3}, {6, 9}, {20, 29}});
  CHECK(store.losses().not_resent() == 26);
  store.losses().take_back(1, {8, 22});
  CHECK(unsent() == std::vector<SequenceRange>{{1, 3}, {6, 7}, {23, 29}});
  store.losses().take_back(1, {1, 60});
  CHECK(unsent().empty());
  CHECK(store.losses().not_resent() == 9);
  CHECK(store.losses().messages() == 10);
}

TEST_CASE("ledger: whether it has a message, also where its rows overlap") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  LossLedger& losses = store.losses();
  Loss replaced = loss(1, 1, 50);
  replaced.reason = "superseded";
  losses.add(replaced);
  losses.add(loss(1, 10, 20));
  losses.add(loss(1, 31, 31));
  losses.add(loss(2, 40, 40));
  CHECK_FALSE(losses.reason({1, 9}));
  CHECK(losses.reason({1, 10}));
  CHECK(losses.reason({1, 20}) == "ttl");
  CHECK_FALSE(losses.reason({1, 21}));
  CHECK(losses.reason({1, 31}));
  CHECK_FALSE(losses.reason({1, 40}));
  // A broker that forgot is told of over what a limit took before.
  losses.add(loss(1, 5, 60));
  CHECK(losses.reason({1, 9}));
  CHECK(losses.reason({1, 60}));
  CHECK_FALSE(losses.reason({1, 61}));
}

TEST_CASE(
    "ledger: it has a bound; beyond it the oldest rows of a kind are one, and none is left out") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  constexpr auto rows = static_cast<std::uint64_t>(LossLedger::rows_max) + 50;
  store.begin();
  store.losses().add(loss(2, 1, 1, "max_size"));  // the only one of its kind stays
  store.losses().add(loss(1, 1, 1, "not_resent"));
  store.losses().add(loss(1, 3, 3, "not_resent"));  // and what may be sent again
  for (std::uint64_t i = 0; i < rows; ++i) store.losses().add(loss(1, 10 + 2 * i, 10 + 2 * i));
  store.commit();
  const auto ledger = store.losses().newest(static_cast<int>(2 * rows));
  CHECK(ledger.size() <= static_cast<std::size_t>(LossLedger::rows_max) + 3);
  CHECK(store.losses().messages() == rows + 1);
  CHECK(store.losses().not_resent() == 2);
  CHECK(ledger.back().lane == 2);
  CHECK(ledger[ledger.size() - 4].first == 10);
  CHECK(ledger[ledger.size() - 4].count > 50);
}

TEST_CASE("ledger: what a person has dropped is lost, and no news") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  store.losses().add(loss(1, 1, 1, "dropped"));
  CHECK(store.losses().messages() == 1);
  CHECK(store.losses().last_ms() == 0);
  store.losses().add(loss(1, 2, 2, "ttl"));
  CHECK(store.losses().last_ms() == 1);
}
