// What a hub knows of the sites around it, from what each says about itself at the hub's broker:
// bascule/{id}/state (online, offline; the latter is also its will), …/summary (summary.hpp) and
// …/events. Whoever may publish there can say anything: what is not as a bridge says it is refused
// and counted, and nothing grows without a bound. A state that is cleared at the broker forgets its
// site.
//
// Pure: time is an argument, in ms of wall time. One owner.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/store/table/site_table.hpp"

namespace bascule {

class Fleet {
 public:
  static constexpr std::size_t sites_max = 1'000;
  static constexpr std::size_t payload_bytes_max = 4 << 10;  // of a summary; larger: refused
  // What it is to be told of, as filters.
  static constexpr const char* filters[] = {"bascule/+/state", "bascule/+/summary",
                                            "bascule/+/events"};

  // `own_id` is left out.
  explicit Fleet(std::string own_id) : own_id_(std::move(own_id)) {}

  // Told when a site's state is another than it was known to be, to be kept.
  std::function<void(const SiteState& state)> on_state;
  // And when a site is forgotten.
  std::function<void(const std::string& site)> on_forgotten;

  // As it was kept: a state that has not changed since is as old as it was.
  void recall(const std::vector<SiteState>& states);
  // False: it is refused.
  bool hear(std::string_view topic, std::string_view payload, std::int64_t now_ms);
  // A message was too large to be looked at.
  void refuse() { ++refused_; }
  std::uint64_t refused() const { return refused_; }

  // {"sites": [{"site", "state" (online, slow or offline), "since", "backlog", "oldest" (s),
  // "lost",
  //  "lost_at", "quarantined", "held", "cases", "version", "as_of", "needs": [text]}], "refused":
  //  n, "left_out": n}: who needs help first; null where the site has not said it.
  nlohmann::json report(std::int64_t now_ms) const;

 private:
  struct Site {
    bool known = false;  // its state
    bool online = false;
    std::int64_t since_ms = 0;  // of its state
    nlohmann::json summary;     // null: it has said none
    std::int64_t slow_since_ms = 0;
    std::string paused, full;  // by whom, and why, as its events tell; empty: not
  };

  bool hear_state(const std::string& id, std::string_view payload, std::int64_t now_ms);
  bool hear_summary(Site& site, std::string_view payload, std::int64_t now_ms);
  bool hear_event(Site& site, std::string_view payload);
  Site* site(const std::string& id);
  static std::vector<std::pair<int, std::string>> needs(const Site& site, std::int64_t now_ms);

  std::string own_id_;
  std::map<std::string, Site> sites_;
  std::uint64_t refused_ = 0, left_out_ = 0;
};

}  // namespace bascule
