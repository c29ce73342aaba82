#include "journal/sessions/sessions.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

#include "clock.hpp"

namespace bascule {
namespace {

// Of the broker; empty: not known.
std::string_view address_of(std::string_view peer) {
  const std::size_t blank = peer.rfind(' ');
  return blank == std::string_view::npos ? "" : peer.substr(blank + 1);
}

// Whether the session has ended by itself meanwhile. The broker may have noticed before the bridge
// that the connection was over: up to one and a half times the keep alive.
bool outlasted(const Contact& last, std::int64_t away_ms) {
  constexpr std::uint32_t for_ever = std::numeric_limits<std::uint32_t>::max();
  if (last.boot == 0 || last.expiry_s == for_ever) return false;
  const std::int64_t expiry_ms = std::int64_t{last.expiry_s} * 1'000;
  const std::int64_t earlier_ms = std::min(std::int64_t{last.keep_alive_s} * 1'500, expiry_ms / 10);
  return away_ms >= expiry_ms - earlier_ms;
}

}  // namespace

void Sessions::end_former() {
  const Now at = now();
  for (const Direction in : both_directions) {
    Contact contact = transaction_.store().meta().contact(in);
    if (contact.boot == 0 || contact.ended) continue;
    contact.ended = true;
    for (const LaneState& lane : books_.lanes()) {
      const auto newest = transaction_.store().batches().heads_before(lane.id, lane.next, 1);
      if (newest.empty()) continue;
      const BatchHead& head = newest.front();
      if (timeline_.age_ms(head.boot, head.captured_ms, at) >=
          timeline_.age_ms(contact.boot, contact.boottime_ms, at)) {
        continue;
      }
      contact.boot = head.boot;
      contact.boottime_ms = head.captured_ms;
    }
    transaction_.write().meta().save_contact(in, contact);
  }
}

void Sessions::enter(Direction in, const SessionStart& start) {
  entered_[in] = start;  // noted before it is tried
  peer_[in] = start.peer;
  if (!start.present || !repeats_.knows(in, start.peer)) books_.forget_told_claims(opposite(in));
  if (transaction_.is_open()) apply(in, start);
}

void Sessions::leave(Direction in) {
  if (!transaction_.is_open()) return;
  Contact contact = transaction_.store().meta().contact(in);
  if (contact.boot == 0 || contact.ended) return;
  contact.boot = timeline_.current();
  contact.boottime_ms = boottime_ms();
  contact.ended = true;
  transaction_.write().meta().save_contact(in, contact);
  transaction_.change_later();
}

void Sessions::repeat_entered() {
  for (const Direction in : both_directions) {
    if (entered_[in]) apply(in, *entered_[in]);
  }
}

void Sessions::apply(Direction in, const SessionStart& start) {
  const Direction out = opposite(in);
  const bool ours = repeats_.knows(in, start.peer);
  const bool known = start.present && ours;
  const bool gone = !start.present && ours;
  const Now at = now();
  const Contact last = transaction_.store().meta().contact(in);
  const std::int64_t away = gone ? timeline_.age_ms(last.boot, last.boottime_ms, at) : 0;
  expired_[out] = gone && outlasted(last, away);
  forgotten_[out] = gone && !expired_[out];
  unfamiliar_[out] = start.present && !known;
  const std::string_view before = address_of(repeats_.peer(in));
  elsewhere_[out] = !start.present && !before.empty() && before != address_of(start.peer);
  note(in, start);
  repeats_.begin_connection(in);
  if (known) {
    repeats_.name_session(in, start.peer);
    return;
  }
  if (expired_[out]) end_by_expiry(out, last, away, at);
  if (forgotten_[out]) count_as_lost(out, at);
  if (!start.present || !repeats_.delivers_for(in, start.peer)) {
    repeats_.begin_session(in, start.peer, !start.present);
  }
  void_claims(out);
  transaction_.urge();
}

void Sessions::note(Direction in, const SessionStart& start) {
  transaction_.write().meta().save_contact(in, {.boot = timeline_.current(),
                                                .boottime_ms = boottime_ms(),
                                                .ended = false,
                                                .expiry_s = start.expiry_s,
                                                .keep_alive_s = start.keep_alive_s});
  transaction_.change_later();
}

void Sessions::end_by_expiry(Direction out, const Contact& last, std::int64_t away, const Now& at) {
  MetaTable& meta = transaction_.write().meta();
  Expired expired = meta.expired(out);
  ++expired.sessions;
  expired.last_ms = at.wall_ms;
  expired.away_ms = away;
  expired.expiry_s = last.expiry_s;
  meta.save_expired(out, expired);
}

void Sessions::count_as_lost(Direction out, const Now& at) {
  MetaTable& meta = transaction_.write().meta();
  Forgotten forgotten = meta.forgotten(out);
  ++forgotten.sessions;
  forgotten.last_ms = at.wall_ms;
  forgotten.unanswered = true;  // also where this connection ends before it is asked about
  meta.save_forgotten(out, forgotten);
}

void Sessions::cleared(Direction out) {
  unfamiliar_[out] = false;
  const Direction in = opposite(out);
  repeats_.name_session(in, peer_[in]);
  transaction_.urge();
}

void Sessions::estrange(Direction out) {
  void_claims(out);
  books_.forget_told_claims(out);
  unfamiliar_[out] = true;
  repeats_.name_session(opposite(out), "");
  transaction_.urge();
}

void Sessions::void_claims(Direction out) {
  for (LaneState& lane : books_.lanes()) {
    if (lane.direction != out || lane.claims.empty()) continue;
    lane.claims.clear();
    lane.dirty = true;
  }
}

}  // namespace bascule
