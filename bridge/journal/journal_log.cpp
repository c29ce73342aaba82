#include "journal/journal_log.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "journal/repeats/receipts.hpp"
#include "log.hpp"
#include "text/units.hpp"

namespace bascule {
namespace {

const char* broker_at_source(Direction in) { return in == Direction::up ? "site" : "central"; }
const char* far_broker(Direction out) { return out == Direction::up ? "central" : "site"; }

}  // namespace

std::string JournalLog::found(const JournalCore& core) {
  if (core.fresh()) return "a new journal";
  std::uint64_t waiting = 0;
  for (const LaneState& lane : core.lanes()) waiting += lane.backlog();
  if (waiting == 0) return "nothing waits";
  return std::to_string(waiting) + (waiting == 1 ? " message waits" : " messages wait");
}

void JournalLog::opened(const JournalCore& core) {
  for (const std::string& wrong : core.mended()) spdlog::error("journal: {}", wrong);
  if (!core.mended_files().empty()) spdlog::error("journal: {}", core.mended_files());
  const LogMending& log = core.log_mending();
  if (log.bits + log.left > 0) {
    spdlog::error(
        "journal: the medium had changed what was written of its log. Wrong bits that are put "
        "back: {}; that are left in their page, since they cannot be told from others: {}. No "
        "commit is lost by them; replace the medium, and run 'bascule journal verify'",
        log.bits, log.left);
  }
  if (log.lost_commits > 0) {
    spdlog::error(
        "journal: the medium has damaged its log beyond mending. Commits that are lost, with "
        "messages that were acknowledged: {} or more. What was forwarded last may cross again. "
        "The log as it was is beside the journal, as journal.db-log.damaged-…; replace the medium",
        log.lost_commits);
  }
}

void JournalLog::new_epoch(const JournalCore& core) {
  if (core.former_epoch().empty()) return;
  const bool damaged = core.log_mending().lost_commits > 0;
  spdlog::warn(
      "journal: {}. Its last messages may be lost, and what it forwarded last may cross again and "
      "not be known as a repeat. Numbers are given again, so epoch {} follows {}",
      damaged ? "its log was damaged"
              : "the machine went down while the journal was open with 'sync: normal'; or it was "
                "salvaged, or came from another machine, as is said above",
      core.epoch(), core.former_epoch());
}

void JournalLog::starved() {
  if (std::exchange(starved_told_, true)) return;
  spdlog::error(
      "journal: the disk is full, without room for a commit: nothing is acknowledged; what waits "
      "goes on draining, and may cross again if the bridge ends before there is room");
}

void JournalLog::refused(Direction in, const std::string& why, std::int64_t now_ms) {
  pauses_[in].why = why;
  if (!pauses_[in].news.failed(now_ms)) return;
  const LogFields fields{
      {"event", "journal_paused"}, {"link", broker_at_source(in)}, {"reason", why}};
  spdlog::warn(
      "journal: {}: nothing more that comes from the {} broker is acknowledged, so that it keeps "
      "that; what waits here goes on draining",
      why, broker_at_source(in));
  tell({false, in, why});
}

void JournalLog::trouble(const std::string& why, std::int64_t now_ms) {
  const bool other = std::exchange(trouble_.why, why) != why;
  const LogFields fields{{"event", "journal_paused"}, {"reason", why}};
  if (!trouble_.news.failed(now_ms)) {
    if (other) spdlog::error("journal: {}", why);
    return;
  }
  spdlog::error("journal: {}; nothing is acknowledged until it can be written again", why);
  tell({false, std::nullopt, why});
}

void JournalLog::tick(std::int64_t now_ms) {
  for (const Direction in : both_directions) {
    const auto news = pauses_[in].news.tick(now_ms);
    if (!news) continue;
    const bool over = news->kind == OutageNews::Kind::over;
    LogFields fields{{"event", over ? "journal_resumed" : "journal_paused"},
                     {"link", broker_at_source(in)},
                     {"reason", pauses_[in].why}};
    fields.add("paused_s", news->lasted_ms / 1'000);
    fields.add("count", news->times);
    const std::string span = span_text(static_cast<double>(news->lasted_ms) / 1'000);
    if (!over) {
      spdlog::warn("journal: still, after {}: {}; the {} broker keeps what comes", span,
                   pauses_[in].why, broker_at_source(in));
      continue;
    }
    spdlog::info("journal: what the {} broker delivers is taken in again, after {}{}",
                 broker_at_source(in), span,
                 news->times > 1 ? " with " + std::to_string(news->times) + " pauses" : "");
    tell({true, in, pauses_[in].why, news->lasted_ms});
  }
  const auto news = trouble_.news.tick(now_ms);
  if (!news) return;
  const bool over = news->kind == OutageNews::Kind::over;
  LogFields fields{{"event", over ? "journal_resumed" : "journal_paused"},
                   {"reason", trouble_.why}};
  fields.add("paused_s", news->lasted_ms / 1'000);
  const std::string span = span_text(static_cast<double>(news->lasted_ms) / 1'000);
  if (!over) {
    spdlog::error("journal: still, after {}: {}", span, trouble_.why);
    return;
  }
  spdlog::info("journal: open again, after {}", span);
  tell({true, std::nullopt, trouble_.why, news->lasted_ms});
}

void JournalLog::tell(const JournalNews& news) const {
  if (on_news) on_news(news);
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

void JournalLog::unnoted(const JournalCore& core, std::int64_t now_ms) {
  constexpr std::int64_t pause_ms = 3'600'000;
  if (unnoted_told_ms_ != 0 && now_ms - unnoted_told_ms_ < pause_ms) return;
  for (const Direction in : both_directions) {
    const RetainedSize& size = core.retained_size(in);
    const std::uint64_t more = size.unnoted - std::exchange(unnoted_[in], size.unnoted);
    if (more == 0) continue;
    unnoted_told_ms_ = now_ms;
    LogFields fields{{"event", "retained_unnoted"}, {"link", broker_at_source(in)}};
    fields.add("count", more);
    spdlog::warn(
        "journal: {} retained values of the {} broker are noted, which is as many as an eighth of "
        "journal.max_size holds; {} more were not. They cross, and once more at each reconnect, "
        "and that they are cleared meanwhile goes unseen: clear what nobody needs, or raise "
        "max_size",
        size.values, broker_at_source(in), more);
  }
}

void JournalLog::resumed(const JournalCore& core, const std::string& epoch,
                         const std::vector<LanePosition>& lanes) {
  if (core.epoch() != epoch) {
    spdlog::warn(
        "journal: it is an older copy of itself, for the far broker has later numbers of epoch {} "
        "than it had when it was opened. What it took in since crosses under a new epoch, {}. What "
        "was taken in after the copy was made is not in it, and of that is lost what had not "
        "crossed",
        epoch, core.epoch());
  }
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
        "journal: the {} broker has lost, or may have, what it had accepted of lane {}{}: {} to {} "
        "are sent again",
        far_broker(lane.direction), lane.name,
        lane.evidence == Evidence::still_online
            ? " (it retained that this bridge was online: it crashed, or the line was "
              "half-open)"
            : "",
        lane.replay_next, lane.replay_last);
  }
}

void JournalLog::entered(JournalCore& core, Direction in) {
  if (core.expired(opposite(in))) {
    const Expired expired = core.store().meta().expired(opposite(in));
    spdlog::warn(
        "journal: this bridge's session at the {} broker has ended by its expiry of {}: the bridge "
        "was away for {}. What the broker had queued for the bridge is gone; what it had accepted "
        "is not",
        broker_at_source(in), span_text(expired.expiry_s),
        span_text(static_cast<double>(expired.away_ms) / 1'000));
  }
  if (!core.forgotten(opposite(in))) return;
  spdlog::warn(
      "journal: the {} broker has lost this bridge's session: what it had queued for the bridge "
      "is gone, and perhaps what it had accepted and others had not received",
      broker_at_source(in));
}

}  // namespace bascule
