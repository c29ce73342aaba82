// The promises of the journal under any sequence of operations, against a model that holds every
// message in memory: the books balance (P8), sequences have no gap, a cursor moves only over what
// was resolved (P3), and what was committed and waits is read once, in order, as it was.
#include <map>
#include <memory>
#include <numeric>

#include "support/journal_probe.hpp"
#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

struct Operation {
  int kind = 0;
  unsigned a = 0, b = 0, c = 0;
};

std::ostream& operator<<(std::ostream& out, const Operation& op) {
  return out << '{' << op.kind << ' ' << op.a << ' ' << op.b << ' ' << op.c << '}';
}

std::vector<LaneSettings> lanes() {
  LaneSettings oldest = lane_settings("oldest"), newest = lane_settings("newest");
  oldest.max_size_bytes = newest.max_size_bytes = 400;
  oldest.when_full = WhenFull::drop_oldest;
  newest.when_full = WhenFull::drop_newest;
  LaneSettings brief = lane_settings("brief"), state = lane_settings("state");
  brief.ttl_ms = 0;
  state.keep = Keep::latest;
  return {oldest, newest, brief, state};
}

constexpr LaneId modelled = 5;  // default and the four above, all of them up

class Model {
 public:
  Model() { open(); }

  void run(const Operation& op) {
    switch (op.kind) {
      case 0:
      case 1:
        append(op);
        break;
      case 2:
      case 3:
        resolve(op);
        break;
      case 4:
        core_->commit();
        committed();
        break;
      case 5:
        redeliver();
        break;
      case 6:
        core_->maintain();
        committed_but_for_cursors();
        break;
      case 7:
        close_and_open();
        break;
      case 8:
        crash();
        break;
      case 9:
        reopen();
        break;
      case 10:
        tally(op);
        break;
      default:
        core_->enter_session(Direction::up, {"broker", false});
        session_known_ = false;
    }
    check_books();
  }

  void end() {
    core_->commit();
    committed();
    check_messages();
  }

 private:
  void open() {
    JournalSettings settings = journal_settings(directory_);
    settings.keep_forwarded_ms = 0;
    core_ = std::make_unique<JournalCore>(settings, "store-42", lanes());
  }

  void append(const Operation& op) {
    std::vector<Put> messages;
    for (unsigned i = 0; i < 1 + op.a % 5; ++i) {
      Put put;
      put.lane = static_cast<LaneId>(1 + (op.b + i * op.c) % modelled);
      put.topic = "t" + std::to_string((op.c + i) % 3);
      put.payload = std::to_string(++count_) + std::string((op.b * 7 + i) % 90, 'x');
      put.receipt = {static_cast<std::uint32_t>(count_), static_cast<std::uint16_t>(count_), 0};
      messages.push_back(put);
    }
    RC_ASSERT(test::append(*core_, messages) == AppendResult::stored);
    for (const Put& put : messages) written_[put.lane].push_back(put);
    received_ += messages.size();
    last_ = messages;
    session_known_ = true;
    last_committed_ = false;
    for (LaneId lane = 1; lane <= modelled; ++lane) {
      RC_ASSERT(lane_of(*core_, lane).next == written_[lane].size() + 1);
    }
  }

  // A forwarder tells what became of some that wait, in any order.
  void resolve(const Operation& op) {
    const auto lane = static_cast<LaneId>(1 + op.a % modelled);
    const LaneState& state = lane_of(*core_, lane);
    const std::uint64_t end = std::min(state.next, kept_[lane] + 1);  // committed ones
    if (state.cursor + 1 >= end) return;
    const std::uint64_t first = state.cursor + 1 + op.b % (end - state.cursor - 1);
    const std::uint64_t last = std::min(end - 1, first + op.c % 6);
    Progress progress;
    progress.lane = lane;
    for (const SequenceRange& range : state.backlog_in(first, last)) {
      progress.parts.push_back(
          {range.first, range.last, bytes(lane, range), static_cast<Fate>((op.b + op.c) % 4)});
      // The others were given up since the commit, and wait again if that fails.
      told_[lane].push_back(range);
    }
    core_->progress(std::move(progress));
    for (std::uint64_t s = first; s <= last; ++s) RC_ASSERT(lane_of(*core_, lane).resolved(s));
  }

  // The broker saw no acknowledgement and sends its last messages again. Those of a lane that drops
  // nothing are known.
  void redeliver() {
    if (!session_known_) return;
    std::vector<Put> again;
    for (Put put : last_) {
      put.duplicate = true;
      if (put.lane == 1) again.push_back(put);
    }
    if (again.empty()) return;
    AppendGroup group = group_of(again);
    RC_ASSERT(core_->append(group) == AppendResult::stored);
    RC_ASSERT(group.tally.repeats == again.size());
    received_ += again.size();
    RC_ASSERT(lane_of(*core_, 1).next == written_[1].size() + 1);
  }

  void tally(const Operation& op) {
    AppendGroup group;
    group.received = op.a % 7;
    group.tally.unrouted = group.received;
    RC_ASSERT(core_->append(group) == AppendResult::stored);
    received_ += group.received;
  }

  void committed() {
    for (LaneId lane = 1; lane <= modelled; ++lane) {
      kept_[lane] = written_[lane].size();
      told_[lane].clear();
    }
    saved_ = least_ = core_->lanes();
    kept_received_ = received_;
    last_committed_ = true;
    check_messages();
  }

  // What has crossed may wait for a later commit.
  void committed_but_for_cursors() {
    const auto told = told_;
    const auto least = least_;
    committed();
    told_ = told;
    least_ = least;
  }

