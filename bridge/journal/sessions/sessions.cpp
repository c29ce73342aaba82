#include "journal/sessions/sessions.hpp"

#include <string_view>

#include "clock.hpp"

namespace bascule {
namespace {

// Of the broker; empty: not known.
std::string_view address_of(std::string_view peer) {
  const std::size_t blank = peer.rfind(' ');
  return blank == std::string_view::npos ? "" : peer.substr(blank + 1);
}

}  // namespace

void Sessions::enter(Direction in, const std::string& peer, bool present) {
  entered_[in] = Entered{peer, present};  // noted before it is tried
  peer_[in] = peer;
  if (!present || !repeats_.knows(in, peer)) books_.forget_told_claims(opposite(in));
  if (transaction_.is_open()) apply(in, *entered_[in]);
}

void Sessions::repeat_entered() {
  for (const Direction in : both_directions) {
    if (entered_[in]) apply(in, *entered_[in]);
  }
}

void Sessions::apply(Direction in, const Entered& entered) {
  const Direction out = opposite(in);
  const bool ours = repeats_.knows(in, entered.peer);
  const bool known = entered.present && ours;
  forgotten_[out] = !entered.present && ours;
  unfamiliar_[out] = entered.present && !known;
  const std::string_view before = address_of(repeats_.peer(in));
  elsewhere_[out] = !entered.present && !before.empty() && before != address_of(entered.peer);
  repeats_.begin_connection(in);
  if (known) {
    repeats_.name_session(in, entered.peer);
    return;
  }
  Store& store = transaction_.write();
  if (forgotten_[out]) {
    Forgotten forgotten = store.meta().forgotten(out);
    ++forgotten.sessions;
    forgotten.last_ms = now().wall_ms;
    forgotten.unanswered = true;  // also where this connection ends before it is asked about
    store.meta().save_forgotten(out, forgotten);
  }
  repeats_.begin_session(in, entered.present ? "" : entered.peer);
  void_claims(out);
  transaction_.urge();
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
