// Whose session a connection goes on with, and what its packet ids mean therefore. See core.hpp.
#include "journal/core.hpp"

namespace bascule {

void JournalCore::enter_session(Direction in, const std::string& peer, bool present) {
  entered_[in] = {peer, present};  // noted before it is tried
  peer_[in] = peer;
  if (!present || !repeats_.knows(in, peer)) forget_told_claims(opposite(in));
  if (store_ != nullptr) apply_session(in, peer, present);
}

void JournalCore::apply_session(Direction in, const std::string& peer, bool present) {
  const Direction out = opposite(in);
  const bool known = present && repeats_.knows(in, peer);
  unfamiliar_[out] = present && !known;
  if (known) {
    repeats_.name_session(in, peer);
    return;
  }
  write();
  repeats_.begin_session(in, present ? "" : peer);
  void_claims(out);
  urgent_ = true;
}

void JournalCore::cleared(Direction out) {
  unfamiliar_[out] = false;
  const Direction in = opposite(out);
  repeats_.name_session(in, peer_[in]);
  urgent_ = true;
}

void JournalCore::void_claims(Direction out) {
  for (LaneState& lane : lanes_) {
    if (lane.direction != out || lane.claims.empty()) continue;
    lane.claims.clear();
    lane.dirty = true;
  }
}

// What was told before and is not on the disk yet shall not come back when it is told again.
void JournalCore::forget_told_claims(Direction out) {
  for (Progress& progress : unsaved_) {
    if (state(progress.lane).direction != out) continue;
    progress.claimed.clear();
    progress.received.clear();
  }
}

}  // namespace bascule
