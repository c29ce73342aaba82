// The layer that gathers writes, without SQLite above it.
#include "journal/store/sqlite/gather_vfs.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "journal/store/sqlite/database.hpp"
#include "support/crash_vfs.hpp"
#include "support/open_file.hpp"
#include "support/temporary_folder.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

// Random pieces, mostly one behind the other, as SQLite writes them; sometimes back to the start.
void behaves_as_a_file(int flags, unsigned seed) {
  CrashDisk disk;
  OpenFile file(flags);
  std::string model;
  std::mt19937 random(seed);
  std::size_t at = 0;
  for (int i = 0; i < 3'000; ++i) {
    const std::size_t length = random() % 3 == 0 ? 24 : 1 + random() % 4'096;
    switch (random() % 24) {
      case 0:
        at = 0;
        break;
      case 1:
        at = random() % (model.size() + 1);
        break;
      case 2:
        if (random() % 4 == 0) {
          model.resize(random() % (model.size() + 1));
          CHECK(file.truncate(model.size()) == SQLITE_OK);
          at = std::min(at, model.size());
        }
        break;
      case 3:
        CHECK(file.sync() == SQLITE_OK);
        CHECK(disk.files["file"]->synced == model);
        break;
      case 4:
        CHECK(file.size() == model.size());
        break;
      default: {
        const std::string bytes(length, static_cast<char>(random()));
        CHECK(file.write(bytes, at) == SQLITE_OK);
        model.resize(std::max(model.size(), at + length));
        model.replace(at, length, bytes);
        at += length;
      }
    }
    const std::size_t from = random() % (model.size() + 1);
    std::string expected = model.substr(from, 100);
    expected.resize(100);
    CHECK(file.read(100, from) == expected);
  }
}

}  // namespace

TEST_CASE("gathered writes: what is read is what was written, and what is synced is on the disk") {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    behaves_as_a_file(log_file, seed);
    behaves_as_a_file(database_file, seed);
  }
}

