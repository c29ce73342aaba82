#include "journal/store/store.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

Batch batch(LaneId lane, std::uint64_t first, std::uint32_t count) {
  Batch made;
  made.lane = lane;
  made.first = first;
  made.count = count;
  made.data = std::string(count, 'x');
  return made;
}

}  // namespace

TEST_CASE("batches: a sequence is read from its batch, or the next; lanes do not mix") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  BatchTable& table = store.batches();
  table.insert(batch(1, 3, 4));
  table.insert(batch(1, 10, 1));
  table.insert(batch(2, 1, 1));
  CHECK(table.read(1, 1)->first == 3);
  CHECK(table.read(1, 6)->first == 3);
  CHECK(table.read(1, 7)->first == 10);
  CHECK(table.read(1, 11) == nullptr);
  CHECK(table.read(2, 1)->lane == 2);
  CHECK(table.read(3, 1) == nullptr);
  CHECK(table.newest(1)->first == 10);
  CHECK(table.newest(3) == nullptr);
  const auto heads = table.heads(1, 5, 10);
  REQUIRE(heads.size() == 2);
  CHECK(heads[0].first == 3);
  CHECK(heads[0].bytes == 4);
  CHECK(heads[0].last() == 6);
  CHECK(table.heads(1, 7, 10).size() == 1);
  CHECK(table.heads(1, 7, 1).front().first == 10);  // what ends before it takes no one's place
  CHECK(table.heads(1, 5, 1).size() == 1);
  CHECK(table.heads(1, 1, 1).front().first == 3);
  table.erase(1, 0, 3);
  CHECK(table.read(1, 1)->first == 10);
}

TEST_CASE("batches: a damaged row is salvaged: as it is, and out of the way") {
  const Directory directory;
  {
    Store store(journal_settings(directory), "store-42");
    store.batches().insert(batch(1, 3, 4));
    store.batches().insert(batch(1, 7, 1));
    store.batches().salvage(1, 3, "checksum of sequence 4");
    CHECK(store.batches().read(1, 1)->first == 7);
  }
  CHECK(sql(directory, "SELECT data || what FROM damaged") == "xxxxchecksum of sequence 4");
}

TEST_CASE("batches: the latest of a topic replaces the one before, lane by lane") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  CHECK_FALSE(store.batches().replace_latest(1, "t", 3));
  CHECK_FALSE(store.batches().replace_latest(2, "t", 5));
  CHECK(store.batches().replace_latest(1, "t", 4) == 3);
  CHECK(store.batches().replace_latest(2, "t", 6) == 5);
}

TEST_CASE("batches: a row's receipts are read without its messages, also where they are large") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  Batch row = batch(1, 3, 0);
  for (std::uint16_t id = 1; id <= 4; ++id) {
    const std::string payload(id == 2 ? 0 : 70'000, 'x');
    encode_record({"t", payload, {}, Qos::at_least_once, false}, {id * 7U, id, 0, id == 3}, false,
                  row.data);
    ++row.count;
  }
  store.batches().insert(row);
  const auto heads = store.batches().heads_before(1, 100, 10);
  REQUIRE(heads.size() == 1);
  const auto receipts = store.batches().receipts(1, heads[0]);
  REQUIRE(receipts.size() == 4);
  for (std::uint16_t id = 1; id <= 4; ++id) {
    CHECK(receipts[id - 1U].packet_id == id);
    CHECK(receipts[id - 1U].digest == id * 7U);
    CHECK(receipts[id - 1U].exactly_once == (id == 3));
  }
}

TEST_CASE("batches: rows before a sequence come newest first, and of one lane alone") {
  const Directory directory;
  Store store(journal_settings(directory), "store-42");
  for (const std::uint64_t first : {1U, 5U, 9U}) store.batches().insert(batch(2, first, 4));
  store.batches().insert(batch(1, 1, 1));
  const auto heads = store.batches().heads_before(2, 9, 10);
  REQUIRE(heads.size() == 2);
  CHECK(heads[0].first == 5);
  CHECK(heads[1].first == 1);
  CHECK(store.batches().heads_before(2, 13, 1).front().first == 9);
}
