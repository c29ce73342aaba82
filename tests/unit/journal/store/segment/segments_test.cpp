// P1 for segments, as the store uses them. BASCULE_SEGMENT_CUTS sets how many power cuts there are,
// BASCULE_CUT_SEED which.
#include "journal/store/segment/segments.hpp"

#include <sys/stat.h>

#include "journal/store/sqlite/gather_vfs.hpp"
#include "journal/store/store.hpp"
#include "support/crash_vfs.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

JournalSettings small_files(const Directory& directory) {
  JournalSettings settings = journal_settings(directory);
  settings.max_size_bytes = 64 << 20;  // so that a file has 1 MiB
  return settings;
}

std::string noise(std::size_t length, std::uint64_t seed) {
  std::string bytes(length, '\0');
  std::mt19937_64 random(seed);
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

Batch batch(LaneId lane, std::uint64_t first, const std::string& data, std::uint32_t count = 1) {
  Batch made;
  made.lane = lane;
  made.first = first;
  made.count = count;
  made.data = data;
  return made;
}

std::vector<std::string> segments_in(const Directory& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("journal.db-7")) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

// Bytes that the file system has for it.
std::uint64_t allocated(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return static_cast<std::uint64_t>(info.st_blocks) * 512;
}

// What the table `batch` is to hold: its data by key.
using Rows = std::map<std::uint64_t, std::string>;

std::string difference(Store& store, const Rows& rows) {
  for (LaneId lane = 1; lane <= 3; ++lane) {
    auto expected = rows.lower_bound(first_key(lane));
    for (std::uint64_t from = 0;; ++expected) {
      const BatchPtr found = store.batches().read(lane, from);
      const bool more = expected != rows.end() && expected->first <= last_key(lane);
      if (found == nullptr && !more) break;
      if (found == nullptr) return "rows are missing";
      if (!more || LaneSequence{lane, found->first}.key() != expected->first) return "other rows";
      if (found->data != expected->second) return "other data";
      from = found->first + 1;
    }
  }
  return "";
}

// Rows come and go at random, with commits, checkpoints and openings between them.
class Life {
 public:
  explicit Life(std::uint64_t seed) : random_(seed) {}

  using RowsPtr = std::shared_ptr<const Rows>;
  struct Cut {
    CrashDisk::Files files;
    RowsPtr before, after;  // of the last commit that returned, and of the one under way
  };
  std::vector<Cut> cuts;

  void run(CrashDisk& disk, int steps) {
    disk.before_change = [&] {
      if (random_() % 15 != 0) return;
      cuts.push_back({disk.cut(random_), committed_, std::make_shared<Rows>(rows_)});
    };
    open();
    for (int i = 0; i < steps; ++i) step();
    store_ = nullptr;
    disk.before_change = nullptr;
  }

 private:
  void open() {
    store_ = nullptr;
    rows_ = *committed_;
    store_ = std::make_unique<Store>(small_files(directory_), "store-42");
    CHECK(difference(*store_, rows_) == "");
  }

  void step() {
    if (random_() % 20 == 0) return open();  // what was begun is gone
    if (random_() % 8 == 0) return store_->checkpoint(Database::Sync::now);
    store_->begin();
    for (auto count = 1 + random_() % 5; count > 0; --count) {
      random_() % 4 == 0 ? erase() : insert();
    }
    CHECK(difference(*store_, rows_) == "");
    if (random_() % 20 == 0) return open();
    store_->commit();
    committed_ = std::make_shared<Rows>(rows_);
  }

  void insert() {
    const auto lane = static_cast<LaneId>(1 + random_() % 3);
    const std::size_t length = random_() % 3 == 0 ? random_() % 4'000 : random_() % 150'000;
    const std::uint64_t first = next_[lane]++;
    const std::string data = noise(length, random_());
    store_->batches().insert(batch(lane, first, data));
    rows_[LaneSequence{lane, first}.key()] = data;
  }

  void erase() {
    const auto lane = static_cast<LaneId>(1 + random_() % 3);
    const std::uint64_t first = random_() % 3 == 0 ? random_() % next_[lane] : 0;
    const std::uint64_t last = first + random_() % next_[lane];
    store_->batches().erase(lane, first, last);
    rows_.erase(rows_.lower_bound(LaneSequence{lane, first}.key()),
                rows_.upper_bound(LaneSequence{lane, last}.key()));
  }

  Directory directory_;
  std::mt19937_64 random_;
  std::unique_ptr<Store> store_;
  Rows rows_;
  RowsPtr committed_ = std::make_shared<Rows>();
  std::uint64_t next_[4] = {1, 1, 1, 1};
};

std::string fault(const Life::Cut& cut) {
  const Directory directory;
  for (const auto& [path, bytes] : cut.files) {
    const auto name = std::filesystem::path(path).filename().string();
    std::ofstream(directory.path() + "/" + name, std::ios::binary) << bytes;
  }
  try {
    {
      Store store(small_files(directory), "store-42");
      const std::string before = difference(store, *cut.before);
      if (!before.empty() && !difference(store, *cut.after).empty()) return before;
      store.begin();
      store.commit();
    }
    const std::string needed = sql(directory,
                                   "SELECT group_concat(printf('journal.db-%016x ', id), '')"
                                   " FROM (SELECT id FROM segment ORDER BY id)");
    std::string there;
    for (const std::string& name : segments_in(directory)) there += name + ' ';
    if (there != needed) return "there is " + there + "and needed " + needed;
  } catch (const std::exception& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("segments: random rows are what they were after a power cut at any moment") {
  const std::uint64_t wanted = from_environment("BASCULE_SEGMENT_CUTS", 150);
  std::uint64_t seed = from_environment("BASCULE_CUT_SEED", 1);
  std::uint64_t cuts = 0, faults = 0;
  for (; cuts < wanted; ++seed) {
    Life life(seed);
    {
      CrashDisk disk;
      life.run(disk, 40);
    }
    for (std::size_t i = 0; i < life.cuts.size() && cuts < wanted; ++i, ++cuts) {
      const std::string wrong = fault(life.cuts[i]);
      if (wrong.empty()) continue;
      ++faults;
      CAPTURE(seed);
      CAPTURE(i);
      CHECK(wrong == "");
    }
  }
  MESSAGE(cuts << " power cuts, " << faults << " with a loss");
}

TEST_CASE("segments: a file goes with the commit that erases the last of its rows, and no sooner") {
  const Directory directory;
  Store store(small_files(directory), "store-42");
  const std::string data = noise(700'000, 1);
  store.begin();
  for (const std::uint64_t first : {1U, 2U, 3U, 4U}) {
    store.batches().insert(batch(1, first, data));
  }
  store.batches().insert(batch(2, 1, data));
  store.batches().insert(batch(1, 5, "small"));
  store.commit();
  const auto all = segments_in(directory);
  REQUIRE(all == std::vector<std::string>{"journal.db-7ffd000000000001",
                                          "journal.db-7ffe000000000001",
                                          "journal.db-7ffe000000000003"});
  const std::uint64_t used = store.used_bytes();
  CHECK(used > 5 * data.size());
  store.begin();
  store.batches().erase(1, 0, 1);
  store.batches().erase(1, 4, 4);
  CHECK(store.used_bytes() == used - data.size());  // its beginning
  store.batches().erase(1, 0, 2);
  CHECK(store.used_bytes() == used - 2 * data.size());
  CHECK(store.spare_bytes() >= 2 * data.size());
  CHECK(segments_in(directory) == all);
  store.commit();
  CHECK(segments_in(directory) == std::vector<std::string>{all[0], all[2]});
  CHECK(store.batches().read(1, 3)->data == data);
  store.begin();
  store.batches().erase(1, 3, 3);
  store.commit();  // the small row behind it needs no file
  CHECK(segments_in(directory) == std::vector<std::string>{all[0]});
  store.begin();
  store.batches().insert(batch(1, 6, data));
  store.commit();
  CHECK(store.batches().read(1, 6)->data == data);
}

TEST_CASE("segments: what is erased at the beginning goes back to the file system, and is spare") {
  const Directory directory;
  const std::string data = noise(200'000, 1);
  constexpr std::uint64_t most = 192 << 10;  // of it, in steps of 64 KiB
  {
    Store store(small_files(directory), "store-42");
    store.begin();
    for (std::uint64_t first = 1; first <= 4; ++first) {
      store.batches().insert(batch(1, first, data));
    }
    store.commit();
    const std::string path = directory.path() + "/" + segments_in(directory).at(0);
    const std::uint64_t before = allocated(path), spare = store.spare_bytes();
    store.begin();
    store.batches().erase(1, 1, 1);
    CHECK(store.spare_bytes() == spare + most);
    CHECK(allocated(path) == before);
    store.commit();
    CHECK(store.spare_bytes() == spare);
    CHECK(allocated(path) == before - most);
    CHECK(std::filesystem::file_size(path) == 4 * data.size());
    store.begin();
    store.batches().erase(1, 1, 2);
    std::filesystem::remove(path);
    CHECK_THROWS_AS(store.commit(), JournalError);
    store.put_back();
    CHECK(allocated(path) == before - most);
  }
  Store store(small_files(directory), "store-42");
  const std::string path = directory.path() + "/" + segments_in(directory).at(0);
  const std::uint64_t before = allocated(path), spare = store.spare_bytes();
  store.begin();
  store.commit();  // what the one before had not given back
  CHECK(allocated(path) == before - most);
  CHECK(store.spare_bytes() == spare);
  CHECK(store.batches().read(1, 3)->data == data);
  CHECK(store.batches().newest(1)->data == data);
}

TEST_CASE("segments: what is written to them is counted, in whole sectors") {
  const Directory directory;
  Store store(small_files(directory), "store-42");
  const std::uint64_t before = database_bytes_written();
  store.begin();
  store.batches().insert(batch(1, 1, noise(10'000, 1)));
  CHECK(database_bytes_written() - before == 12'288);
  store.batches().insert(batch(1, 2, noise(300'000, 1)));
  CHECK(database_bytes_written() - before == 12'288 + 303'104);  // and what shares a sector again
}

TEST_CASE("segments: a row keeps its file, though the medium has changed the table of them") {
  const Directory directory;
  const std::string data = noise(9'000, 1);
  {
    Store store(small_files(directory), "store-42");
    store.begin();
    store.batches().insert(batch(1, 1, data));
    store.batches().insert(batch(1, 2, "small"));
    store.batches().insert(batch(1, 3, data));
    store.batches().erase(1, 1, 1);
    store.commit();
  }
  sql(directory, "UPDATE segment SET id = id + 4096");
  for (int opening = 0; opening < 2; ++opening) {
    Store store(small_files(directory), "store-42");
    store.begin();
    store.commit();
    CHECK(store.batches().newest(1)->data == data);
  }
}

TEST_CASE("segments: with sync: normal a file goes once its rows cannot come back") {
  const Directory directory;
  Store store(small_files(directory), "store-42");
  store.set_sync(JournalSettings::Sync::normal);
  store.begin();
  store.batches().insert(batch(1, 1, noise(9'000, 1)));
  store.commit();
  store.begin();
  store.batches().erase(1, 1, 1);
  store.commit();
  CHECK(segments_in(directory).size() == 1);
  store.checkpoint(Database::Sync::now);
  CHECK(segments_in(directory).empty());
}

TEST_CASE("segments: what follows a sync shares no sector with what was synced") {
  const Directory directory;
  const std::string data = noise(5'000, 1);
  {
    Store store(small_files(directory), "store-42");
    for (std::uint64_t first = 1; first <= 5; first += 2) {
      store.begin();
      store.batches().insert(batch(1, first, data));
      store.batches().insert(batch(1, first + 1, data));
      store.commit();
    }
  }
  CHECK(sql(directory, "SELECT group_concat(place) FROM batch") ==
        "0,5000,12288,17288,24576,29576");
}

TEST_CASE("segments: a disk that is full, or broken, leaves what was committed") {
  CrashDisk disk;
  const Directory directory;
  const std::string data = noise(300'000, 1);
  auto store = std::make_unique<Store>(small_files(directory), "store-42");
  store->begin();
  store->batches().insert(batch(1, 1, data));
  store->commit();
  for (std::atomic<bool>* fault : {&disk.full, &disk.broken}) {
    store->begin();
    *fault = true;
    const bool full = fault == &disk.full;
    try {
      store->batches().insert(batch(1, 2, data));
      FAIL("it was written");
    } catch (const DatabaseError& e) {
      CHECK(e.full() == full);
    }
    *fault = false;
    store = nullptr;
    store = std::make_unique<Store>(small_files(directory), "store-42");
    CHECK(store->batches().newest(1)->first == 1);
    CHECK(store->batches().read(1, 1)->data == data);
  }
  store->begin();
  store->batches().insert(batch(1, 2, data));
  disk.broken = true;
  CHECK_THROWS_AS(store->commit(), DatabaseError);
  disk.broken = false;
  store = nullptr;
  store = std::make_unique<Store>(small_files(directory), "store-42");
  CHECK(store->batches().newest(1)->first == 1);
}

TEST_CASE("segments: a file that is cut short, or gone, reads as what is there") {
  const Directory directory;
  const std::string data = noise(20'000, 1);
  {
    Store store(small_files(directory), "store-42");
    store.begin();
    store.batches().insert(batch(1, 1, data));
    store.commit();
  }
  const std::string path = directory.path() + "/" + segments_in(directory).at(0);
  std::filesystem::resize_file(path, 9'000);
  CHECK(Store(small_files(directory), "store-42").batches().read(1, 1)->data ==
        data.substr(0, 9'000));
  std::filesystem::remove(path);
  Store store(small_files(directory), "store-42");
  CHECK(store.batches().read(1, 1)->data.empty());
  CHECK(store.batches().receipts(1, store.batches().heads(1, 1, 1).at(0)).empty());
  store.batches().salvage(1, 1, "gone");
  CHECK(store.batches().newest(1) == nullptr);
}

TEST_CASE("segments: others may not read them") {
  const Directory directory;
  Store store(small_files(directory), "store-42");
  store.begin();
  store.batches().insert(batch(1, 1, noise(9'000, 1)));
  store.commit();
  const auto path = directory.path() + "/" + segments_in(directory).at(0);
  CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms(0600));
}

TEST_CASE("segments: removed while the journal is open, they are put back") {
  const Directory directory;
  const std::string first = noise(1'500'000, 1), second = noise(9'000, 2);
  JournalCore core(small_files(directory), "store-42", {});
  store(core, {{1, "t", first}});
  store(core, {{1, "t", second}});
  REQUIRE(segments_in(directory).size() == 2);
  for (const std::string& name : segments_in(directory)) {
    std::filesystem::remove(directory.path() + "/" + name);
  }
  CHECK_FALSE(core.in_place());
  REQUIRE(append(core, {{1, "t", second}}) == AppendResult::stored);
  CHECK_THROWS_AS(core.commit(), JournalError);
  core.reopen();
  CHECK(core.mended_files().find("were removed") != std::string::npos);
  CHECK(payloads(read_backlog(core, 1)).starts_with(first + second));
  CHECK(losses(core).empty());
}

TEST_CASE("segments: removed with the whole journal while it is open, they are put back") {
  const Directory directory;
  const std::string first = noise(1'500'000, 1), second = noise(9'000, 2);
  {
    JournalCore core(small_files(directory), "store-42", {});
    store(core, {{1, "t", first}});
    store(core, {{1, "t", second}});
    REQUIRE(segments_in(directory).size() == 2);
    for (const std::string& name : segments_in(directory)) {
      std::filesystem::remove(directory.path() + "/" + name);
    }
    for (const char* suffix : {"", "-log"}) {
      std::filesystem::remove(directory.database() + suffix);
    }
    core.reopen();
    CHECK(core.mended_files().find("was removed; it is there again") != std::string::npos);
    CHECK(payloads(read_backlog(core, 1)) == first + second);
  }
  JournalCore core(small_files(directory), "store-42", {});
  CHECK(payloads(read_backlog(core, 1)) == first + second);
  CHECK(losses(core).empty());
}
