// Journals with a hole in them, salvaged and compared with what was in them: every row whose pages
// are whole comes through, every message that does not is in the ledger or behind where the report
// says that more may be lost, nothing is invented, and order stays. BASCULE_SALVAGES sets how many,
// BASCULE_SALVAGE_SEED the first.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "journal/salvage/salvage.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr std::size_t page_bytes = 4'096;

std::uint64_t number(const char* name, std::uint64_t usual) {
  const char* text = std::getenv(name);
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

struct Stored {
  Got message;
  bool waits = false;
  std::vector<std::string> marks;  // what its row is found by in the file
  bool apart = false;              // its row is short, and its data in a segment
};

using Lanes = std::map<LaneId, std::vector<Stored>>;

struct World {
  explicit World(std::uint64_t seed) : random(seed) {}

  std::uint64_t draw(std::uint64_t below) { return random() % below; }
  bool one_in(std::uint64_t n) { return draw(n) == 0; }

  // A mark every kilobyte, so that each page of it has one.
  std::string payload(LaneId lane, std::uint64_t serial) {
    std::size_t bytes = 20 + draw(300);
    if (one_in(15)) bytes = 2'000 + draw(12'000);
    std::string text;
    while (text.size() < bytes) {
      marks.push_back("<" + std::to_string(lane) + "/" + std::to_string(serial) + "/" +
                      std::to_string(text.size()) + ">");
      text += marks.back() + std::string(std::min<std::size_t>(900, bytes), '.');
    }
    return text;
  }

  // Closed, or as a kill leaves it. The epoch is the seed's, for the checksums begin with it, and
  // how long they are in a row says where pages end.
  void fill_journal() {
    const std::vector<LaneSettings> settings{lane_settings("sales"), lane_settings("media")};
    { open_journal(directory, settings); }
    sql(directory, "UPDATE meta SET value='" + std::to_string(10'000'000 + draw(10'000'000)) +
                       "aaaaaaaa' WHERE key='epoch'");
    JournalCore core = open_journal(directory, settings);
    epoch = core.epoch();
    const std::uint64_t commits = 30 + draw(300);
    for (std::uint64_t i = 0; i < commits; ++i) {
      std::vector<Put> group;
      const auto lane = static_cast<LaneId>(1 + draw(3));
      marks.clear();
      for (std::uint64_t n = 1 + draw(one_in(5) ? 40 : 4); n > 0; --n) {
        group.push_back({lane, "t/" + std::to_string(draw(9)), payload(lane, ++serial)});
      }
      std::uint64_t sequence = lane_of(core, lane).next;
      store(core, group);
      std::uint64_t bytes = 0;
      for (const Put& put : group) bytes += put.bytes();
      const bool apart = bytes / group.size() >= 4'000;
      for (const Put& put : group) {
        stored[lane].push_back({{sequence++, put.topic, put.payload}, true, marks, apart});
      }
      if (one_in(3)) cross(core, lane);
    }
    core.commit();
    for (auto& [lane, messages] : stored) {
      for (Stored& one : messages) one.waits = !lane_of(core, lane).resolved(one.message.sequence);
    }
    if (one_in(2)) killed.emplace(directory.copy());
  }

  void cross(JournalCore& core, LaneId lane) {
    const LaneState& state = lane_of(core, lane);
    const std::uint64_t waiting = state.next - 1 - state.cursor;
    if (waiting == 0 || !state.done.empty()) return;
    const std::uint64_t first = state.cursor + 1 + (one_in(8) ? draw(waiting) : 0);
    const std::uint64_t last = first + draw(state.next - first);
    std::uint64_t bytes = 0;
    for (const Stored& one : stored[lane]) {
      if (one.message.sequence < first || one.message.sequence > last) continue;
      bytes += record_header_bytes + one.message.topic.size() + one.message.payload.size();
    }
    core.progress(told(lane, first, last, bytes));
  }

  const Directory& place() const { return killed ? *killed : directory; }

  // Punches the hole; notes which messages have lost a page.
  void damage() {
    const std::string path = place().database();
    std::string file = bytes_of_file(path);
    const std::string whole = file;
    const std::uint64_t pages = file.size() / page_bytes;
    std::uint64_t from = draw(file.size()), to = 0;
    switch (draw(5)) {
      case 0:  // the first page
        from = 0;
        to = one_in(2) ? page_bytes : page_bytes * (1 + draw(3));
        break;
      case 1:  // cut off
        to = file.size();
        file.resize(from);
        break;
      case 2:  // one page
        from = draw(pages) * page_bytes;
        to = from + page_bytes;
        break;
      default:
        to = std::min<std::uint64_t>(file.size(), from + 1 + draw(file.size() / 3));
    }
    const bool zeros = one_in(2);
    for (std::uint64_t at = from; at < std::min<std::uint64_t>(to, file.size()); ++at) {
      file[at] = zeros ? '\0' : static_cast<char>(draw(256));
    }
    write_file(path, file);
    what = std::to_string(from) + " to " + std::to_string(to) + " of " +
           std::to_string(whole.size()) + (zeros ? " zeros" : "") + (killed ? ", killed" : "");
    const std::uint64_t first = from / page_bytes * page_bytes;
    const std::uint64_t last = (to + page_bytes - 1) / page_bytes * page_bytes;
    const std::string lost = whole.substr(first, last - first);
    for (const auto& [lane, messages] : stored) {
      for (const Stored& one : messages) {
        const bool hit = std::ranges::any_of(one.marks, [&](const std::string& mark) {
          return lost.find(mark) != lost.npos || crosses_edge(whole, mark, first, last);
        });
        if (hit || one.apart) hit_messages.insert({lane, one.message.sequence});
      }
    }
  }

  static bool crosses_edge(const std::string& whole, const std::string& mark, std::uint64_t first,
                           std::uint64_t last) {
    for (const std::uint64_t edge : {first, last}) {
      const std::uint64_t from = edge < mark.size() ? 0 : edge - mark.size();
      if (whole.substr(from, 2 * mark.size()).find(mark) != whole.npos) return true;
    }
    return false;
  }

  std::mt19937_64 random;
  Directory directory;
  std::optional<Directory> killed;
  std::string epoch, what;
  std::uint64_t serial = 0;
  std::vector<std::string> marks;
  Lanes stored;
  std::set<std::pair<LaneId, std::uint64_t>> hit_messages;
};

