#include "journal/salvage/salvage.hpp"

#include <algorithm>

#include "journal/salvage/incidents.hpp"
#include "journal/salvage/opening.hpp"
#include "journal/store/journal_damaged.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

const auto silent = [](std::uint64_t, std::uint64_t) {};

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

void zero(const Directory& directory, std::uint64_t page) {
  std::string file = bytes_of_file(directory.database());
  std::fill_n(file.begin() + static_cast<std::ptrdiff_t>((page - 1) * 4'096), 4'096, '\0');
  write_file(directory.database(), file);
}

// The inner pages of a table, from the database itself.
std::vector<std::uint64_t> inner_pages(const Directory& directory, const std::string& table) {
  std::istringstream text(
      sql(directory, "SELECT group_concat(pageno, ' ') FROM dbstat WHERE name='" + table +
                         "' AND pagetype='internal'"));
  std::vector<std::uint64_t> pages;
  for (std::uint64_t page = 0; text >> page;) pages.push_back(page);
  return pages;
}

// Of 200 messages in some hundred pages, half have crossed.
struct Damaged {
  Damaged() {
    JournalCore core = open_journal(directory);
    epoch = core.epoch();
    for (int i = 1; i <= 200; ++i) {
      store(core, {{1, "t", std::to_string(i) + std::string(2'000, '.')}});
    }
    core.progress(told(1, 1, 100, 100 * 2'027));
    core.commit();
  }

  Directory directory;
  std::string epoch;
};

SalvageReport salvaged(const Directory& directory) {
  return salvage(journal_settings(directory), "store-42", silent);
}

}  // namespace

TEST_CASE("salvage: a sound journal comes through whole, and begins a new epoch") {
  const Damaged one;
  const SalvageReport report = salvaged(one.directory);
  CHECK(report.damaged_pages == 0);
  CHECK(report.lanes.front().waiting == 100);
  CHECK(report.lanes.front().kept == 100);
  JournalCore core = open_journal(one.directory);
  CHECK(core.epoch() != one.epoch);
  CHECK(core.former_epoch() == one.epoch);
  CHECK(read_backlog(core, 1).size() == 100);
  CHECK(losses(core).empty());
}

TEST_CASE("salvage: without its first page it comes through whole") {
  const Damaged one;
  zero(one.directory, 1);
  CHECK_THROWS_AS(open_journal(one.directory), JournalDamaged);
  const SalvageReport report = salvaged(one.directory);
  CHECK(report.damaged_pages == 1);
  JournalCore core = open_journal(one.directory);
  CHECK(core.former_epoch() == one.epoch);
  CHECK(read_backlog(core, 1).size() == 100);
  CHECK(read_backlog(core, 1).front().sequence == 101);
  CHECK(losses(core).empty());
}

TEST_CASE("salvage: what is in segments comes along, and is set aside, too") {
  const Directory directory;
  {
    JournalCore core = open_journal(directory);
    for (int i = 1; i <= 20; ++i) {
      store(core, {{1, "t", std::to_string(i) + std::string(10'000, '.')}});
    }
  }
  zero(directory, 1);
  const SalvageReport report = salvaged(directory);
  CHECK(report.lanes.front().waiting == 20);
  JournalCore core = open_journal(directory);
  CHECK(read_backlog(core, 1).size() == 20);
  CHECK(losses(core).empty());
  const auto segments = [](const std::string& folder) {
    return std::ranges::count_if(std::filesystem::directory_iterator(folder), [](const auto& one) {
      return one.path().filename().string().size() == std::string("journal.db-").size() + 16;
    });
  };
  CHECK(segments(directory.path()) > 0);
  CHECK(segments(report.aside) == segments(directory.path()));
}

TEST_CASE("salvage: an inner page takes nothing with it") {
  const Damaged one;
  const auto pages = inner_pages(one.directory, "batch");
  REQUIRE(!pages.empty());
  for (const std::uint64_t page : pages) zero(one.directory, page);
  const SalvageReport report = salvaged(one.directory);
  CHECK(report.damaged_pages == pages.size());
  CHECK(report.lanes.front().waiting == 100);
  CHECK(report.lanes.front().open_from == 0);
  JournalCore core = open_journal(one.directory);
  CHECK(read_backlog(core, 1).size() == 100);
  CHECK(losses(core).empty());
}

TEST_CASE("salvage: the map of pages and the inner pages together take nothing with them") {
  const Damaged one;
  for (const std::uint64_t page : inner_pages(one.directory, "batch")) zero(one.directory, page);
  zero(one.directory, 2);
  salvaged(one.directory);
  JournalCore core = open_journal(one.directory);
  CHECK(read_backlog(core, 1).size() == 100);
}

TEST_CASE("salvage: the start does it by itself, and says so") {
  const Damaged one;
  zero(one.directory, 1);
  {
    Journal journal = open_or_salvage(journal_settings(one.directory), "store-42", {}, "");
    CHECK(journal.found() == "100 messages wait");
    const auto told_of = read_incidents(one.directory.path()).at("salvaged");
    CHECK(told_of.at("damaged_pages") == 1);
    CHECK(bytes_of_file(told_of.at("aside").get<std::string>() + "/journal.db").size() > 100'000);
  }
  // Once.
  const Journal again = open_or_salvage(journal_settings(one.directory), "store-42", {}, "");
  CHECK(std::ranges::count_if(std::filesystem::directory_iterator(one.directory.path()),
                              [](const auto& entry) { return entry.is_directory(); }) == 1);
}

TEST_CASE("salvage: one that found damage while it was open is salvaged when it is opened next") {
  const Damaged one;
  want_salvage(one.directory.path(), "a page");
  {
    Journal journal = open_or_salvage(journal_settings(one.directory), "store-42", {}, "");
    CHECK(read_incidents(one.directory.path()).at("salvaged").at("damaged_pages") == 0);
  }
  CHECK(!std::filesystem::exists(one.directory.path() + "/salvage-wanted"));
}

TEST_CASE("salvage: a file that is empty is salvaged from its log") {
  Directory killed;
  {
    const Damaged one;
    JournalCore core = open_journal(one.directory);
    store(core, {{1, "t", "last"}});
    killed = one.directory.copy();
  }
  write_file(killed.database(), "");
  Journal journal = open_or_salvage(journal_settings(killed), "store-42", {}, "");
  CHECK(!read_incidents(killed.path()).at("salvaged").is_null());
  CHECK(payloads(read_backlog(journal.before_start(), 1)).ends_with("last"));
}

TEST_CASE("salvage: cut off between its last steps it is ended by the next start") {
  const Damaged one;
  zero(one.directory, 1);
  salvaged(one.directory);
  // As before the damaged one was moved away.
  std::filesystem::rename(one.directory.database(), one.directory.path() + "/journal-salvaged.db");
  write_file(one.directory.database(), "damaged");
  Journal journal = open_or_salvage(journal_settings(one.directory), "store-42", {}, "");
  CHECK(journal.found() == "100 messages wait");
  CHECK(!std::filesystem::exists(one.directory.path() + "/journal-salvaged.db"));
}

TEST_CASE("salvage: one that was cut off leaves nothing behind, and goes on with its copies") {
  const Damaged one;
  const std::string folder = one.directory.path();
  zero(one.directory, 1);
  const std::string segment = "/journal.db-0001000000000001";
  write_file(folder + segment, "hollow");
  std::filesystem::create_directories(folder + "/salvage");
  std::filesystem::create_hard_link(folder + segment, folder + "/salvage" + segment);
  std::filesystem::create_directory(folder + "/salvage-whole");
  write_file(folder + "/salvage-whole" + segment, "before");
  const SalvageReport report = salvaged(one.directory);
  CHECK(bytes_of_file(report.aside + segment) == "before");
  CHECK(!std::filesystem::exists(folder + "/salvage"));
  CHECK(!std::filesystem::exists(folder + "/salvage-whole"));
  // A crash behind the last rename.
  std::filesystem::create_directory(folder + "/salvage");
  end_salvage(journal_settings(one.directory));
  CHECK(!std::filesystem::exists(folder + "/salvage"));
}

TEST_CASE("salvage: cut off while it moves the damaged one, it goes on into the same folder") {
  const Damaged one;
  zero(one.directory, 1);
  const SalvageReport report = salvaged(one.directory);
  std::filesystem::rename(one.directory.database(), one.directory.path() + "/journal-salvaged.db");
  std::filesystem::rename(report.aside + "/journal.db", one.directory.database());
  end_salvage(journal_settings(one.directory));
  CHECK(bytes_of_file(report.aside + "/journal.db").size() > 100'000);
  CHECK(std::ranges::count_if(std::filesystem::directory_iterator(one.directory.path()),
                              [](const auto& entry) { return entry.is_directory(); }) == 1);
}

TEST_CASE("salvage: what passes is no damage") {
  CHECK(is_damage("database disk image is malformed in SELECT * FROM batch"));
  CHECK(is_damage("cannot read the journal in /j: file is not a database in PRAGMA x"));
  CHECK(is_damage("a row of `batch` is not where its number says"));
  for (const char* passing :
       {"", "disk I/O error in COMMIT", "unable to open database file in BEGIN",
        "database is locked in BEGIN", "database or disk is full in COMMIT",
        "disk I/O error in reading /file is not a database/journal.db",
        "cannot open /j/journal.db: disk I/O error in PRAGMA x"}) {
    CAPTURE(passing);
    CHECK(!is_damage(passing));
  }
}

TEST_CASE("salvage: a journal of a newer version is not touched") {
  const Damaged one;
  sql(one.directory, "PRAGMA user_version=99");
  CHECK_THROWS_AS(salvaged(one.directory), JournalError);
  CHECK_THROWS_AS(open_or_salvage(journal_settings(one.directory), "store-42", {}, ""),
                  JournalError);
  CHECK(sql(one.directory, "PRAGMA user_version") == "99");
  CHECK(!std::filesystem::exists(one.directory.path() + "/salvage"));
}

TEST_CASE("salvage: what is no journal is not touched") {
  const Directory directory;
  sql(directory, "PRAGMA application_id=7; CREATE TABLE other(x); INSERT INTO other VALUES(1)");
  CHECK_THROWS_AS(open_or_salvage(journal_settings(directory), "store-42", {}, ""), JournalError);
  CHECK(sql(directory, "SELECT x FROM other") == "1");
}
