// What an instance is told in bascule.yaml; README.md says what each option means. Immutable.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "bascule/policy.hpp"
#include "oversell/ladder/ladder.hpp"
#include "oversell/options/quantity.hpp"
#include "sdk/pattern.hpp"

namespace bascule::oversell {

enum class Role { site, authority };

// What a site goes by for an item.
struct SiteSettings {
  Rules rules;
  bool sells_offline = true;    // `offline: decide`; false: no service while disconnected
  std::int64_t watch_s = 3600;  // how far back the sales of the others are watched
};

// What the authority goes by for an item.
struct AuthoritySettings {
  std::optional<std::int64_t> capacity;  // until a message says otherwise
  Quota quota = Quota::off;
  std::int64_t reserve_bp = 2500;
  std::map<std::string, std::int64_t> weights;  // by site id
  std::int64_t overbooking = 0;
  std::int64_t hold_window_s = 30;
  std::int64_t override_window_s = 3600;
};

// So many items, or sales of an item, are dealt with in one step; the rest in the next ones.
constexpr std::size_t portion = 500;

struct Topics {
  // Between site and authority.
  Pattern ops, inbox, snapshot, alive;
  // Of devices, at a site or at the centre.
  Pattern request, reply, sold, available;
  // At a site.
  Pattern transfer, availability;
  // At the authority.
  Pattern capacity, reclaim, call, freed, stats, sales;
  // Both tell their own people.
  Pattern staff, badge;
};

struct Options {
  std::string bridge_id;
  Role role = Role::site;
  Topics topics;
  std::int64_t answer_timeout_ms = 2000;                      // site
  std::int64_t heartbeat_s = 30;                              // authority
  std::int64_t remember_s = 30 * 86'400;                      // authority
  plugin::Direction towards_sites = plugin::Direction::down;  // authority
  SiteSettings site;                                          // of items not named
  AuthoritySettings authority;                                // likewise
  std::map<std::string, SiteSettings, std::less<>> site_items;
  std::map<std::string, AuthoritySettings, std::less<>> authority_items;
  std::string items_digest;  // of the names of those that have a capacity

  const SiteSettings& of_site(std::string_view item) const {
    const auto found = site_items.find(item);
    return found == site_items.end() ? site : found->second;
  }
  const AuthoritySettings& of_authority(std::string_view item) const {
    const auto found = authority_items.find(item);
    return found == authority_items.end() ? authority : found->second;
  }
};

// Reports what is wrong to `raw`; what it gives is of use only if nothing was.
Options read_options(const plugin::Options& raw);

}  // namespace bascule::oversell