struct Totals {
  std::uint64_t rows = 0, hit = 0, waiting = 0, named = 0, behind = 0, damaged = 0;
};

void compare(World& world, const SalvageReport& report, Totals& totals) {
  JournalCore core = open_journal(world.place());
  CHECK(core.epoch() != world.epoch);
  const std::vector<Loss> ledger = core.store().losses().newest(100'000);
  for (const auto& [lane, messages] : world.stored) {
    const auto& told_of = report.lanes.at(lane - 1U);
    std::map<std::uint64_t, Got> came;
    std::uint64_t before = 0;
    for (const Got& got : read_backlog(core, lane)) {
      CHECK(got.sequence > before);
      before = got.sequence;
      came[got.sequence] = got;
    }
    CHECK(told_of.waiting == came.size());
    const std::uint64_t open_from = told_of.open_from, next = lane_of(core, lane).next;
    CAPTURE(open_from);
    CAPTURE(next);
    for (const Stored& one : messages) {
      const std::uint64_t sequence = one.message.sequence;
      const bool hit = world.hit_messages.contains({lane, sequence});
      ++totals.rows;
      totals.hit += hit ? 1 : 0;
      const auto found = came.find(sequence);
      if (found != came.end()) {
        CHECK(found->second == one.message);
        came.erase(found);
        ++totals.waiting;
        continue;
      }
      const BatchPtr kept = core.store().batches().read(lane, sequence);
      const bool there = kept != nullptr && kept->first <= sequence;
      const bool lost = std::ranges::any_of(ledger, [&](const Loss& loss) {
        return loss.lane == lane && loss.first <= sequence && loss.last >= sequence;
      });
      const bool behind = told_of.open_from != 0 && sequence >= told_of.open_from;
      if (!hit && !told_of.nameless) CHECK_MESSAGE(there, lane, " ", sequence);
      if (!one.waits) continue;
      CHECK_MESSAGE((lost || behind), "nobody tells of ", lane, " ", sequence);
      if (!hit && !told_of.nameless) CHECK_MESSAGE(false, "is not waiting: ", lane, " ", sequence);
      ++(lost ? totals.named : totals.behind);
    }
    CHECK_MESSAGE(came.empty(), "invented in lane ", lane);
  }
  store(core, {{1, "t", "new"}});
  CHECK(read_backlog(core, 1).back().payload == "new");
}

}  // namespace

TEST_CASE("salvage: with any hole in it, what is whole comes through and what is not is told") {
  const std::uint64_t first = number("BASCULE_SALVAGE_SEED", 1);
  const std::uint64_t count = number("BASCULE_SALVAGES", 60);
  Totals totals;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    World world(seed);
    world.fill_journal();
    world.damage();
    CAPTURE(seed);
    CAPTURE(world.what);
    const std::string damaged = bytes_of_file(world.place().database());
    std::uint64_t done = 0, all = 0;
    const SalvageReport report =
        salvage(journal_settings(world.place()), "store-42", [&](auto now, auto total) {
          done = now;
          all = total;
        });
    CHECK(done == all);
    CHECK(bytes_of_file(report.aside + "/journal.db") == damaged);
    totals.damaged += report.damaged_pages > 0 ? 1 : 0;
    compare(world, report, totals);
  }
  MESSAGE(count, " journals, ", totals.damaged, " with damaged pages, ", totals.rows,
          " messages, of ", totals.hit, " a page was hit; ", totals.waiting, " wait, ",
          totals.named, " are lost and named, ", totals.behind, " behind an open end");
}
