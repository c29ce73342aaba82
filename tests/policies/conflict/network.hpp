// Sites and an authority with lines between them that can be cut; everything in memory.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "policies/conflict/hub.hpp"

namespace bascule::test {

struct Site {
  std::string id;
  conflict::Options options;
  MemoryHost host;
  std::uint64_t sequence = 0;
  std::uint64_t sent_up = 0;
  std::deque<Message> up;                    // on its way to the hub; waits while the line is cut
  std::deque<Message> down;                  // on its way from it
  std::map<std::string, std::string> shown;  // the site's own retained topics
  std::vector<Json> verdicts;
  std::vector<conflict::Hlc> stamps;  // of what went up
};

class Network {
 public:
  // `more` is for the hub and the sites alike.
  explicit Network(const Json& more = Json::object(), const Json& for_sites = Json::object());

  // A device at a site publishes this, unmodified; null: a delete. The site's wall clock is ahead.
  void edit(const std::string& site, const Json& fields, std::int64_t at,
            const std::string& record = "123", std::int64_t ahead_ms = 0);
  void publish(const std::string& site, Message message);
  void send_up(const std::string& site);     // what waits, to the hub
  void bring_down(const std::string& site);  // what the hub has sent
  void sync(const std::string& site);
  void wake_hub();  // with what is due by now
  void wake_site(const std::string& site);
  void sync_all();

  std::string shown(const std::string& site, const std::string& record = "123");
  std::size_t pending(const std::string& site) const;

  Hub hub;
  std::map<std::string, Site> sites;
  std::int64_t now = monday;

 private:
  void hand_down();
  void decide(Site& site, const Message& message);
};

}  // namespace bascule::test
