// What devices at the site ask and tell.
#pragma once

#include <cstdint>
#include <optional>
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

  // Nobody waits longer than `answer_timeout` by boot time, though wakes go by the wall clock:
  // where that was set back, or the machine was started anew, who waits is woken as it should be.
  // Before each input.
  void watch_clock();
  // The wake of an ask, by its key: no answer has come in time, so the site decides.
  void time_out(const std::string& key);
  // The line is down: nobody will answer.
  void decide_all_waiting();
  // Sets the wakes of all who wait anew.
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
  // `in_vain`: an answer was waited for.
  void decide_waiting(const std::string& key, bool in_vain);
  // How much longer the ask may wait; nothing if it was made before the machine was started anew.
  std::optional<std::int64_t> left_ms(const std::string& key) const;

  const Options& options_;
  plugin::Step& step_;
  const plugin::Input& input_;
  SiteBooks& books_;
};

}  // namespace bascule::oversell
