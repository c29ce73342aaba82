// Escrow: who may sell how many, without asking anybody. Pure values; no I/O.
//
// A holder is the authority or one journal of a site (site id and epoch: a journal that was made
// anew or restored is another holder, and has no rights). R[i][j], j != i, is what i has given to
// j, R[i][i] what came into being at i, U[i] what i has used. Only i raises its row R[i] and U[i],
// and nothing ever falls, so knowledge is merged by the pointwise maximum: repeated, reordered and
// old news do no harm.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "oversell/options/quantity.hpp"

namespace bascule::oversell {

class Escrow {
 public:
  // What a holder may still sell, as far as is known here. Below zero: it has sold more than it
  // had.
  std::int64_t rights(std::string_view holder) const;

  void create(const std::string& holder, std::int64_t count);
  // False, with nothing changed, if the rights do not suffice.
  bool use(const std::string& holder, std::int64_t count);
  bool give(const std::string& from, const std::string& to, std::int64_t count);

  std::int64_t given(std::string_view from, std::string_view to) const;
  std::int64_t used(std::string_view holder) const;

  std::vector<std::string> holders() const;  // all that were ever named, in order

  void merge(const Escrow& other);

  // What a holder itself may say: its row and what it has used.
  Escrow row(const std::string& holder) const;
  // What the giver may tell the taker.
  Escrow gift(const std::string& from, const std::string& to) const;

  Json json() const;
  static Escrow of(const Json& json);  // throws for what no escrow ever wrote

  bool operator==(const Escrow&) const = default;

 private:
  std::map<std::string, std::map<std::string, std::int64_t, std::less<>>, std::less<>> given_;
  std::map<std::string, std::int64_t, std::less<>> used_;
};

struct Allotment {
  std::int64_t reserve = 0;
  std::map<std::string, std::int64_t> shares;
};

// reserve = floor(amount * reserve_bp / 10000); the rest by weight, largest remainder, ties by id.
// Without a weight all is reserve.
Allotment allot(std::int64_t amount, std::int64_t reserve_bp,
                const std::map<std::string, std::int64_t>& weights);

}  // namespace bascule::oversell
