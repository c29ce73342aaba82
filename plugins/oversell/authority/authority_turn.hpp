// One input's turn at the authority: the canonical state of every item, and the only place where a
// sale gets its final verdict. Nothing lives longer than the turn; the state is the host's.
//
// Keys: self; item/{item}; op/{item}/{site}/{epoch}/{n}; pending/{item}/{when}/{site}/{epoch}/{n}
// in the order of the walk; done/{final}/{item}/{site}/{epoch}/{n} in the order in which ops are
// forgotten; case/{number}.
#pragma once

#include <map>
#include <string>

#include "bascule/policy.hpp"
#include "oversell/ledger/ledger.hpp"
#include "oversell/ledger/sale_record.hpp"
#include "oversell/options/options.hpp"

namespace bascule::oversell {

class AuthorityTurn {
 public:
  AuthorityTurn(const Options& options, plugin::Step& step, const plugin::Input& input)
      : options_(options), step_(step), input_(input) {}

  void run();

 private:
  struct Item {
    std::string name;
    Ledger ledger;
    bool changed = false;
  };

  void learn();
  void announce_again();
  void message();
  void wake();
  void heartbeat();
  void forget();

  // Devices and people at the centre.
  void request(const Captures& captures);
  void fact(const std::string& item, bool sold);
  void capacity(const std::string& item);
  void reclaim(const std::string& item);
  void resolution();
  void close_override(std::int64_t number);

  // Ops of the sites.
  void op(const Op& op);
  void refuse_unknown(const Op& op);
  void first_time(const Op& op, Item& item);
  void again(const Op& op, Item& item, const SaleRecord& record);
  void ask(const Op& op, Item& item, SaleRecord record);
  void sale(const Op& op, Item& item, SaleRecord record);
  void withdraw(const Op& op, Item& item, SaleRecord record);
  void tell(const Op& op, Item& item, const SaleRecord& record);

  // The walk, and what follows from a verdict.
  void walk(const std::string& name);
  void settle(Item& item, SaleRecord record);
  void reverse(Item& item, SaleRecord& record);
  void people(const Pattern& topic, const SaleRecord& record, Json json);
  void verdict(const Item& item, const SaleRecord& record);
  void notice(const Notice& notice);

  Item open_item(const std::string& name);
  void touch(Item& item);  // its next version
  void close_item(Item& item);
  void put(SaleRecord& record, bool final);
  void emit(std::string topic, const Json& json, bool retain = false);
  void snapshot(const Item& item);

  const Options& options_;
  plugin::Step& step_;
  const plugin::Input& input_;
  std::string generation_;
};

}  // namespace bascule::oversell
