// Random runs of a forwarder against a broker that accepts out of order, refuses, loses its session
// or falls back to an old backup, over restarts: P2, P3, P6 and P8 as properties. With `resend:
// all` everything gets there in the end; with `since-crash` what does not is in the ledger, and in
// the ledger is nothing that the broker did not lose after it was sent again.
#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <iostream>
#include <map>
#include <set>

#include "support/forwarder_case.hpp"
#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

const std::vector<std::string> lane_names{"default", "sales"};

struct FarBroker {
  std::set<std::uint64_t> has;
  std::optional<std::string> bookmark;
};

class Run {
 public:
  explicit Run(Resend resend)
      : bridge_({resending("default", 5, resend), resending("sales", 9, resend)}, 7) {
    watch();
  }

  void step(int kind, int amount) {
    switch (kind) {
      case 0:
      case 1:
        append(lane_names[kind], amount + 1);
        break;
      case 2:
      case 3:
        outcome(Outcome::Kind::accepted, amount, kind == 3);
        break;
      case 4:
        if (amount == 0) outcome(Outcome::Kind::refused, amount, true);
        break;
      case 5:
        reconnect_with_session(amount);
        break;
      case 6:
        reconnect_without_session(amount % 2 == 0);
        break;
      case 7:
        restart();
        break;
      case 8:
        backup_ = far_;
        backup_.bookmark = bridge_.retained;
        break;
      default:
        if (amount % 3 == 0) fall_back(amount == 0);
        break;
    }
    check_cursors();
  }

  void finish() {
    if (!up_) up(false);
    for (int round = 0; round < 1'000; ++round) {
      bridge_.settle();
      if (in_link_.empty()) break;
      outcome(Outcome::Kind::accepted, 3, true);
    }
    RC_ASSERT(in_link_.empty());
    check_cursors();
    for (const std::string& lane : lane_names) {
      const LaneState state = bridge_.journal.state(lane);
      RC_ASSERT(state.cursor == appended_[lane]);
      RC_ASSERT(state.replay_next == 0u);
      const auto unsent = ledger(lane);
      for (std::uint64_t sequence = 1; sequence <= appended_[lane]; ++sequence) {
        const std::uint64_t tag = bridge_.tag(lane, sequence);
        RC_ASSERT(far_.has.contains(tag) || refused_.contains(tag) || unsent.contains(sequence));
        if (unsent.contains(sequence)) RC_ASSERT(sent_[tag] > 1);
      }
    }
  }

 private:
  static LaneSettings resending(std::string name, int priority, Resend resend) {
    LaneSettings lane = lane_settings(std::move(name), priority);
    lane.resend = resend;
    return lane;
  }

  SequenceSet ledger(const std::string& lane) {
    SequenceSet unsent;
    bridge_.journal->inspect([&](JournalCore& core) {
      unsent = core.store().losses().unsent(core.lane(Direction::up, lane));
    });
    return unsent;
  }

  void watch() {
    bridge_.on_publish = [this](const Sent& sent) { published(sent.tag); };
  }

  // On the loop's thread; the test's own is waiting.
  void published(std::uint64_t tag) {
    if (in_link_.contains(tag)) wrong_ = "sent twice";
    const std::uint64_t lane_bits = tag >> 48 << 48;
    // Nothing that is older and has never had an outcome may be left behind.
    for (std::uint64_t older = lane_bits | 1; older < tag; ++older) {
      if (!settled_.contains(older) && !in_link_.contains(older)) wrong_ = "overtaken";
    }
    in_link_.insert(tag);
    ++sent_[tag];
    order_.push_back(tag);
  }

  void append(const std::string& lane, int count) {
    for (int i = 0; i < count; ++i) {
      RC_ASSERT(bridge_.journal.append(lane, "m") == AppendResult::stored);
      ++appended_[lane];
    }
    bridge_.settle();
  }

