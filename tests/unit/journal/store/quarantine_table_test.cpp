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
  CHECK(rows[1].second.sequence == 7);
  CHECK(rows[0].first == 5);
  CHECK(rows[0].second.direction == Direction::down);
  CHECK(rows[0].second.topic == "t\xFF");
  CHECK(rows[0].second.payload == "payload");
  CHECK(rows[0].second.size == 70'000);
}
