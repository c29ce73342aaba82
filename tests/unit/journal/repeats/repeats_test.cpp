#include "journal/repeats/repeats.hpp"

#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr Direction up = Direction::up;

Stamp stamp(std::uint64_t sequence, std::string_view origin = "store-7") {
  return {origin, "5f3a9c1e0d2b4a67", "sales", sequence, 1};
}

}  // namespace

TEST_CASE("repeats: what was noted and not committed is not known after a reload") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  Repeats repeats;
  repeats.load(store, {});
  repeats.note(up, {7, 1, 0});
  repeats.committed();
  repeats.note(up, {8, 2, 0});
  CHECK(repeats.redelivered(store, up, {8, 2, 0}, true));
  repeats.load(store, {});
  CHECK(repeats.redelivered(store, up, {7, 1, 0}, true));
  CHECK_FALSE(repeats.redelivered(store, up, {8, 2, 0}, true));
}

TEST_CASE("repeats: the directions know nothing of each other") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  Repeats repeats;
  repeats.note(up, {7, 1, 0});
  CHECK_FALSE(repeats.redelivered(store, Direction::down, {7, 1, 0}, true));
  CHECK(repeats.redelivered(store, up, {7, 1, 0}, true));
  CHECK_FALSE(repeats.redelivered(store, up, {7, 1, 0}, false));
}

TEST_CASE("repeats: what came twice because its receipt had made room is counted") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  Repeats repeats;
  for (std::uint32_t i = 0; i < Receipts::remembered + 2; ++i) {
    repeats.note(up, {i, static_cast<std::uint16_t>(i % 65'535 + 1), 0});
  }
  repeats.begin_connection(up);
  CHECK_FALSE(repeats.redelivered(store, up, {0, 1, 0}, true));
  CHECK_FALSE(repeats.redelivered(store, up, {1, 2, 0}, true));
  CHECK(repeats.forgotten(up) == 0);  // they may have been new ones
  CHECK(repeats.redelivered(store, up, {2, 3, 0}, true));
  CHECK(repeats.forgotten(up) == 2);
  CHECK_FALSE(repeats.redelivered(store, up, {3'000'000'000, 4, 0}, true));  // lost with the line
  CHECK(repeats.forgotten(up) == 2);
}

TEST_CASE("repeats: origin, epoch, lane and sequence together are one stamp") {
  Repeats repeats;
  CHECK(repeats.first_sight(stamp(5)));
  CHECK_FALSE(repeats.first_sight(stamp(5)));
  CHECK(repeats.first_sight(stamp(4)));
  CHECK(repeats.first_sight(stamp(5, "store-8")));
  Stamp other = stamp(5);
  other.epoch = "0000000000000001";
  CHECK(repeats.first_sight(other));
  other = stamp(5);
  other.lane = "media";
  CHECK(repeats.first_sight(other));
  CHECK(repeats.first_sight(stamp(UINT64_MAX)));
  CHECK_FALSE(repeats.first_sight(stamp(UINT64_MAX)));
}

TEST_CASE("repeats: sources and sessions come back from the journal") {
  const Directory directory;
  const JournalSettings settings = journal_settings(directory);
  Store store(settings, "store-42");
  Repeats repeats;
  repeats.load(store, {});
  repeats.begin_session(up, "broker", true);
  repeats.begin_session(up, "broker", true);
  repeats.first_sight(stamp(3));
  repeats.save(store);
  Repeats again;
  again.load(store, {});
  CHECK(again.session(up) == 2);
  CHECK(again.session(Direction::down) == 0);
  CHECK_FALSE(again.first_sight(stamp(3)));
  CHECK(again.first_sight(stamp(2)));
}
