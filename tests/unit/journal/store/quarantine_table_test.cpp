#include "journal/store/store.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("quarantine: what was added last comes first, as it was") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  store.quarantine().add({Direction::up, 1, 7, "before", "t", "", "", 0}, 4);
  store.quarantine().add({Direction::down, 0, 0, "why", "t\xFF", "p", "payload", 70'000}, 5);
  const auto rows = store.quarantine().newest(10);
  REQUIRE(rows.size() == 2);
  CHECK(store.quarantine().newest(1).size() == 1);
  CHECK(rows[1].sequence == 7);
  CHECK(rows[0].at_ms == 5);
  CHECK(rows[0].direction == Direction::down);
  CHECK(rows[0].topic == "t\xFF");
  CHECK(rows[0].payload == "payload");
  CHECK(rows[0].size == 70'000);
}

TEST_CASE("quarantine: a number is never given to two messages, also after what has it is gone") {
  const Directory directory;
  const auto add = [](Store& store) {
    store.quarantine().add({Direction::up, 1, 7, "why", "t", "", "", 0}, 4);
    return store.quarantine().newest(1).front().number;
  };
  {
    Store store(journal_settings(directory), "store-42");
    CHECK(add(store) == 1);
    CHECK(add(store) == 2);
    store.quarantine().erase(2);
    CHECK(add(store) == 3);
    store.quarantine().erase(1);
    store.quarantine().erase(3);
    CHECK(store.quarantine().size().messages == 0);
    for (const int number : {1, 2, 3}) CHECK(store.quarantine().given(number));
    for (const int number : {0, 4}) CHECK_FALSE(store.quarantine().given(number));
  }
  Store store(journal_settings(directory), "store-42");
  CHECK(add(store) == 4);
  CHECK(add(store) == 5);
}