  void outcome(Outcome::Kind kind, int which, bool oldest) {
    if (!up_) up(false);
    if (order_.empty()) return;
    const std::size_t index = oldest ? 0 : static_cast<std::size_t>(which) % order_.size();
    const std::uint64_t tag = order_[index];
    order_.erase(order_.begin() + static_cast<std::ptrdiff_t>(index));
    in_link_.erase(tag);
    settled_.insert(tag);
    (kind == Outcome::Kind::accepted ? far_.has : refused_).insert(tag);
    bridge_.give(kind, {tag}, 0x99);
  }

  void up(bool session) {
    up_ = true;
    bridge_.journal->enter_session(Direction::down, {"broker", session});
    if (session) {
      bridge_.connect_with_session();
    } else {
      bridge_.connect();
    }
  }
  void down() {
    if (up_) bridge_.disconnect();
    up_ = false;
  }

  void reconnect_with_session(int while_down) {
    if (!up_) return;
    down();
    append("default", while_down);
    up(true);
  }

  void reconnect_without_session(bool lost_before_up) {
    down();
    if (lost_before_up) lose();
    up(false);
    if (!lost_before_up) lose();
  }

  void lose() {
    const std::vector<std::uint64_t> lost = std::exchange(order_, {});
    in_link_.clear();
    bridge_.lose(lost);
  }

  void restart() {
    up_ = false;
    order_.clear();
    in_link_.clear();
    bridge_.restart();
  }

  // The broker comes back as it was when the backup was made, without our session; perhaps the line
  // is cut before it could be asked what it has.
  void fall_back(bool cut_short) {
    down();
    lose();
    far_ = backup_;
    bridge_.retained = backup_.bookmark;
    if (cut_short) {
      bridge_.answers_own = false;
      up(false);
      bridge_.cut();
      bridge_.answers_own = true;
    }
    up(cut_short);
  }

  void check_cursors() {
    RC_ASSERT(wrong_ == "");
    for (const std::string& lane : lane_names) {
      const LaneState state = bridge_.journal.state(lane);
      RC_ASSERT(state.balanced());
      RC_ASSERT(state.journaled() == appended_[lane]);
      RC_ASSERT(state.count(Fate::expired) + state.count(Fate::evicted) == 0u);
      std::uint64_t contiguous = 0;
      while (settled_.contains(bridge_.tag(lane, contiguous + 1))) ++contiguous;
      RC_ASSERT(state.cursor <= contiguous);
      RC_ASSERT(bridge_.bookmarked(lane) <= contiguous);
    }
  }

  ForwarderCase bridge_;
  FarBroker far_, backup_;
  bool up_ = false;
  std::string wrong_;
  std::map<std::string, std::uint64_t> appended_;
  std::set<std::uint64_t> in_link_;
  std::map<std::uint64_t, int> sent_;
  std::vector<std::uint64_t> order_;  // in the link, as published
  std::set<std::uint64_t> settled_;   // has had an outcome other than lost, ever
  std::set<std::uint64_t> refused_;
};

void check_runs(Resend resend) {
  spdlog::set_level(spdlog::level::err);
  auto params = rc::detail::configuration().testParams;
  params.maxSuccess = std::min(params.maxSuccess, 100);  // each takes a journal or more
  const auto run_is_right = [resend] {
    const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(rc::gen::pair(
        rc::gen::weightedElement<int>(
            {{6, 0}, {4, 1}, {8, 2}, {8, 3}, {2, 4}, {2, 5}, {2, 6}, {1, 7}, {1, 8}, {1, 9}}),
        rc::gen::inRange(0, 6)));
    Run run(resend);
    for (const auto& [kind, amount] : steps) run.step(kind, amount);
    run.finish();
  };
  const auto result = rc::detail::checkTestable(
      run_is_right, rc::detail::TestMetadata{"everything crosses", ""}, params);
  rc::detail::printResultMessage(result, std::cerr);
  CHECK(result.is<rc::detail::SuccessResult>());
  spdlog::set_level(spdlog::level::info);
}

}  // namespace

TEST_CASE("forwarder: whatever happens, everything crosses, in order, and the books balance") {
  check_runs(Resend::all);
}

TEST_CASE(
    "forwarder: by default, what a broker lost twice and was not sent again is in the ledger") {
  check_runs(Resend::since_crash);
}
