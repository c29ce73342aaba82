// The books of one item at the authority. Pure: no host, no time.
//
// Without a quota: available = capacity - (firm + honoured + provisional - returned), which may go
// below zero and is never clamped. With a quota the same is shown, but what may be sold is a
// question of rights: the sum of all rights = capacity - (firm + honoured - returned) + over, where
// `over` is what was sold, or may be, beyond the capacity with open eyes: honoured, told as facts,
// or reclaimed from a site that is silent.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "oversell/ledger/escrow.hpp"
#include "oversell/ledger/messages.hpp"
#include "oversell/options/options.hpp"

namespace bascule::oversell {

// What sales at risk were promised to be, and what became of them.
struct Calibration {
  std::int64_t sales = 0;
  std::int64_t promised_ppm = 0;  // the sum of their risks
  std::int64_t oversold = 0;      // HONOUR or REVERSE

  void note(std::int64_t risk_ppm, bool was_oversold);
};

class Ledger {
 public:
  std::int64_t capacity = 0;
  std::int64_t firm = 0;
  std::int64_t honoured = 0;
  std::int64_t provisional = 0;  // until the walk
  std::int64_t returned = 0;
  std::int64_t reversed = 0;  // not in what is sold
  std::int64_t sales = 0;     // ever; only rises
  std::int64_t over = 0;
  std::int64_t version = 0;
  std::int64_t n = 0;  // of the last sale made centrally
  Quota quota = Quota::off;
  Escrow escrow;
  std::map<std::string, std::int64_t> unclaimed;  // allotted to a site that has not asked yet
  std::map<std::string, std::string> epochs;      // of the journal that has claimed
  std::map<std::string, std::int64_t> reclaimed;  // by holder
  std::map<std::string, std::int64_t> forgotten;  // by holder: ops up to this n are no more kept
  std::array<Calibration, 10> calibration;        // by risk, in tenths

  std::int64_t available() const { return capacity - firm - honoured - provisional + returned; }
  // What the authority itself may sell. Below zero: it has sold too many.
  std::int64_t room() const;

  // A capacity for the first time, or another one.
  void open(std::int64_t count, const AuthoritySettings& settings);
  void resize(std::int64_t count);

  // FIRM, if there is room.
  bool sell(std::int64_t count);
  // A firm sale is no more: withdrawn.
  void unsell(std::int64_t count);
  // A sale by quota; false if the holder's rights, as it tells them, don't cover it.
  bool sell_by_quota(const Op& op);
  void sell_provisionally(std::int64_t count);

  enum class Verdict { firm, honour, reverse };
  // The final verdict on a provisional sale whose turn it is.
  Verdict settle(std::int64_t count, std::int64_t overbooking);
  // Staff honours what was reversed.
  void honour_reversed(std::int64_t count);

  // Facts: they happened, whatever is left. `op` is of a site; without it they are of the centre.
  void note_sold(std::int64_t count, const Op* op);
  void note_returned(std::int64_t count, const Op* op);

  // Gives what was allotted to the site, if this is its first journal, and `wanted` more if there
  // is room; gives how many. Another journal than before gets only what it wants.
  std::int64_t grant(const Op& op);
  // Takes back at risk what a silent site's journals still may sell, counted as overbooking and
  // within it; gives how many.
  std::int64_t reclaim(const std::string& site, std::int64_t overbooking);

  Json json() const;
  static Ledger of(const Json& json);
  Json statistics() const;

 private:
  bool has_quota() const { return quota != Quota::off; }
  std::int64_t free_rights() const;
  std::int64_t given_to(const std::string& site) const;
  void take_back(std::int64_t count);
};

}  // namespace bascule::oversell