TEST_CASE("gathered writes: adjacent ones are one") {
  CrashDisk disk;
  int changes = 0;
  disk.before_change = [&] { ++changes; };
  {
    OpenFile file(database_file);
    for (std::size_t page = 0; page < 10; ++page) file.write(std::string(4'096, 'x'), page * 4'096);
    CHECK(changes == 0);
    CHECK(file.sync() == SQLITE_OK);
    CHECK(changes == 2);
    file.write("y", 3);
  }
  CHECK(changes == 3);
  CHECK(disk.files["file"]->now[3] == 'y');
}

TEST_CASE("gathered writes: a transaction that is not synced is with the kernel at its last page") {
  CrashDisk disk;
  OpenFile file(log_file);
  std::string header(24, '\0');
  const std::string page(4'096, 'x');
  file.write(header, 32);
  file.write(page, 56);
  CHECK(disk.files["file"]->now.empty());
  header[7] = 9;  // pages in the database: the mark of the last one
  file.write(header, 56 + 4'096);
  file.write(page, 80 + 4'096);
  CHECK(disk.files["file"]->now.size() == 80 + 2 * 4'096);
}

TEST_CASE(
    "gathered writes: headers that are written anew behind the last page are with the kernel") {
  CrashDisk disk;
  OpenFile file(log_file);
  const auto header = [](char mark, char sum) {
    std::string bytes(24, sum);
    std::fill(bytes.begin() + 4, bytes.begin() + 8, mark);
    return bytes;
  };
  const std::string page(4'096, 'x');
  file.write(header(0, 'a'), 32);
  file.write(page, 56);
  file.write(header(1, 'a'), 56 + 4'096);
  file.write(page, 80 + 4'096);
  file.write(header(0, 'b'), 32);
  file.write(header(1, 'b'), 56 + 4'096);
  CHECK(disk.files["file"]->now[32] == 'b');
  CHECK(disk.files["file"]->now[56 + 4'096] == 'b');
}

TEST_CASE("gathered writes: without syncs a transaction larger than memory survives a kill") {
  const TemporaryFolder folder;
  const std::string path = folder.path + "/journal.db";
  CrashDisk disk;
  Database database(path);
  database.execute("PRAGMA locking_mode=EXCLUSIVE");
  database.execute("PRAGMA journal_mode=WAL");
  database.execute("PRAGMA synchronous=NORMAL");
  database.execute("PRAGMA wal_autocheckpoint=0");
  database.execute("PRAGMA cache_size=4");
  database.execute("CREATE TABLE message(id INTEGER PRIMARY KEY, body TEXT)");
  database.execute(
      "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
      " INSERT INTO message SELECT i, hex(zeroblob(1000)) FROM n");
  database.execute("UPDATE message SET body = body || 'x' WHERE id % 7 = 1; COMMIT");
  CrashDisk::Files kernel;  // has what the process had written when it was killed
  for (const auto& [name, file] : disk.files) kernel[name] = file->now;
  disk.start(kernel);
  Database after(path);
  after.execute("PRAGMA locking_mode=EXCLUSIVE");
  CHECK(after.integer("SELECT count(*) FROM message WHERE body LIKE '%x'") == 29);
}

TEST_CASE("gathered writes: a read that the device refuses is that, and no damaged file") {
  const TemporaryFolder folder;
  CrashDisk disk;
  const std::string path = folder.path + "/journal.db";
  {
    Database database(path);
    database.execute("CREATE TABLE message(topic TEXT)");
  }
  Database database(path);
  database.integer("SELECT count(*) FROM sqlite_schema");  // is read before a statement is run
  disk.unreadable = true;
  try {
    database.integer("SELECT count(*) FROM message");
    FAIL("it was read");
  } catch (const DatabaseError& error) {
    CHECK(std::string(error.what()).starts_with("disk I/O error"));
    CHECK_FALSE(error.damaged());
  }
}

TEST_CASE("gathered writes: one that fails is reported, and given up") {
  CrashDisk disk;
  OpenFile file(log_file);
  REQUIRE(file.write(std::string(100, 'a'), 0) == SQLITE_OK);
  REQUIRE(file.sync() == SQLITE_OK);
  REQUIRE(file.write(std::string(100, 'b'), 100) == SQLITE_OK);
  disk.broken = true;
  CHECK(file.sync() != SQLITE_OK);
  disk.broken = false;
  CHECK(file.sync() == SQLITE_OK);
  CHECK(file.size() == 100);
  CHECK(file.read(100, 0) == std::string(100, 'a'));
}

TEST_CASE("gathered writes: nothing follows a sync that was left before it is done") {
  const auto follow = {
      +[](OpenFile& database, OpenFile&) { return database.write("b", 0); },
      +[](OpenFile& database, OpenFile&) { return database.truncate(0); },
      +[](OpenFile& database, OpenFile&) { return database.sync(); },
      +[](OpenFile& database, OpenFile&) { return database.lock(); },
      +[](OpenFile&, OpenFile& log) { return log.write("b", 0); },
      +[](OpenFile&, OpenFile& log) { return log.truncate(0); },
      +[](OpenFile&, OpenFile& log) { return log.sync(); },
  };
  for (const auto then : follow) {
    CrashDisk disk;
    OpenFile database(database_file, "db");
    OpenFile log(log_file, "log");
    std::string order;
    disk.before_change = [&] { order += disk.files["db"]->synced.empty() ? "?" : "+"; };
    database.write("a", 0);
    database.leave_syncs(&log);
    CHECK(database.sync() == SQLITE_OK);
    database.leave_syncs(nullptr);
    CHECK(disk.files["db"]->synced.empty());
    CHECK(order == "?");  // what was gathered, written
    CHECK(then(database, log) == SQLITE_OK);
    CHECK(disk.files["db"]->synced == "a");
    log.sync();
    CHECK(order.substr(0, 2) == "??");  // the sync
    CHECK(order.find('?', 2) == order.npos);
  }
}

TEST_CASE("gathered writes: after a sync that was left has failed, nothing changes any more") {
  CrashDisk disk;
  OpenFile database(database_file, "db");
  OpenFile log(log_file, "log");
  log.write("everything", 0);
  CHECK(log.sync() == SQLITE_OK);
  database.write("a", 0);
  database.leave_syncs(&log);
  CHECK(database.sync() == SQLITE_OK);
  database.leave_syncs(nullptr);
  disk.broken = true;
  CHECK(log.write("b", 0) == SQLITE_IOERR_FSYNC);
  disk.broken = false;
  CHECK(log.write("b", 0) == SQLITE_IOERR_FSYNC);
  CHECK(log.truncate(0) == SQLITE_IOERR_FSYNC);
  CHECK(log.sync() == SQLITE_IOERR_FSYNC);
  CHECK(database.write("b", 0) == SQLITE_IOERR_FSYNC);
  CHECK(database.sync() == SQLITE_IOERR_FSYNC);
  CHECK(database.lock() == SQLITE_IOERR_FSYNC);
  CHECK(disk.files["log"]->synced == "everything");
}
