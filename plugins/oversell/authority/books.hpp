// The items and sales of the authority in the host's map during one turn, and what is told of them.
//
// Keys: item/{item}; op/{item}/{site}/{epoch}/{n}; done/{final}/{item}/{site}/{epoch}/{n} in the
// order in which ops are forgotten.
#pragma once

#include <string>

#include "bascule/policy.hpp"
#include "oversell/ledger/ledger.hpp"
#include "oversell/ledger/sale_record.hpp"
#include "oversell/options/options.hpp"

namespace bascule::oversell {

struct AuthorityItem {
  std::string name;
  Ledger ledger;
  bool changed = false;
};

class AuthorityBooks {
 public:
  AuthorityBooks(const Options& options, plugin::Step& step, const plugin::Input& input)
      : options_(options), step_(step), input_(input) {}

  // In whose name everything is told; before any item is closed.
  void set_hub(Hub hub) { hub_ = std::move(hub); }
  const Hub& hub() const { return hub_; }

  // A capacity is known of it: it is kept, or the options have it.
  bool knows(const std::string& name) const;
  // Throws for an item of which no capacity is known.
  AuthorityItem open_item(const std::string& name);
  void touch(AuthorityItem& item);       // its next version
  void close_item(AuthorityItem& item);  // kept and announced, if it was touched
  void put(SaleRecord& record, bool final);
  // That it was sold, and each time that something becomes of it.
  void sale(const SaleRecord& record);
  // A sale that was made centrally: it is firm, and has a number as those of the sites have.
  SaleRecord sold_here(AuthorityItem& item, std::int64_t quantity, Json ref);

  void emit(std::string topic, const Json& json, bool retain = false);
  void notice(const Notice& notice);
  // To staff, doors and phones: what the record is about, besides what `json` has.
  void people(const Pattern& topic, const SaleRecord& record, Json json);

 private:
  void snapshot(const AuthorityItem& item);

  const Options& options_;
  plugin::Step& step_;
  const plugin::Input& input_;
  Hub hub_;
};

}  // namespace bascule::oversell
