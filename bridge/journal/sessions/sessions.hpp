// Whose session each connection goes on with, and what its packet ids mean therefore. Journal's
// thread.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "clock.hpp"
#include "journal/books/books.hpp"
#include "journal/books/transaction.hpp"
#include "journal/repeats/repeats.hpp"
#include "message/per_direction.hpp"

namespace bascule {

// How a connection began.
struct SessionStart {
  std::string peer;      // who is at the session's two ends
  bool present = false;  // the broker has kept it
  // How long it keeps this one without a connection; for ever, where it does not end by itself.
  std::uint32_t expiry_s = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t keep_alive_s = 0;
};

class Sessions {
 public:
  Sessions(Transaction& transaction, Books& books, Repeats& repeats, const Timeline& timeline)
      : transaction_(transaction), books_(books), repeats_(repeats), timeline_(timeline) {}

  // Once, when the journal is opened and before anything comes: a connection in which the bridge
  // was killed ended with the newest message that was journaled.
  void end_former();

  // A connection has begun on which deliveries of this direction come. The session is the old one
  // if the broker has kept it and who is at its two ends is the same as before; else the packet ids
  // of either direction mean nothing any more. One that is present and not known may hold ids of
  // QoS 2 that somebody left half done there: it is unfamiliar until the forwarder has cleared it.
  // Kept over a failed commit.
  void enter(Direction in, const SessionStart& start);
  // It is over. What says so may be committed later: see end_former().
  void leave(Direction in);
  // The store was opened again: what was entered since the last commit is so, once more.
  void repeat_entered();
  void committed() { entered_ = {}; }

  bool unfamiliar(Direction out) const { return unfamiliar_[out]; }
  // The broker had a session of ours, and the connection under way began without one, though it
  // should be there still.
  bool forgotten(Direction out) const { return forgotten_[out]; }
  // Likewise, and the bridge was away for longer than a session lasts there: nothing is lost but
  // what the broker had queued for the bridge.
  bool expired(Direction out) const { return expired_[out]; }
  // The connection under way began without a session, and the one before was at another address.
  bool elsewhere(Direction out) const { return elsewhere_[out]; }
  void cleared(Direction out);
  // The session is not what it was: a broker from a backup, or this journal.
  void estrange(Direction out);

 private:
  void apply(Direction in, const SessionStart& start);
  void note(Direction in, const SessionStart& start);
  void end_by_expiry(Direction out, const Contact& last, std::int64_t away_ms, const Now& at);
  void count_as_lost(Direction out, const Now& at);
  void void_claims(Direction out);

  Transaction& transaction_;
  Books& books_;
  Repeats& repeats_;
  const Timeline& timeline_;
  PerDirection<std::optional<SessionStart>>
      entered_;                     // by incoming direction; since the last commit
  PerDirection<std::string> peer_;  // by incoming direction: of the connection under way
  PerDirection<bool> unfamiliar_;   // by outgoing direction
  PerDirection<bool> forgotten_;    // likewise
  PerDirection<bool> expired_;      // likewise
  PerDirection<bool> elsewhere_;    // likewise
};

}  // namespace bascule