  void forget_uncommitted() {
    for (LaneId lane = 1; lane <= modelled; ++lane) written_[lane].resize(kept_[lane]);
    received_ = kept_received_;
    if (!last_committed_) session_known_ = false;
  }

  void close_and_open() {
    core_->commit();
    committed();
    core_.reset();
    open();
    check_as_saved();
  }

  // The process ends anywhere; only what was committed is there, and all of it.
  void crash() {
    if (saved_.empty()) committed_at_start();
    Directory left = directory_.copy();
    core_.reset();
    directory_ = std::move(left);
    open();
    forget_uncommitted();
    for (auto& [lane, ranges] : told_) ranges.clear();
    check_as_saved();
    saved_ = least_ = core_->lanes();
    check_messages();
  }

  // A commit failed: what a forwarder told is not told again, so it must stand.
  void reopen() {
    if (saved_.empty()) committed_at_start();
    core_->reopen();
    forget_uncommitted();
    for (const auto& [lane, ranges] : told_) {
      for (const SequenceRange& range : ranges) {
        for (std::uint64_t s = range.first; s <= range.last; ++s) {
          RC_ASSERT(lane_of(*core_, lane).resolved(s));
        }
      }
    }
    committed();
  }

  void committed_at_start() {
    for (LaneId lane = 1; lane <= modelled; ++lane) kept_[lane] = 0;
  }

  void check_as_saved() {
    for (const LaneState& before : saved_) {
      const LaneState& after = lane_of(*core_, before.id);
      RC_ASSERT(after.next == before.next);
      for (std::uint64_t s = 1; s < after.next; ++s) {
        const bool lasting = before.id <= least_.size() && least_[before.id - 1U].resolved(s);
        if (lasting) RC_ASSERT(after.resolved(s));
        if (after.resolved(s)) RC_ASSERT(before.resolved(s));
      }
      if (after.cursor != before.cursor || after.done.ranges() != before.done.ranges()) continue;
      for (int fate = 0; fate < 4; ++fate) RC_ASSERT(after.fates[fate] == before.fates[fate]);
      RC_ASSERT(after.backlog_bytes() == before.backlog_bytes());
    }
  }

  void check_books() {
    std::uint64_t journaled = 0;
    for (const LaneState& lane : core_->lanes()) {
      RC_ASSERT(lane.balanced());
      if (lane.direction == Direction::up) journaled += lane.journaled();
      RC_ASSERT(lane.backlog_bytes() == bytes_waiting(lane));
    }
    const JournalReport report = core_->report();
    const Tally& tally = report.tallies[Direction::up];
    RC_ASSERT(report.received[Direction::up] == received_);
    RC_ASSERT(received_ == journaled + tally.unrouted + tally.repeats + tally.refused);
  }

  void check_messages() {
    std::map<LaneId, std::uint64_t> ledger;
    for (const Loss& loss : losses(*core_)) {
      RC_ASSERT(loss.reason != "damaged");
      ledger[loss.lane] += loss.count;
    }
    for (LaneId lane = 1; lane <= modelled; ++lane) {
      std::vector<Got> expected;
      const LaneState& state = lane_of(*core_, lane);
      for (const SequenceRange& range : state.backlog_in(1, state.next - 1)) {
        for (std::uint64_t s = range.first; s <= range.last; ++s) {
          const Put& put = written_[lane][s - 1];
          expected.push_back({s, put.topic, put.payload});
        }
      }
      RC_ASSERT(read_backlog(*core_, lane) == expected);
      // Whatever did not cross is in the ledger; what the test itself calls evicted is not.
      RC_ASSERT(ledger[lane] <= state.count(Fate::evicted) + state.count(Fate::expired));
      RC_ASSERT(ledger[lane] >= state.count(Fate::expired));
    }
  }

  std::uint64_t bytes(LaneId lane, const SequenceRange& range) const {
    std::uint64_t sum = 0;
    for (std::uint64_t s = range.first; s <= range.last; ++s)
      sum += written_.at(lane)[s - 1].bytes();
    return sum;
  }
  std::uint64_t bytes_waiting(const LaneState& lane) const {
    std::uint64_t sum = 0;
    for (const SequenceRange& range : lane.backlog_in(1, lane.next - 1))
      sum += bytes(lane.id, range);
    return sum;
  }

  Directory directory_;
  std::unique_ptr<JournalCore> core_;
  std::map<LaneId, std::vector<Put>> written_;         // by sequence - 1
  std::map<LaneId, std::uint64_t> kept_;               // how many of them were committed
  std::map<LaneId, std::vector<SequenceRange>> told_;  // since the last commit
  std::vector<LaneState> saved_;                       // as of the last commit
  std::vector<LaneState> least_;                       // and of the last that had the cursors
  std::uint64_t received_ = 0, kept_received_ = 0;
  std::vector<Put> last_;
  bool session_known_ = false, last_committed_ = false;
  int count_ = 0;
};

}  // namespace

TEST_CASE("journal: it keeps its promises under any sequence of operations") {
  check_property("model", [] {
    const auto number = rc::gen::inRange(0U, 1'000U);
    const auto operations = *rc::gen::container<std::vector<Operation>>(rc::gen::build<Operation>(
        rc::gen::set(&Operation::kind, rc::gen::inRange(0, 12)),
        rc::gen::set(&Operation::a, number), rc::gen::set(&Operation::b, number),
        rc::gen::set(&Operation::c, number)));
    Model model;
    for (const Operation& operation : operations) model.run(operation);
    model.end();
  });
}
