// Power cuts with sync: normal. What was committed may be lost; but no number is given to two
// messages, so nobody who knows repeats by them takes a new message for one.
// BASCULE_LIVES sets how many lives there are, BASCULE_CUT_SEED which.
#include <set>

#include "support/crash_vfs.hpp"
#include "support/journal_probe.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr auto full = JournalSettings::Sync::full, normal = JournalSettings::Sync::normal;
constexpr LaneId lanes = 2;

// A machine with a journal on its disk.
class Machine {
 public:
  explicit Machine(std::uint64_t seed) : random(seed) {
    disk.before_change = [this] { change(); };
  }

  std::unique_ptr<JournalCore> open(JournalSettings::Sync sync) {
    JournalSettings settings = journal_settings(directory_);
    settings.sync = sync;
    settings.boot = "boot " + std::to_string(boot);
    return std::make_unique<JournalCore>(settings, "store-42", std::vector{lane_settings("sales")});
  }

  // At the n-th change of the disk from now on the power goes, or the process is killed.
  void cut_at(std::uint64_t n) { cut_in_ = n; }
  void kill_at(std::uint64_t n) { kill_in_ = n; }
  void spare() { cut_in_ = kill_in_ = 0; }
  bool ended() const { return disk.broken; }
  bool dark() const { return left_.has_value(); }

  void start_again() {  // in the same boot
    disk.broken = false;
    spare();
  }
  void cut() { left_ = disk.cut(random); }
  void restart() {  // after a cut, or in order
    if (!left_) {
      for (auto& [path, file] : disk.files) file->sync();
      left_ = disk.cut(random);
    }
    disk.start(*left_);
    left_.reset();
    spare();
    ++boot;
  }

  std::mt19937_64 random;
  CrashDisk disk;
  std::uint64_t boot = 1;

 private:
  void change() {
    if (cut_in_ != 0 && --cut_in_ == 0) {
      cut();
      disk.broken = true;
    }
    if (kill_in_ != 0 && --kill_in_ == 0) disk.broken = true;
  }

  Directory directory_;
  std::uint64_t cut_in_ = 0, kill_in_ = 0;
  std::optional<CrashDisk::Files> left_;
};

// Lives of a journal, one after the other, with a broker that keeps what it gets and a bookmark.
class Lives {
 public:
  explicit Lives(std::uint64_t seed) : machine_(seed), random_(machine_.random) {}

  void live() {
    const auto sync = random_() % 4 == 0 ? full : normal;
    const auto n = 1 + random_() % 150;
    if (random_() % 4 != 0) random_() % 3 == 0 ? machine_.kill_at(n) : machine_.cut_at(n);
    bool opened = false, closing = false;
    try {
      auto core = machine_.open(sync);
      opened = !machine_.ended();
      if (opened) begin(*core, sync);
      for (auto steps = random_() % 40; steps > 0 && !machine_.ended(); --steps) step(*core);
      closing = !machine_.ended();
    } catch (const std::exception&) {
      REQUIRE(machine_.ended());
    }
    if (closing && !machine_.ended()) marked_ = 0;
    if (closing && machine_.ended()) unsure_ = true;
    if (!opened && (marked_ == 0 || marked_ == machine_.boot)) unsure_ = true;
    between();
  }

  std::uint64_t renewed = 0, skipped = 0;

 private:
  void begin(JournalCore& core, JournalSettings::Sync sync) {
    const bool lost = marked_ != 0 && marked_ != machine_.boot;
    if (!epoch_.empty() && !unsure_) CHECK((core.epoch() != epoch_) == lost);
    if (lost) ++renewed;
    epoch_ = core.epoch();
    marked_ = sync == normal ? machine_.boot : 0;
    unsure_ = false;
    connect(core);
  }

  // What the broker knows never looks like a loss, and is believed where it is true.
  void connect(JournalCore& core) {
    const std::uint64_t before = lane_of(core, 1).cursor + lane_of(core, 2).cursor;
    for (const LanePosition& at : core.positions(Direction::up, far_)) CHECK(at.replay_next == 0);
    skipped += lane_of(core, 1).cursor + lane_of(core, 2).cursor - before;
    CHECK(core.epoch() == epoch_);
    for (LaneId lane = 1; lane <= lanes; ++lane) {
      for (const Got& got : read_all(core, lane)) {
        if (got.sequence <= lane_of(core, lane).cursor) CHECK(received_.contains(got.payload));
      }
    }
    core.commit();
  }

  void step(JournalCore& core) {
    switch (random_() % 16) {
      case 0:
        return core.store().checkpoint(random_() % 2 == 0 ? Database::Sync::now
                                                          : Database::Sync::later);
      case 1:
        return core.reopen();
      case 2:
      case 3:
        return connect(core);
      case 4:
      case 5:
        return write_bookmark(core);
      case 6:
      case 7:
      case 8:
      case 9:
        return forward(core, static_cast<LaneId>(1 + random_() % lanes));
      default:
        append(core);
    }
  }

