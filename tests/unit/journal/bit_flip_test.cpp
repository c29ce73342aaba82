// A bit that changes on the medium is found, or it changes nothing: each is flipped in a small
// journal, in the database, in the log and in a segment. BASCULE_FLIPS sets how many are, evenly
// spread (0: each one), BASCULE_FLIP_SEED which.
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>

#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

std::uint64_t number(const char* name, std::uint64_t usual) {
  const char* text = std::getenv(name);
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

using Files = std::map<std::string, std::string>;  // content by name

Files files_of(const Directory& directory) {
  Files files;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("journal.db")) files[name] = bytes_of_file(entry.path().string());
  }
  return files;
}

void put(const Directory& directory, const Files& files) {
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    std::filesystem::remove(entry.path());
  }
  for (const auto& [name, bytes] : files) {
    std::ofstream(directory.path() + "/" + name, std::ios::binary) << bytes;
  }
}

// Messages that wait and that have crossed, and some of all else there is. In the log, as kill -9
// leaves them, or in the database.
Files small_journal(bool in_log) {
  const Directory directory;
  Files files;
  {
    JournalCore core = open_journal(directory);
    core.enter_session(Direction::up, {"site", false});
    core.enter_session(Direction::down, {"central", false});
    fill(core, 18);
    for (const std::size_t bytes : {4'500, 6'000}) store(core, {{1, "t", std::string(bytes, 'x')}});
    store(core, {{.topic = "state", .payload = "on", .retain = true}});
    core.progress(told(1, 1, 8, 8 * Put().bytes()));
    core.progress(told(1, 12, 14, 3 * Put().bytes()));
    core.progress(told(1, 16, 16, Put().bytes(), Fate::expired));
    core.commit();
    files = files_of(directory);
  }
  return in_log ? files : files_of(directory);
}

// What rows have in segments.
std::string dump_of_segments(const Directory& directory, Database& database) {
  std::string all;
  database.prepared("SELECT segment, place, bytes FROM batch WHERE segment IS NOT NULL")
      .bind()
      .each([&](const Statement& row) {
        std::ostringstream path;
        path << directory.database() << '-' << std::hex << row.number(0);
        const std::string file =
            std::filesystem::exists(path.str()) ? bytes_of_file(path.str()) : "gone";
        all += file.substr(std::min<std::uint64_t>(row.number(1), file.size()), row.number(2));
      });
  return all;
}

// Everything that is stored, as one who ignores all checksums of ours reads it.
std::string dump(const Directory& directory) {
  std::string all;
  try {
    Database database(directory.database());
    database.execute("PRAGMA locking_mode=EXCLUSIVE");
    for (const std::string table : {"meta", "boot", "lane", "tally", "session", "seen", "retained",
                                    "loss", "batch", "segment", "sqlite_schema"}) {
      const std::string columns = database.text(
          "SELECT group_concat('quote(' || name || ')', ' || ') FROM pragma_table_info('" + table +
          "')");
      all += database.text("SELECT group_concat(" + columns + ", ';') FROM " + table) + '\n';
    }
    all += dump_of_segments(directory, database);
  } catch (const DatabaseError& e) {
    all += e.what();
  }
  return all;
}

// Whether who opens it is told: it cannot be opened or read, or a row does not fit its checksum.
bool noticed(const Directory& directory) {
  try {
    JournalCore core = open_journal(directory);
    for (const LaneState& lane : core.lanes()) {
      std::uint64_t from = 1;
      while (true) {
        const auto batches = core.read(lane.id, from, 1 << 20);
        if (batches.empty()) break;
        for (const BatchPtr& batch : batches) {
          RecordReader reader(lane.id, batch->first, batch->chain, batch->data,
                              RecordReader::Check::checksums);
          while (reader.next()) {
          }
          if (!reader.ok()) return true;
          from = batch->last() + 1;
        }
      }
    }
    core.positions(Direction::up, {});
    core.commit();
    return !losses(core).empty();
  } catch (const std::exception&) {
    return true;
  }
}

struct Counts {
  std::uint64_t mended = 0, left = 0, noticed = 0, harmless = 0, silent = 0;
  std::string where;  // of the first that are silent
};

void flip(Files files, const std::string& name, std::uint64_t bit, const std::string& sound,
          const Directory& place, Counts& counts) {
  files[name][bit / 8] = static_cast<char>(files[name][bit / 8] ^ (1 << (bit % 8)));
  put(place, files);
  const LogMending log = mend_log(place.path() + "/journal.db-log", true);
  CHECK(log.lost_commits == 0);
  counts.left += log.left;
  if (dump(place) == sound) {
    ++(log.any() ? counts.mended : counts.harmless);
    return;
  }
  CHECK(log.bits == 0);
  put(place, files);
  if (noticed(place)) {
    ++counts.noticed;
    return;
  }
  if (++counts.silent <= 40) counts.where += name + " " + std::to_string(bit / 8) + "; ";
}

Counts flip_all(const std::string& name, const Files& files, std::uint64_t usual = 1'000) {
  const Directory place;
  put(place, files);
  const std::string sound = dump(place);
  REQUIRE(sound.find("epoch") != std::string::npos);
  const std::uint64_t bits = files.at(name).size() * 8;
  const std::uint64_t wanted = number("BASCULE_FLIPS", usual);
  const std::uint64_t step = wanted == 0 ? 1 : std::max<std::uint64_t>(1, bits / wanted);
  std::mt19937_64 random(number("BASCULE_FLIP_SEED", 1));
  Counts counts;
  for (std::uint64_t at = 0; at < bits; at += step) {
    flip(files, name, std::min(at + random() % step, bits - 1), sound, place, counts);
  }
  MESSAGE(name, " of ", bits / 8, " bytes: mended ", counts.mended, ", left in their page ",
          counts.left, ", noticed ", counts.noticed, ", harmless ", counts.harmless, ", silent ",
          counts.silent, ": ", counts.where);
  return counts;
}

}  // namespace

// What is left in its page is as one of the database is.
TEST_CASE("bit flip: in the log no commit is lost, and what can be told is put back") {
  const Counts counts = flip_all("journal.db-log", small_journal(true));
  CHECK(counts.mended > 10 * (counts.noticed + counts.silent));
  CHECK(counts.noticed + counts.silent <= counts.left);
}

// SQLite's pages have no checksums, so what is not of a message can change without a word.
TEST_CASE("bit flip: in the database a message is never another") {
  const Counts counts = flip_all("journal.db", small_journal(false));
  CHECK(counts.noticed > 0);
}

TEST_CASE("bit flip: in a segment it is noticed, or it is in nobody's message") {
  const Files files = small_journal(false);
  const auto segment = std::ranges::find_if(
      files, [](const auto& file) { return file.first.starts_with("journal.db-7"); });
  REQUIRE(segment != files.end());
  REQUIRE(segment->second.size() > 14'000);
  const Counts counts = flip_all(segment->first, files, 200);
  CHECK(counts.silent == 0);
  CHECK(counts.noticed > 2 * counts.harmless);
  CHECK(counts.harmless > 0);  // between two rows
}
