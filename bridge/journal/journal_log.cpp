#include "journal/journal_log.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "journal/repeats/receipts.hpp"

namespace bascule {
namespace {

const char* broker_at_source(Direction in) { return in == Direction::up ? "site" : "central"; }
const char* far_broker(Direction out) { return out == Direction::up ? "central" : "site"; }

}  // namespace

void JournalLog::opened(const JournalCore& core) {
  for (const std::string& wrong : core.mended()) spdlog::error("journal: {}", wrong);
  if (!core.mended_files().empty()) spdlog::error("journal: {}", core.mended_files());
}

void JournalLog::new_epoch(const JournalCore& core) {
  if (core.former_epoch().empty()) return;
  spdlog::warn(
      "journal: the machine went down while the journal was open with 'sync: normal'. Its last "
      "messages may be lost, and what it forwarded last may cross again and not be known as a "
      "repeat. Numbers are given again, so epoch {} follows {}",
      core.epoch(), core.former_epoch());
}

void JournalLog::starved() {
  if (std::exchange(starved_told_, true)) return;
  spdlog::error(
      "journal: the disk is full, without room for a commit: nothing is acknowledged; what waits "
      "goes on draining, and may cross again if the bridge ends before there is room");
}

void JournalLog::journaled_twice(const JournalCore& core) {
  for (const Direction in : both_directions) {
    const std::uint64_t count = core.journaled_twice(in);
    const std::uint64_t more = count - std::exchange(journaled_twice_[in], count);
    if (more == 0) continue;
    spdlog::warn(
        "journal: the {} broker delivered {} messages again that the journal had and does not "
        "remember any more; they cross twice, under new stamps. It remembers the last {}, and "
        "after a restart those whose rows are there: a longer journal.keep_forwarded keeps more",
        broker_at_source(in), more, Receipts::remembered);
  }
}

void JournalLog::resumed(const std::vector<LanePosition>& lanes) {
  for (const LanePosition& lane : lanes) {
    if (lane.overruled != 0 && lane.overruled <= lane.cursor) {
      spdlog::warn(
          "journal: the {} broker has lost its bookmark of lane {}, or has an older one, and still "
          "has this bridge's session: the session counts, and {} to {} are not sent again "
          "('bascule journal replay --lane {} --direction {} --from {} --to {}' does)",
          far_broker(lane.direction), lane.name, lane.overruled, lane.cursor, lane.name,
          to_string(lane.direction), lane.overruled, lane.cursor);
    }
    if (lane.another) {
      spdlog::warn(
          "journal: the {} broker is another one than before, at another address and without a "
          "bookmark of this bridge. Of lane {} it gets what waits{}",
          far_broker(lane.direction), lane.name,
          lane.lost_again ? ", and the history, as the lane's 'resend' says"
                          : "; the history with 'bascule journal replay', or 'resend: all'");
      continue;
    }
    if (!lane.lost_again) continue;
    spdlog::warn(
        "journal: the {} broker has lost, or may have, what it had accepted of lane {}: {} to {} "
        "are sent again",
        far_broker(lane.direction), lane.name, lane.replay_next, lane.replay_last);
  }
}

void JournalLog::session_lost(Direction in) {
  spdlog::warn(
      "journal: the {} broker has lost this bridge's session: what it had queued for the bridge "
      "is gone, and perhaps what it had accepted and others had not received",
      broker_at_source(in));
}

}  // namespace bascule
