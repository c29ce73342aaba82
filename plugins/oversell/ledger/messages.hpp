// What a site and the authority tell each other, as JSON (README.md has an example of each).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "oversell/ladder/ladder.hpp"
#include "oversell/ledger/escrow.hpp"
#include "oversell/options/quantity.hpp"

namespace bascule::oversell {

// The authority as a holder of rights; a site is site_id.epoch.
inline constexpr const char* authority_holder = "authority";

// Whose word it is: an authority, and the epoch of its journal. Versions, and when it was heard,
// mean nothing of another one.
struct Hub {
  std::string id, epoch;

  std::string path() const { return id + "/" + epoch; }  // no part has a slash
  bool operator==(const Hub&) const = default;
};

// Whose journal: a site and the epoch of its journal, and what both number per item.
struct OpId {
  std::string item, site, epoch;
  std::int64_t n = 0;

  std::string holder() const { return site + "." + epoch; }
  // Also a key's end: no part has a slash, and numbers sort as they count.
  std::string path() const;
  std::string sale() const;  // for people and other programs
};

// From a site to the authority. (item, site, epoch, n) is its identity: equal ones are repeats; an
// ask, and the sale or withdrawal that follows it, share one.
struct Op {
  enum class Kind {
    ask,       // may I sell?
    sale,      // sold, decided at the site
    withdraw,  // an ask that got no answer in time was refused at the site
    sold,      // sold without asking anybody: a fact
    returned,  // available again: a fact
    rights     // asks for `quantity` more rights, and tells of its own
  };
  Kind kind = Kind::ask;
  OpId id;
  std::string hub;  // whom it is for; empty: whoever has the item
  std::int64_t quantity = 0;
  // sale: by quota, else at risk. sold: how many of them were covered by rights; returned: how many
  // only made good for what was not.
  bool by_quota = false;
  bool settled = false;  // sale: an authority that is no more had the last word on it: it stands
  std::int64_t covered = 0;
  std::int64_t risk_ppm = 0;  // of a sale at risk
  // When, by the site: wall time that never goes back per item, and a count for ties.
  std::int64_t stamp_ms = 0;
  std::int64_t stamp_count = 0;
  bool trusted = false;
  Escrow row;      // what the site's holder says of itself; rights: also what it was given
  Json ref;        // what the device wanted to be kept with the sale
  Json answer_to;  // of a sale at risk: where it was answered (request.hpp)

  Json json() const;
  static Op of(const Json& json);
};

std::string_view name(Op::Kind kind);

// From the authority to all: the state of an item. Retained.
struct Snapshot {
  std::string item;
  Hub from;
  std::int64_t version = 0;
  std::int64_t capacity = 0;
  std::int64_t available = 0;
  std::int64_t reserve = 0;  // with a quota: what is not allotted
  Quota quota = Quota::off;
  std::int64_t sales = 0;  // all that were ever sold; only rises
  std::int64_t sent_ms = 0;
  bool trusted = false;

  Json json() const;
  static Snapshot of(const Json& json);
};

// From the authority to one site, about one op of it.
struct Notice {
  enum class Kind { answer, verdict, rights };
  Kind kind = Kind::verdict;
  Hub from;
  OpId id;
  std::int64_t quantity = 0;
  std::string outcome;  // answer: SELL, REFUSE. verdict: FIRM, PROVISIONAL, HONOUR, REVERSE
  std::string reason;
  bool final = false;
  std::int64_t version = 0;  // the snapshot from which on the op is counted in
  std::int64_t available = 0;
  Escrow escrow;  // what the authority has given to this holder
  std::int64_t sent_ms = 0;
  bool trusted = false;
  Json ref, answer_to;

  Json json() const;
  static Notice of(const Json& json);
};

// From the authority to all, now and then: what it has told is current.
struct Heartbeat {
  Hub from;
  std::int64_t sent_ms = 0;
  bool trusted = false;

  Json json() const;
  static Heartbeat of(const Json& json);
};

std::string_view name(Quota quota);
Quota quota_of(const std::string& word);
std::string number_key(std::int64_t number);  // 20 digits

}  // namespace bascule::oversell
