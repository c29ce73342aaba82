#include "doctor/brokers.hpp"

#include <optional>
#include <set>
#include <string>

#include "crossing/same_broker.hpp"
#include "doctor/patient.hpp"
#include "doctor/reach.hpp"
#include "message/own.hpp"

namespace bascule {
namespace {

using Level = Finding::Level;

void compare(const BridgeConfig& config, Patient& site, Patient& central, const Tell& tell) {
  if (!site.may_hear(central) || !central.may_hear(site)) {
    return tell({Level::skipped, "here", "two brokers",
                 "whether they are one is unknown: the bridge does not speak for itself on the "
                 "same topics at both"});
  }
  if (!site.hears(central.word()) && !central.hears(site.word())) {
    return tell({Level::ok, "here", "two brokers", "site and central are not the same"});
  }
  const bool round = goes_round(config.routes, config.id);
  tell({round ? Level::error : Level::warning, "here", "two brokers",
        std::string("site and central are the same broker") +
            (round ? ", and a route takes what a route sends: a message would go round; name two "
                     "brokers, or topics that do not meet"
                   : "; name two, unless that is meant")});
}

// A bridge of mosquitto tells both brokers of it, under one name.
void compare_bridges(const std::optional<std::set<std::string>>& site,
                     const std::optional<std::set<std::string>>& central, const Tell& tell) {
  const auto found = [&](Level level, const std::string& text) {
    tell({level, "site", "other bridge", text});
  };
  if (!site) {
    return found(Level::skipped,
                 "whether a bridge of mosquitto's own is still connected is unknown: the broker "
                 "does not show $SYS to this user");
  }
  if (site->empty()) return found(Level::ok, "no bridge of mosquitto's own is connected");
  for (const std::string& name : *site) {
    const bool both = central && central->contains(name);
    found(Level::warning,
          "mosquitto's own bridge " + name + " is connected" +
              (both ? " to the same central broker: what both carry crosses twice; take its "
                      "'connection' out of mosquitto.conf"
                    : "; if that is to the same central broker, what both carry crosses twice"));
  }
}

}  // namespace

Finding check_id(const std::string& where, const std::string& id, const std::string& state,
                 const std::string& epoch, const OwnBridge& own) {
  const std::string ruin =
      ": two with one id write over each other's bookmark, and each sends again what has crossed; "
      "give one of them another bridge.id";
  const auto found = [&](Level level, const std::string& text) {
    return Finding{level, where, "bridge id", text};
  };
  if (own.up.contains(where)) {
    if (epoch.empty() || epoch == own.epoch) {
      return found(Level::ok, "the bridge " + id + " here is the one that runs on this machine");
    }
    return found(Level::error, "another bridge with the id " + id + " writes the bookmark here (" +
                                   "epoch " + epoch + ", and ours is " + own.epoch + ")" + ruin);
  }
  if (state != state_online) {
    return found(Level::ok, "no bridge with the id " + id + " is online here" +
                                (epoch.empty() ? "" : "; one was, with the epoch " + epoch));
  }
  const std::string there = "a bridge with the id " + id + " is online here";
  if (!own.unknown.empty()) {
    return found(Level::warning,
                 there + ", and whether it is that of this machine is unknown: " + own.unknown);
  }
  const std::string not_here = own.epoch.empty() ? ", and none runs on this machine"
                                                 : ", and that of this machine is not connected";
  if (!own.has_journal) return found(Level::error, there + not_here + ruin);
  return found(Level::warning,
               there + not_here + ruin +
                   "; if it was this one, killed or cut off, the broker will notice within 1.5 "
                   "times its keep alive");
}

void check_brokers(const BridgeConfig& config, const OwnBridge& own, ProbeTopics probe,
                   const Tell& tell) {
  Patient site(config, config.site, Direction::up, own, probe, tell);
  const bool site_up = site.connect(reach(config.site, tell));
  if (site_up) site.leave_word();
  if (config.hub) {
    if (site_up) site.come_back();
    return;
  }
  Patient central(config, config.central, Direction::down, own, probe, tell);
  const bool central_up = central.connect(reach(config.central, tell));
  if (central_up) central.leave_word();
  if (site_up && central_up) compare(config, site, central, tell);
  if (site_up) site.come_back();
  if (central_up) central.come_back();
  if (site_up && central_up) compare_bridges(site.bridges(), central.bridges(), tell);
}

}  // namespace bascule
