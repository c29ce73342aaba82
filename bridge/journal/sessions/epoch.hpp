// Which epoch the journal's numbers are of, and when a new one begins: when numbers that it is
// about to give may have been given to other messages before. bridge/decisions, "a new epoch after
// lost commits". Journal's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/books/books.hpp"
#include "journal/books/transaction.hpp"
#include "journal/sessions/far_knowledge.hpp"
#include "journal/settings.hpp"
#include "message/per_direction.hpp"

namespace bascule {

class Epoch {
 public:
  Epoch(Transaction& transaction, Books& books, const JournalSettings& settings)
      : transaction_(transaction), books_(books), settings_(settings) {}

  const std::string& current() const { return transaction_.store().epoch(); }
  // The one that ended since the journal was opened; empty: none did.
  const std::string& former() const { return former_; }

  // Before the opening's commit, which is synced whatever the settings say: begins a new epoch if
  // the last commits may be lost, and says so; makes or takes away the mark that those of this boot
  // are not synced. And after it.
  bool enter_boot();
  // Whether enter_boot() would begin one.
  bool due() const;
  void boot_entered();
  // The last commit of all takes the mark away.
  void leave_boot() noexcept;

  // The far broker had numbers that this journal had not given when it was opened: it is an older
  // copy of itself, and what it took in since has numbers of others. Asked with the first answer
  // since the opening: what crosses then has later numbers, too.
  bool overtaken(Direction direction, const FarKnowledge& far) const;
  // What overtaken() was asked about; from now on this direction's numbers are known to be its own.
  void looked(Direction direction) { looked_[direction] = true; }
  // An overtaken journal's numbers are its own as far as they were given at the opening.
  void renew(Direction overtaken);

  // Whether its bookmark counts this journal's messages.
  bool knows(const FarKnowledge& far) const {
    return far.epoch == current() || (!former_lanes_.empty() && far.epoch == former_);
  }
  // How far the far broker has come in the lane, and how far it had once.
  std::uint64_t bookmark_of(const LaneState& lane, const FarKnowledge& far) const;
  std::uint64_t confirmed_of(const LaneState& lane) const;
  // The far broker has no more than this: from now on it had no more.
  void lower_confirmed(LaneState& lane, const FarKnowledge& far, std::uint64_t bookmark);

 private:
  // Of a lane when the former epoch ended: what its bookmarks are compared with.
  struct Former {
    std::uint64_t next = 0, confirmed = 0;
  };

  void renew(std::vector<Former> former);

  Transaction& transaction_;
  Books& books_;
  const JournalSettings& settings_;
  std::vector<std::uint64_t> opening_;  // by id - 1: what was next when the journal was opened
  PerDirection<bool> looked_;
  bool marked_ = false;  // it is on the disk that commits of this boot are not synced
  std::string former_;
  std::vector<Former> former_lanes_;  // by id - 1; empty: bookmarks of before say nothing
};

}  // namespace bascule
