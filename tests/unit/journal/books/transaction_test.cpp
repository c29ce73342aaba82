#include "journal/books/transaction.hpp"

#include "clock.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("transaction: what was not committed is gone when the store is closed") {
  const Directory directory;
  Transaction transaction;
  CHECK_THROWS_AS(transaction.store(), JournalError);
  CHECK_THROWS_AS(transaction.write(), JournalError);
  transaction.open(journal_settings(directory), "store-42");
  transaction.write().losses().add({1, 1, 1, 1, 1, "kept", 1});
  CHECK(transaction.under_way());
  transaction.commit();
  CHECK_FALSE(transaction.under_way());
  transaction.write().losses().add({1, 9, 9, 1, 1, "gone", 1});
  transaction.close();
  CHECK_FALSE(transaction.is_open());
  transaction.open(journal_settings(directory), "store-42");
  CHECK(transaction.store().losses().newest(10).size() == 1);
}

TEST_CASE("transaction: it is due at once for who waits, and soon for who does not") {
  const Directory directory;
  Transaction transaction;
  transaction.open(journal_settings(directory), "store-42");
  CHECK_FALSE(transaction.changed());
  transaction.change_later();
  CHECK(transaction.changed());
  CHECK_FALSE(transaction.due());
  transaction.urge();
  CHECK(transaction.due());
  transaction.write();
  transaction.commit();
  CHECK_FALSE(transaction.changed());
}

TEST_CASE("transaction: what may wait is not forgotten by a commit without it") {
  const Directory directory;
  Transaction transaction;
  transaction.open(journal_settings(directory), "store-42");
  transaction.change_later();
  CHECK_FALSE(transaction.ripe());
  transaction.write();
  transaction.commit(false);
  CHECK(transaction.changed());
  CHECK_FALSE(transaction.due());
}
