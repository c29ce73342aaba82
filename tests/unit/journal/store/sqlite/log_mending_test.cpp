// What the medium does to SQLite's log while nobody has it open.
#include "journal/store/sqlite/log_mending.hpp"

#include <fstream>

#include "journal/store/sqlite/log_sectors.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

// A journal that kill -9 left with twenty commits in its log.
struct Killed {
  Directory directory;
  std::string epoch, log;
  Killed() {
    const Directory alive;
    JournalCore core = open_journal(alive);
    core.store().checkpoint(Database::Sync::now);
    core.positions(Direction::up, {});
    fill(core, 20);
    epoch = core.epoch();
    directory = alive.copy();
    log = bytes_of_file(path());
  }
  std::string path() const { return directory.path() + "/journal.db-log"; }
  void write() const { std::ofstream(path(), std::ios::binary) << log; }
  // Changes bytes of a frame from its place on.
  void spoil(std::size_t frame, std::size_t place, const std::string& bytes) {
    log.replace((frame + 1) * log_sectors::sector_bytes + place, bytes.size(), bytes);
    write();
  }
  std::size_t frames() const { return log.size() / log_sectors::sector_bytes - 1; }
  std::size_t damaged_copies() const {
    std::size_t copies = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      if (entry.path().string().find("-log.damaged-") != std::string::npos) ++copies;
    }
    return copies;
  }
};

}  // namespace

TEST_CASE("log: a whole one is left as it is, and so is one that is not there") {
  const Killed killed;
  CHECK(mend_log(killed.path(), true).bits == 0);
  CHECK(mend_log(killed.path(), true).lost_commits == 0);
  CHECK(bytes_of_file(killed.path()) == killed.log);
  CHECK(mend_log(killed.directory.path() + "/none", true).bits == 0);
}

TEST_CASE("log: what a cut left of the newest commit is no damage") {
  Killed killed;
  killed.log.resize((killed.frames() + 1) * log_sectors::sector_bytes - 100);
  killed.write();
  CHECK(mend_log(killed.path(), true).lost_commits == 0);
  killed.log.resize(killed.log.size() + 100, '\xAA');
  killed.write();
  const LogMending mending = mend_log(killed.path(), true);
  CHECK(mending.bits == 0);
  CHECK(mending.lost_commits == 0);
}

TEST_CASE("log: a bit of the middle is put back, and the journal says so") {
  Killed killed;
  REQUIRE(killed.frames() > 12);
  const char was = killed.log[6 * log_sectors::sector_bytes + 2000];
  killed.spoil(5, 2000, std::string(1, static_cast<char>(was ^ 4)));
  JournalCore core = open_journal(killed.directory);
  CHECK(payloads(read_all(core, 1)) == "abcdefghijklmnopqrst");
  CHECK(core.epoch() == killed.epoch);
  CHECK(core.report().log_damage.bits == 1);
  CHECK(core.report().log_damage.lost_commits == 0);
  CHECK(killed.damaged_copies() == 0);
}

TEST_CASE("log: damage beyond mending is told, kept, and draws a new epoch") {
  Killed killed;
  killed.spoil(5, 2000, std::string(512, '\x5A'));
  JournalCore core = open_journal(killed.directory);
  CHECK(read_all(core, 1).size() < 20);
  CHECK(core.epoch() != killed.epoch);
  CHECK(core.report().log_damage.lost_commits > 0);
  CHECK(killed.damaged_copies() == 1);
  core.reopen();
  CHECK(core.report().log_damage.lost_commits > 0);
  CHECK(killed.damaged_copies() == 1);
}

TEST_CASE("log: where commits are lost, a segment that one of them may have made is kept") {
  Killed killed;
  const std::string segment = killed.directory.database() + "-7ffe000000000010";
  const auto aside = [&] {
    for (const auto& entry : std::filesystem::directory_iterator(killed.directory.path())) {
      if (entry.path().string().starts_with(segment + ".damaged-")) return true;
    }
    return false;
  };
  std::ofstream(segment) << "data";
  {
    const Directory sound = killed.directory.copy();
    JournalCore core = open_journal(sound);
    core.commit();
    CHECK_FALSE(std::filesystem::exists(sound.database() + "-7ffe000000000010"));
  }
  killed.spoil(5, 2000, std::string(512, '\x5A'));
  JournalCore core = open_journal(killed.directory);
  core.commit();
  CHECK(aside());
  CHECK_FALSE(std::filesystem::exists(segment));
}

TEST_CASE("log: who only looks changes nothing") {
  Killed killed;
  killed.spoil(5, 2000, std::string(512, '\x5A'));
  JournalSettings settings = journal_settings(killed.directory);
  settings.look_only = true;
  const std::string file = bytes_of_file(killed.directory.database());
  { const JournalCore core(settings, "store-42", {}); }
  CHECK(killed.damaged_copies() == 0);
  CHECK(bytes_of_file(killed.path()) == killed.log);
  CHECK(bytes_of_file(killed.directory.database()) == file);
}
