// The walk over provisional sales, what follows from a verdict, and what people may change.
//
// Keys: pending/{item}/{when}/{site}/{epoch}/{n} in the order of the walk; case/{number}.
#pragma once

#include "oversell/authority/books.hpp"

namespace bascule::oversell {

class Verdicts {
 public:
  Verdicts(const Options& options, plugin::Step& step, const plugin::Input& input,
           AuthorityBooks& books)
      : options_(options), step_(step), input_(input), books_(books) {}

  void walk(const std::string& item);
  // Tells the site what has become of its op.
  void verdict(const AuthorityItem& item, const SaleRecord& record);
  // Staff has decided about a REVERSE, or the time for that is over.
  void resolution();
  void close_override(std::int64_t number);
  // The clock was set back: what waits for a time waits as long as it was meant to, from now on.
  void wake_anew();

 private:
  void settle(AuthorityItem& item, SaleRecord record);
  void reverse(AuthorityItem& item, SaleRecord& record);

  const Options& options_;
  plugin::Step& step_;
  const plugin::Input& input_;
  AuthorityBooks& books_;
};

}  // namespace bascule::oversell
