// The log in which each page has a sector to itself, as SQLite writes it.
#include "journal/store/sqlite/log_sectors.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>

#include "journal/store/sqlite/database.hpp"
#include "support/crash_vfs.hpp"
#include "support/open_file.hpp"
#include "support/temporary_folder.hpp"

using namespace bascule;
using namespace bascule::test;
using namespace bascule::log_sectors;

namespace {

std::string frame(std::mt19937& random) {
  std::string bytes(frame_header_bytes + kept_bytes, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes.append(sector_bytes - kept_bytes, '\0');
}

std::size_t place_of(std::size_t frame) { return log_header_bytes + frame * frame_bytes; }

}  // namespace

TEST_CASE("log sectors: each byte of the log has a place of its own, and its length is known") {
  std::string file(8 * sector_bytes, '\0');
  for (std::size_t at = 0; at < place_of(7); ++at) {
    const Piece its = piece(at, 1);
    REQUIRE(its.length == 1);
    if (!its.reserved) REQUIRE(++file[its.place] == 1);
  }
  CHECK(file.find('\0') == log_header_bytes);
  CHECK(file.find('\0', sector_bytes) == file.npos);
  for (std::size_t frames = 0; frames < 4; ++frames) {
    CHECK(file_length(place_of(frames) + (frames > 0 ? 1'000 : 0)) ==
          frames * sector_bytes + (frames > 0 ? sector_bytes : 32));
    if (frames > 0) CHECK(log_length((frames + 1) * sector_bytes + 7) == place_of(frames));
  }
  CHECK(file_length(0) == 0);
  CHECK(log_length(0) == 0);
}

TEST_CASE("log sectors: what is read is what was written, also by who opens the log anew") {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    std::mt19937 random(seed);
    CrashDisk disk;
    std::string model;
    const auto put = [&](OpenFile& log, const std::string& bytes, std::size_t at) {
      CHECK(log.write(bytes, at) == SQLITE_OK);
      model.resize(std::max(model.size(), at + bytes.size()));
      model.replace(at, bytes.size(), bytes);
    };
    for (int life = 0; life < 3; ++life) {
      OpenFile log(log_file, "a-wal", true);
      put(log, frame(random).substr(0, log_header_bytes), 0);
      for (int i = 0; i < 100; ++i) {
        const std::size_t frames = (model.size() - log_header_bytes) / frame_bytes;
        const std::string next = frame(random);
        const std::size_t older = frames == 0 ? 0 : random() % frames;
        switch (frames == 0 ? 9 : random() % 10) {
          case 0:  // a page that its transaction changes again, and then all headers
            put(log, next.substr(frame_header_bytes), place_of(older) + frame_header_bytes);
            break;
          case 1:
            put(log, next.substr(0, frame_header_bytes), place_of(older));
            break;
          case 2:
            CHECK(log.sync() == SQLITE_OK);
            break;
          case 3:
            model.resize(place_of(older));
            CHECK(log.truncate(model.size()) == SQLITE_OK);
            break;
          default:
            put(log, next.substr(0, frame_header_bytes), place_of(frames));
            put(log, next.substr(frame_header_bytes), place_of(frames) + frame_header_bytes);
        }
        CHECK(log.size() == model.size());
        CHECK(log.read(model.size(), 0) == model);
      }
    }
    OpenFile log(log_file, "a-wal", true);
    CHECK(log.size() == model.size());
    CHECK(log.read(model.size(), 0) == model);
    CHECK_FALSE(disk.files.contains("a-wal"));
    CHECK(disk.files.at("a-log")->now.size() == file_length(model.size()));
  }
}

TEST_CASE("log sectors: a page whose end is not free is refused, never cut off") {
  CrashDisk disk;
  OpenFile log(log_file, "a-wal", true);
  std::mt19937 random(1);
  std::string full = frame(random);
  full.back() = 'x';
  REQUIRE(log.write(full, place_of(0)) == SQLITE_OK);  // gathered
  CHECK(log.sync() == SQLITE_IOERR_WRITE);
  REQUIRE(log.write("x", place_of(1) - 1) == SQLITE_OK);
  CHECK(log.sync() == SQLITE_IOERR_WRITE);
}

TEST_CASE("log sectors: a commit of one page writes one sector, and what was there keeps its own") {
  const TemporaryFolder folder;
  CrashDisk disk;
  const std::string path = folder.path + "/journal.db";
  Database database(path);
  database.execute(
      "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
      "PRAGMA synchronous=FULL; CREATE TABLE message(topic TEXT)");
  const std::string before = disk.files.at(path + "-log")->now;
  database.execute("INSERT INTO message VALUES('a')");
  const std::string after = disk.files.at(path + "-log")->now;
  CHECK(after.size() == before.size() + sector_bytes);
  CHECK(after.substr(0, before.size()) == before);
  CHECK(before.size() % sector_bytes == 0);
}

TEST_CASE("log sectors: a database from before goes on with the log that it has") {
  const TemporaryFolder folder;
  const std::string path = folder.path + "/journal.db";
  sqlite3* older = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &older) == SQLITE_OK);
  const char* made =
      "PRAGMA journal_mode=WAL; CREATE TABLE message(topic TEXT);"
      "INSERT INTO message VALUES('a')";
  REQUIRE(sqlite3_exec(older, made, nullptr, nullptr, nullptr) == SQLITE_OK);
  std::filesystem::copy_file(path, path + ".copy");
  std::filesystem::copy_file(path + "-wal", path + ".copy-wal");
  sqlite3_close(older);
  Database database(path + ".copy");
  database.execute("PRAGMA locking_mode=EXCLUSIVE");
  CHECK(database.log_path() == path + ".copy-wal");
  CHECK(database.text("SELECT topic FROM message") == "a");
  database.execute("INSERT INTO message VALUES('b')");
  CHECK(database.integer("SELECT count(*) FROM message") == 2);
  CHECK_FALSE(std::filesystem::exists(path + ".copy-log"));
}
