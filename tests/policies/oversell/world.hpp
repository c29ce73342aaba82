// An authority, sites, and lines between them that can be cut: all in memory, by one clock. A line
// keeps what was sent over it, so that it can be sent again, as a bridge does after a crash.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "policies/oversell/policy_box.hpp"

namespace bascule::oversell::test {

// A time of the day as "09:10:00", in milliseconds since 1970, on some day.
std::int64_t at(const std::string& time);

class World {
 public:
  struct Site {
    PolicyBox box;
    bool line_up = true;
    std::vector<Sent> up{}, down{};  // everything that was ever sent
    std::size_t up_cursor = 0, down_cursor = 0;
    std::vector<Sent> devices{};            // what was sent to the site's own broker
    std::map<std::string, Json> replies{};  // by correlation data
    std::map<std::string, int> reply_count{};
    std::map<std::string, std::vector<Json>> outcomes{};  // that came where the answer was
    std::map<std::string, std::int64_t> tickets{};        // who was ever told SELL, and how many
  };

  World(const Json& authority, const std::vector<std::string>& sites, const Json& site);

  // Time goes on; what was to wake up does, in order, and the lines are emptied after each.
  void advance(std::int64_t to_ms);
  void pump();
  // One message of one line, if there is one and the line is up. False: there is none.
  bool deliver_up(const std::string& site);
  bool deliver_down(const std::string& site);

  void cut(const std::string& site);
  void join(const std::string& site);

  // A device at the site asks; its answer is in replies. `pump` also carries what comes of it.
  void ask(const std::string& site, const std::string& correlation, const Json& payload = 1,
           const std::string& item = "show");
  void device(const std::string& site, const std::string& topic, const Json& payload);
  void centre(const std::string& topic, const Json& payload);
  void resolve(std::int64_t number, const Json& choice);
  void wake(PolicyBox& box, const std::string& name);

  Json ledger(const std::string& item = "show") const;
  Json shown(const std::string& site, const std::string& item = "show") const;
  // What went to the central broker on this topic, besides what is for the sites.
  std::vector<Json> told(const std::string& topic) const;
  std::vector<Json> told_at(const std::string& site, const std::string& topic) const;
  std::vector<Json> final_verdicts(const std::string& site) const;

  std::int64_t now_ms;
  PolicyBox hub;
  std::map<std::string, Site> sites;
  std::vector<Sent> central;

  void take_from_hub(const std::vector<Sent>& sent);
  void take_from_site(Site& site, const std::vector<Sent>& sent);
  void set_clocks();
};

}  // namespace bascule::oversell::test
