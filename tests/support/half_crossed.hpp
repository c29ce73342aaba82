// A lane that has crossed in part, and a far broker that forgets.
#pragma once

#include <string>

#include "support/journal_probe.hpp"

namespace bascule::test {

// Ten messages in lane 1, five of them forwarded.
struct Half {
  Directory directory;
  JournalCore core;
  explicit Half(Resend resend = Resend::since_crash, std::int64_t keep_forwarded_ms = 3'600'000)
      : core(open(directory, resend, keep_forwarded_ms)) {
    fill(core, 10);
    core.positions(Direction::up, {});  // this is not the first that the far broker is asked for
    core.progress(told(1, 1, 5, 5 * Put().bytes()));
    core.commit();
  }

  static JournalCore open(const Directory& directory, Resend resend, std::int64_t keep_ms) {
    JournalSettings settings = journal_settings(directory);
    settings.keep_forwarded_ms = keep_ms;
    LaneSettings lane;
    lane.resend = resend;
    return {settings, "store-42", {lane}};
  }

  // The bridge connects; the broker has its session, or has it no more.
  void connect(bool session) { core.enter_session(Direction::down, {"central", session}); }
  Forgotten forgotten() { return core.report().forgotten[Direction::up]; }
  FarKnowledge nothing(bool session) const {
    FarKnowledge far;
    far.asked = far.readable = true;
    far.session_present = session;
    return far;
  }
  // What was to be sent again was.
  void replayed(std::uint64_t next) {
    Progress progress;
    progress.lane = 1;
    progress.replay_next = next;
    core.progress(progress);
    core.commit();
  }

  // Newest first.
  std::string ledger() {
    std::string all;
    for (const Loss& loss : losses(core)) {
      all += (all.empty() ? "" : "; ") + loss.reason + " " + std::to_string(loss.first) + "-" +
             std::to_string(loss.last) + " (" + std::to_string(loss.count) + ")";
    }
    return all;
  }

  void confirm(std::uint64_t sequence) {
    Progress progress;
    progress.lane = 1;
    progress.confirmed = sequence;
    core.progress(progress);
    core.commit();
  }

  FarKnowledge bookmark(std::uint64_t sequence, bool session = true) const {
    FarKnowledge far = nothing(session);
    far.epoch = core.epoch();
    far.lanes["default"] = sequence;
    return far;
  }

  LanePosition position(const FarKnowledge& far) {
    const auto positions = core.positions(Direction::up, far);
    core.commit();
    for (const LanePosition& position : positions) {
      if (position.id == 1) return position;
    }
    FAIL("lane 1 has no position");
    return {};
  }

  void check_replay(const FarKnowledge& far, std::uint64_t first, std::uint64_t last) {
    const LanePosition at = position(far);
    CHECK(at.cursor == 5);
    CHECK(at.replay_next == first);
    CHECK(at.replay_last == last);
  }
};

}  // namespace bascule::test
