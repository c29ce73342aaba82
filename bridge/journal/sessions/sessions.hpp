// Whose session each connection goes on with, and what its packet ids mean therefore. Journal's
// thread.
#pragma once

#include <optional>
#include <string>

#include "journal/books/books.hpp"
#include "journal/books/transaction.hpp"
#include "journal/repeats/repeats.hpp"
#include "message/per_direction.hpp"

namespace bascule {

class Sessions {
 public:
  Sessions(Transaction& transaction, Books& books, Repeats& repeats)
      : transaction_(transaction), books_(books), repeats_(repeats) {}

  // A connection has begun on which deliveries of this direction come. The session is the old one
  // if the broker has kept it (`present`) and `peer`, who is at its two ends, is the same as
  // before; else the packet ids of either direction mean nothing any more. One that is present and
  // not known may hold ids of QoS 2 that somebody left half done there: it is unfamiliar until the
  // forwarder has cleared it. Kept over a failed commit.
  void enter(Direction in, const std::string& peer, bool present);
  // The store was opened again: what was entered since the last commit is so, once more.
  void repeat_entered();
  void committed() { entered_ = {}; }

  bool unfamiliar(Direction out) const { return unfamiliar_[out]; }
  // The broker had a session of ours, and the connection under way began without one.
  bool forgotten(Direction out) const { return forgotten_[out]; }
  // The connection under way began without a session, and the one before was at another address.
  bool elsewhere(Direction out) const { return elsewhere_[out]; }
  void cleared(Direction out);
  // The session is not what it was: a broker from a backup, or this journal.
  void estrange(Direction out);

 private:
  struct Entered {
    std::string peer;
    bool present = false;
  };

  void apply(Direction in, const Entered& entered);
  void void_claims(Direction out);

  Transaction& transaction_;
  Books& books_;
  Repeats& repeats_;
  PerDirection<std::optional<Entered>> entered_;  // by incoming direction; since the last commit
  PerDirection<std::string> peer_;  // by incoming direction: of the connection under way
  PerDirection<bool> unfamiliar_;   // by outgoing direction
  PerDirection<bool> forgotten_;    // likewise
  PerDirection<bool> elsewhere_;    // likewise
};

}  // namespace bascule
