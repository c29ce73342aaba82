#include "journal/sessions/resumption.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "clock.hpp"

namespace bascule {
namespace {

constexpr std::size_t answered_ranges = 100;
constexpr std::size_t replayed_ranges = 1'000;  // by one command

}  // namespace

bool lost_something(const std::vector<LanePosition>& lanes) {
  return std::ranges::any_of(lanes, [](const LanePosition& lane) {
    return lane.evidence == Evidence::bookmark || lane.evidence == Evidence::still_online;
  });
}

std::vector<LanePosition> Resumption::positions(Direction direction, const FarKnowledge& far) {
  // The next numbers of an older copy were used before; under a new epoch they are new.
  const bool renew = epoch_.overtaken(direction, far);
  if (renew) epoch_.renew(direction);
  epoch_.looked(direction);
  if (renew && far.session_present) sessions_.estrange(direction);
  std::vector<LanePosition> positions;
  Forgotten forgotten = transaction_.store().meta().forgotten(direction);
  const bool session_lost = forgotten.unanswered;
  Evidence evidence = session_lost ? Evidence::session_gone : Evidence::none;
  bool forgot = false, silent = false;
  for (LaneState& lane : books_.lanes()) {
    if (lane.direction != direction || lane.input) continue;
    const std::vector<SequenceRange> replaying = lane.replaying();
    Finding finding = Finding::as_known;
    if (far.asked) finding = compare(lane, far, session_lost);
    forgot = forgot || finding == Finding::lost || finding == Finding::overruled;
    silent = silent || finding == Finding::still_online;
    if (evidence == Evidence::none) evidence = evidence_of(finding);
    positions.push_back({.id = lane.id,
                         .direction = direction,
                         .name = lane.name,
                         .settings = lane.settings,
                         .cursor = lane.cursor,
                         .done = lane.done,
                         .replay_next = lane.replay_next,
                         .replay_last = lane.replay_last,
                         .replay_skips = lane.replay_skips,
                         .lost_again = lane.replaying() != replaying,
                         .another = finding == Finding::another,
                         .evidence = evidence_of(finding),
                         .overruled = finding == Finding::overruled ? lane.confirmed + 1 : 0,
                         .claims = {},
                         .held = books_.held().topics(lane.id),
                         .held_claims = {}});
  }
  if (older(direction, far) && !renew) {
    transaction_.write().meta().save_bookmarked(direction, far.connection);
    transaction_.urge();
  }
  if (namesake(direction, far)) forgot = false;  // another one wrote over it: no broker's fault
  if (far.asked && (forgot || silent || session_lost)) {
    if (forgot) ++forgotten.bookmarks;
    if (silent) ++forgotten.silent_ends;
    forgotten.last_ms = now().wall_ms;
    forgotten.evidence = evidence;
    forgotten.unanswered = false;
    transaction_.write().meta().save_forgotten(direction, forgotten);
    transaction_.urge();
  }
  // Last, for what one lane learns may void the claims of all.
  for (LanePosition& position : positions) {
    position.claims = books_.state(position.id).claims;
    if (position.held.empty()) continue;
    for (const auto& [sequence, claim] : position.claims.all()) {
      const auto held = transaction_.store().held().find({position.id, sequence});
      if (held) position.held_claims.emplace_back(sequence, held->topic);
    }
  }
  return positions;
}

// What the broker may have lost with its bookmark, or with our session, is sent again, as far as
// the lane's settings say. ARCHITECTURE.md, "What a far broker has lost", has the
// table.
Resumption::Finding Resumption::compare(LaneState& lane, const FarKnowledge& far,
                                        bool session_lost) {
  if (!far.readable && !session_lost) return Finding::as_known;
  if (far.readable && far.epoch.empty() && sessions_.elsewhere(lane.direction)) {
    begin_elsewhere(lane, far);
    return lane.last_resolved() > 0 ? Finding::another : Finding::as_known;
  }
  const std::uint64_t bookmark = far.readable ? epoch_.bookmark_of(lane, far) : 0;
  const std::uint64_t confirmed = epoch_.confirmed_of(lane);
  if (bookmark >= lane.next) return Finding::as_known;
  if (bookmark > lane.cursor) accept(lane, far, bookmark);
  const bool behind = far.readable && (bookmark < confirmed || older(lane.direction, far));
  const bool silent = !behind && !session_lost && still_online(far);
  if (!session_lost) {
    const bool settled = far.session_present || sessions_.expired(lane.direction);
    const bool doubtful = settled ? behind || silent : confirmed != 0;
    if (!doubtful || (silent && overrules(lane, far))) return Finding::as_known;
    if (behind && overrules(lane, far)) {
      epoch_.lower_confirmed(lane, far, bookmark);
      return Finding::overruled;
    }
    if (behind && far.session_present) sessions_.estrange(lane.direction);
  }
  // With a session that the broker has lost, the queues of others may be gone, whatever the
  // bookmark says, and also where there was none yet.
  std::uint64_t first = bookmark + 1;
  if (session_lost) first = std::min(first, retention_.long_crossed(lane, timeline_, now()) + 1);
  const bool doubted = resend(lane, first, lane.last_resolved());
  if (far.readable) epoch_.lower_confirmed(lane, far, bookmark);
  if (behind) return Finding::lost;
  if (!silent || !doubted) return Finding::as_known;
  sessions_.estrange(lane.direction);
  return Finding::still_online;
}

// Another address, and neither a session nor a bookmark of ours: nothing is lost, it never had it.
void Resumption::begin_elsewhere(LaneState& lane, const FarKnowledge& far) {
  if (lane.settings.resend == Resend::all) {
    resend(lane, std::max(oldest_stored(lane), retention_.long_crossed(lane, timeline_, now()) + 1),
           lane.last_resolved());
  }
  epoch_.lower_confirmed(lane, far, 0);
}

// A bookmark was read back of a later connection than the one whose bookmark is there.
bool Resumption::older(Direction direction, const FarKnowledge& far) {
  const bool ours = far.epoch.empty() || far.epoch == epoch_.current();
  return far.readable && ours && far.connection < transaction_.store().meta().bookmarked(direction);
}

// Each connection's end is noted there, by the will or by us, after all that it brought. Where that
// is missing, the broker went down without a word, and has perhaps nothing of what came after its
// bookmark; or it has not seen that the connection was over.
bool Resumption::still_online(const FarKnowledge& far) const {
  return far.readable && far.session_present && far.online.value_or(false) && far.connection != 0 &&
         epoch_.knows(far);
}

std::uint64_t Resumption::connection(Direction direction, const FarKnowledge& far) {
  return std::max(far.connection, transaction_.store().meta().bookmarked(direction)) + 1;
}

bool Resumption::namesake(Direction direction, const FarKnowledge& far) {
  return far.readable && !far.epoch.empty() && !epoch_.knows(far) &&
         !sessions_.elsewhere(direction) &&
         transaction_.store().meta().marked(direction) == epoch_.current();
}

// The session is as durable as the queues, and was not put back with the bookmark: that has to be
// known of the broker. Where both come from one file, the session may be as old.
bool Resumption::overrules(const LaneState& lane, const FarKnowledge& far) const {
  return far.session_present && far.session_overrules && !sessions_.unfamiliar(lane.direction);
}

// What is being sent again already needs nothing more. Everything else that had its fate is sent,
// or told, as the lane's settings say; told once, and not of the bridge's own events. False: there
// was nothing to be done.
bool Resumption::resend(LaneState& lane, std::uint64_t first, std::uint64_t last) {
  SequenceSet pending, send, unsent;
  add(pending, lane.replaying());
  for (const SequenceRange& resolved : lane.resolved_in(first, last)) {
    for (const auto& [from, to] : pending.missing(resolved.first, resolved.last)) {
      const bool never = lane.settings.resend == Resend::never;
      add(never ? unsent : send, lane.answered.missing(from, to));
      add(lane.settings.resend == Resend::all ? send : unsent, lane.answered.common(from, to));
    }
  }
  SequenceSet beyond;
  const std::uint64_t oldest =
      std::max(oldest_stored(lane), retention_.long_crossed(lane, timeline_, now()) + 1);
  if (oldest > 1) add(beyond, send.common(1, oldest - 1));
  send_again(lane, send.common(oldest, last));
  const bool told_beyond = tell(lane, beyond, "beyond_history");
  const bool told_unsent = tell(lane, unsent, "not_resent");
  if (first <= last) lane.answered.add(first, last);
  lane.answered.limit(answered_ranges);
  lane.dirty = true;
  transaction_.urge();
  return !send.empty() || told_beyond || told_unsent;
}

Evidence Resumption::evidence_of(Finding finding) {
  switch (finding) {
    case Finding::as_known:
    case Finding::another:
      break;
    case Finding::lost:
      return Evidence::bookmark;
    case Finding::overruled:
      return Evidence::session_there;
    case Finding::still_online:
      return Evidence::still_online;
  }
  return Evidence::none;
}

void Resumption::add(SequenceSet& set, const std::vector<SequenceRange>& ranges) {
  for (const SequenceRange& range : ranges) set.add(range.first, range.last);
}

std::uint64_t Resumption::oldest_stored(const LaneState& lane) {
  const auto heads = transaction_.store().batches().heads(lane.id, 0, 1);
  return heads.empty() ? lane.next : heads.front().first;
}

void Resumption::send_again(LaneState& lane, const std::vector<SequenceRange>& ranges) {
  lane.replay(ranges);
  for (const SequenceRange& range : ranges) transaction_.write().losses().take_back(lane.id, range);
}

// Into the ledger, what of it is not there. False: nothing.
bool Resumption::tell(LaneState& lane, const SequenceSet& lost, const char* reason) {
  if (lost.empty() || lane.name == events_lane) return false;
  const SequenceSet told = transaction_.store().losses().unsent(lane.id);
  SequenceSet news;
  for (const auto& [first, last] : lost.ranges()) add(news, told.missing(first, last));
  books_.lose(lane, news, reason);
  return !news.empty();
}

ReplayAnswer Resumption::replay(LaneId id, const std::optional<SequenceRange>& range) {
  LaneState& lane = books_.state(id);
  if (lane.input) {
    throw std::invalid_argument("lane '" + lane.name + "' leads to a policy; what it decided is " +
                                "not decided again");
  }
  SequenceSet asked;
  if (range) {
    add(asked, lane.resolved_in(std::max<std::uint64_t>(range->first, 1), range->last));
  } else {
    asked = transaction_.store().losses().unsent(id);
  }
  const std::uint64_t oldest = oldest_stored(lane);
  std::vector<SequenceRange> ranges = asked.common(oldest, lane.last_resolved());
  ReplayAnswer answer;
  if (oldest > 1) {
    for (const auto& [first, last] : asked.common(1, oldest - 1)) answer.gone += last - first + 1;
  }
  if (ranges.size() > replayed_ranges) ranges.resize(replayed_ranges);
  for (const auto& [first, last] : ranges) answer.messages += last - first + 1;
  if (ranges.empty()) return answer;
  answer.first = ranges.front().first;
  answer.last = ranges.back().last;
  send_again(lane, ranges);
  transaction_.urge();
  return answer;
}

// It was accepted, and a crash came before the cursor was written.
void Resumption::accept(LaneState& lane, const FarKnowledge& far, std::uint64_t bookmark) {
  Progress accepted;
  accepted.lane = lane.id;
  for (const SequenceRange& range : lane.backlog_in(lane.cursor + 1, bookmark)) {
    accepted.parts.push_back(
        {range.first, range.last, reader_.bytes_of(lane, range), Fate::forwarded});
  }
  if (far.epoch == epoch_.current()) accepted.confirmed = bookmark;
  books_.progress(std::move(accepted));
}

}  // namespace bascule
