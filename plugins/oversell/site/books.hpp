// What a site keeps in the host's map during one turn, and what it tells of it.
//
// Keys: self; clock: a moment, by which it is seen that the wall clock was set;
// hub/{hub}/{generation}: when this one was heard; item/{item}; op/{item}/{site}/{epoch}/{n} and
// seen/{item}/{hub}/{generation}/{version}/{epoch}/{n} of own ops; ask/{item}/{site}/{epoch}/{n} of
// requests that wait for the authority.
#pragma once

#include <optional>
#include <string>

#include "bascule/policy.hpp"
#include "oversell/options/options.hpp"
#include "oversell/site/contact.hpp"
#include "oversell/site/item.hpp"

namespace bascule::oversell {

struct OpenItem {
  std::string name;
  SiteItem state;
};

class SiteBooks {
 public:
  SiteBooks(const Options& options, plugin::Step& step, const plugin::Input& input)
      : options_(options), step_(step), input_(input) {
    if (const auto self = step_.get("self")) epoch_ = text(parse_object(*self), "epoch");
  }

  // The epoch of the site's own journal.
  const std::string& epoch() const { return epoch_; }
  void adopt(std::string_view epoch);
  // When the item's own authority was last heard.
  Contact contact(const OpenItem& item) const;
  void fall_silent(const OpenItem& item);
  // The authority is there, and what it has told so far is current.
  void heard(const Hub& hub, std::int64_t sent_ms, bool trusted);
  std::string holder() const { return options_.bridge_id + "." + epoch_; }

  OpenItem open_item(const std::string& name) const;
  void close_item(const OpenItem& item);

  OpId next_id(OpenItem& item);
  Op new_op(Op::Kind kind, OpenItem& item, const OpId& id, std::int64_t quantity);
  // An op that changes what is there; `open`: by what no rights cover.
  OwnOp keep(OpenItem& item, const Op& op, std::int64_t net, std::int64_t open);
  // The item's snapshots have it from this version on, says the authority. True: the last one does,
  // so what is shown changes.
  bool mark(OpenItem& item, OwnOp& own, const Hub& hub, std::int64_t version);
  // Counts in what the item's snapshot has.
  void count_seen(OpenItem& item);
  // The snapshot is now that of another authority, or of another journal of it, that may know
  // nothing of what this site has sold: it is told again.
  void change_hub(OpenItem& item);
  void store(const OwnOp& own);
  // Asks for the rights that are this journal's, once.
  void claim(OpenItem& item);

  void send(const Op& op);          // to the authority
  void show(const OpenItem& item);  // to tills and menu boards
  void tell_here(std::string topic, const Json& json, bool retain);

 private:
  void count(OpenItem& item, OwnOp& own);
  void forget_oldest_contact(const std::string& hub);

  const Options& options_;
  plugin::Step& step_;
  const plugin::Input& input_;
  std::string epoch_;
};

}  // namespace bascule::oversell