  void append(JournalCore& core) {
    const auto lane = static_cast<LaneId>(1 + random_() % lanes);
    std::vector<Put> messages(1 + random_() % 4);
    for (Put& put : messages) {
      put.lane = lane;
      put.payload = std::to_string(++payload_) + std::string(random_() % 2'000, '.');
    }
    std::uint64_t sequence = lane_of(core, lane).next;
    store(core, messages);
    if (machine_.ended()) return;
    for (const Put& put : messages) give({core.epoch(), lane, sequence++}, put.payload);
  }

  void forward(JournalCore& core, LaneId lane) {
    const auto pending = read_backlog(core, lane);
    const auto count = std::min<std::uint64_t>(pending.size(), random_() % 6);
    if (count == 0) return;
    for (std::uint64_t i = 0; i < count; ++i) {
      give({core.epoch(), lane, pending[i].sequence}, pending[i].payload);
      received_.insert(pending[i].payload);
    }
    core.progress(told(lane, pending[0].sequence, pending[count - 1].sequence));
    if (random_() % 2 == 0) core.commit();
  }

  void write_bookmark(JournalCore& core) {
    far_ = {true, true, true, false, core.epoch(), 0, {}, {}};
    for (LaneId id = 1; id <= lanes; ++id) {
      const LaneState& lane = lane_of(core, id);
      far_.lanes[lane.name] = lane.cursor;
      Progress progress;
      progress.lane = id;
      progress.confirmed = lane.cursor;
      if (random_() % 2 == 0) core.progress(progress);
    }
  }

  using Number = std::tuple<std::string, LaneId, std::uint64_t>;
  void give(const Number& number, const std::string& payload) {
    CHECK(given_.emplace(number, payload).first->second == payload);
  }

  void between() {
    if (!machine_.dark() && random_() % 4 == 0) machine_.cut();
    if (machine_.dark() || random_() % 3 == 0) return machine_.restart();
    machine_.start_again();
  }

  Machine machine_;
  std::mt19937_64& random_;
  std::string epoch_;         // of the last journal that was open
  std::uint64_t marked_ = 0;  // the boot that has its mark in the journal
  bool unsure_ = false;       // it ended while that was written
  std::uint64_t payload_ = 0;
  std::map<Number, std::string> given_;
  std::set<std::string> received_;
  FarKnowledge far_;
};

}  // namespace

TEST_CASE("epoch: no number is given to two messages, however often the power goes") {
  const std::uint64_t wanted = from_environment("BASCULE_LIVES", 1'000);
  std::uint64_t seed = from_environment("BASCULE_CUT_SEED", 1);
  std::uint64_t renewed = 0, skipped = 0;
  for (std::uint64_t count = 0; count < wanted; ++seed) {
    CAPTURE(seed);
    Lives lives(seed);
    for (int i = 0; i < 20; ++i, ++count) lives.live();
    renewed += lives.renewed;
    skipped += lives.skipped;
  }
  CHECK(renewed > wanted / 20);
  CHECK(skipped > 0);
  MESSAGE(renewed << " new epochs in " << wanted << " lives, " << skipped << " not sent again");
}

TEST_CASE("epoch: the mark is on the disk before the journal is open, also after a kill") {
  for (std::uint64_t n = 1;; ++n) {
    Machine machine(n);
    const std::string epoch = machine.open(full)->epoch();
    machine.kill_at(n);
    try {
      machine.open(normal);
    } catch (const JournalError&) {
    }
    const bool enough = !machine.ended();
    machine.start_again();
    auto core = machine.open(normal);
    CHECK(core->epoch() == epoch);
    machine.cut();
    core.reset();
    machine.restart();
    CHECK(machine.open(normal)->epoch() != epoch);
    if (enough) break;
  }
}

TEST_CASE("epoch: cut at any moment of the opening that renews it, it is renewed by the next") {
  for (std::uint64_t n = 1;; ++n) {
    Machine machine(n);
    auto core = machine.open(normal);
    const std::string epoch = core->epoch();
    machine.cut();
    core.reset();
    machine.restart();
    machine.cut_at(n);
    try {
      machine.open(normal);
    } catch (const JournalError&) {
    }
    const bool enough = !machine.ended();
    if (enough) {
      machine.spare();
    } else {
      machine.restart();
    }
    CHECK(machine.open(n % 2 == 0 ? full : normal)->epoch() != epoch);
    if (enough) break;
  }
}

TEST_CASE("epoch: cut at any moment of the closing, it is a new one or nothing is lost") {
  std::uint64_t kept = 0;
  for (std::uint64_t n = 1;; ++n) {
    Machine machine(n);
    auto core = machine.open(normal);
    const std::string epoch = core->epoch();
    fill(*core, 20);
    machine.cut_at(n);
    core.reset();
    const bool enough = !machine.ended();
    if (enough) machine.cut();
    machine.restart();
    core = machine.open(normal);
    if (core->epoch() == epoch) {
      ++kept;
      CHECK(read_all(*core, 1).size() == 20);
    }
    if (enough) {
      CHECK(core->epoch() == epoch);
      break;
    }
  }
  CHECK(kept > 1);
}
