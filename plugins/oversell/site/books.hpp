// What a site keeps in the host's map during one turn, and what it tells of it.
//
// Keys: self; item/{item}; op/{item}/{site}/{epoch}/{n} and seen/{item}/{version}/{epoch}/{n} of
// own ops; ask/{item}/{site}/{epoch}/{n} of requests that wait for the authority.
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
    read_self();
  }

  // The site itself: the epoch of its journal, and when the authority was last heard.
  const std::string& epoch() const { return epoch_; }
  void adopt(std::string_view epoch);
  const std::optional<Moment>& contact() const { return contact_; }
  // The authority did not answer in time, and was not heard since.
  bool silent() const { return silent_; }
  void fall_silent();
  void heard(std::int64_t sent_ms, bool trusted);
  std::string holder() const { return options_.bridge_id + "." + epoch_; }

  OpenItem open_item(const std::string& name) const;
  void close_item(const OpenItem& item);

  OpId next_id(OpenItem& item);
  Op new_op(Op::Kind kind, OpenItem& item, const OpId& id, std::int64_t quantity);
  // An op that changes what is there. `seen`: the version that has it, if the authority has said
  // so.
  void keep(OpenItem& item, const Op& op, std::int64_t net, bool by_rights, std::int64_t seen);
  // The snapshot has it now.
  void count(OpenItem& item, OwnOp& own);
  void store(const OwnOp& own);
  // Asks for the rights that are this journal's, once.
  void claim(OpenItem& item);

  void send(const Op& op);          // to the authority
  void show(const OpenItem& item);  // to tills and menu boards
  void tell_here(std::string topic, const Json& json, bool retain);

 private:
  void read_self();
  void write_self();

  const Options& options_;
  plugin::Step& step_;
  const plugin::Input& input_;
  std::string epoch_;
  std::optional<Moment> contact_;
  bool silent_ = false;
};

}  // namespace bascule::oversell
