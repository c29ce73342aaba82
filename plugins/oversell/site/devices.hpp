// What devices at the site ask and tell.
#pragma once

#include <string>
#include <vector>

#include "bascule/policy.hpp"
#include "oversell/ledger/request.hpp"
#include "oversell/site/books.hpp"

namespace bascule::oversell {

class Devices {
 public:
  Devices(const Options& options, plugin::Step& step, const plugin::Input& input, SiteBooks& books)
      : options_(options), step_(step), input_(input), books_(books) {}

  // False: the input is on none of their topics.
  bool take();

  // The site decides: no answer has come in time (it was waited for in vain), or the line is down.
  // `key` is that of the ask.
  void decide_waiting(const std::string& key, bool in_vain);
  void decide_all_waiting();
  // The wall clock may have been set back: nobody waits longer than from now on.
  void wait_anew();
  // The keys of all who wait for the authority's answer; nothing wakes for them any more.
  std::vector<std::string> stop_waiting();

  // Everything that the sale is goes into one step: the rights it uses, the op, the answer.
  void sell(OpenItem& item, const Request& request, const OpId& id, const SaleDecision& decision,
            Json& reply);

 private:
  void request(const Captures& captures);
  void ask(OpenItem& item, const Request& request);
  void decide(OpenItem& item, const Request& request, const OpId& id, bool asked);
  void sold(const std::string& item);
  void available(const std::string& item);
  void transfer(const std::string& item);
  Situation situation(const OpenItem& item) const;

  const Options& options_;
  plugin::Step& step_;
  const plugin::Input& input_;
  SiteBooks& books_;
};

}  // namespace bascule::oversell
