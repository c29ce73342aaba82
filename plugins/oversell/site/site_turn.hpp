// One input's turn at a site: what devices ask and tell, what the authority says. Nothing lives
// longer than the turn; the state is the host's.
//
// Keys: self; item/{item}; op/{item}/{site}/{epoch}/{n} and seen/{item}/{version}/{epoch}/{n} of
// own ops; ask/{item}/{site}/{epoch}/{n} of requests that wait for the authority.
#pragma once

#include <string>
#include <vector>

#include "bascule/policy.hpp"
#include "oversell/ledger/request.hpp"
#include "oversell/options/options.hpp"
#include "oversell/site/contact.hpp"
#include "oversell/site/item.hpp"

namespace bascule::oversell {

class SiteTurn {
 public:
  SiteTurn(const Options& options, plugin::Step& step, const plugin::Input& input)
      : options_(options), step_(step), input_(input) {}

  void run();

 private:
  struct Item {
    std::string name;
    SiteItem state;
  };

  void message();
  void adopt_epoch();
  void tell_again();
  void forget_waiting();
  void heard(std::int64_t sent_ms, bool trusted);

  // Devices.
  void request(const Captures& captures);
  void ask(Item& item, const Request& request);
  void decide(Item& item, const Request& request, const OpId& id, bool asked);
  void sell(Item& item, const Request& request, const OpId& id, const SaleDecision& decision,
            Json& reply);
  void decide_waiting(const std::string& key);
  void decide_all_waiting();
  // The keys of all who wait for the authority's answer; nothing wakes for them any more.
  std::vector<std::string> stop_waiting();
  void sold(const std::string& item);
  void available(const std::string& item);
  void transfer(const std::string& item);
  Situation situation(const Item& item) const;

  // The authority.
  void snapshot();
  void alive();
  void notice();
  void answer(Item& item, const Notice& told);
  void verdict(Item& item, const Notice& told);
  void count(Item& item, OwnOp& own);
  void store(const OwnOp& own);

  void claim(Item& item);
  Op new_op(Op::Kind kind, Item& item, const OpId& id, std::int64_t quantity);
  OpId next_id(Item& item);
  void keep(Item& item, const Op& op, std::int64_t net, bool by_rights, std::int64_t seen);
  void send(const Op& op);
  void show(const Item& item);
  void tell_here(std::string topic, const Json& json, bool retain);

  Item open_item(const std::string& name) const;
  void close_item(const Item& item);
  std::string holder() const { return options_.bridge_id + "." + epoch_; }
  void read_self();
  void write_self();

  const Options& options_;
  plugin::Step& step_;
  const plugin::Input& input_;
  std::string epoch_;
  std::optional<Moment> contact_;
  bool silent_ = false;  // the authority did not answer in time, and was not heard since
};

}  // namespace bascule::oversell
